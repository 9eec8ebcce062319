/**
 * The command thread with hostile code. On request, the thread makes the attempts of an attacker
 * who controls it. This file is compiled only into a program for tests.
 */

import "../../../src/cli/confined.ts";
import "./hurry_command.ts";
import "./notes.ts";
import "./hear_command.ts";
import "../../../src/cli/thread.ts";
