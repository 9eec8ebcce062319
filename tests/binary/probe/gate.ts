/**
 * The gate's thread with hostile code. On request, the thread tries what an attacker might try who
 * controls it. This file is compiled only into a program for tests.
 */

import "../../../src/gate/confined.ts";
import "./hear_gate.ts";
import "../../../src/gate/main.ts";
