/**
 * The gate's thread with hostile code. On request, the thread makes the attempts of an attacker who
 * controls it. This file is compiled only into a program for tests.
 */

import "../../../src/gate_thread/confined.ts";
import "./hear_gate.ts";
import "../../../src/gate_thread/main.ts";
