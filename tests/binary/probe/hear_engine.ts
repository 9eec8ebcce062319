/**
 * Makes the attempts of the engine's thread on request. This file is imported before the thread's
 * own code, so that its listener precedes that of the thread, which takes the first message as its
 * start.
 *
 * @module
 */

import { attempts } from "./engine_attempts.ts";
import { hearProbes } from "./hear.ts";

hearProbes(attempts);
