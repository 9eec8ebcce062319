/**
 * A helper thread with hostile code. On request, the thread makes the attempts of an attacker who
 * controls it. This file is compiled only into a program for tests.
 */

import "../../../src/package/archive/confined.ts";
import "./hear_helper.ts";
import "../../../src/package/archive/thread.ts";
