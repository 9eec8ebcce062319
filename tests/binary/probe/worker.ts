/**
 * The engine's thread with hostile code. On request, the thread makes the attempts of an attacker
 * who controls it. This file is compiled only into a program for tests.
 */

import "../../../src/worker/confined.ts";
import "./notes.ts";
import "./hear_engine.ts";
import "../../../src/worker/main.ts";
