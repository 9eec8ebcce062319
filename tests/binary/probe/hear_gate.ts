/**
 * Makes the attempts of the gate's thread on request. This file is imported before the thread's own
 * code, so that its listener precedes that of the thread.
 *
 * @module
 */

import { forbidden } from "./gate_attempts.ts";
import { hearProbes } from "./hear.ts";

// Node's modules reject more than one promise when they are refused, which would end the thread.
addEventListener("unhandledrejection", (event) => event.preventDefault());

hearProbes(forbidden);
