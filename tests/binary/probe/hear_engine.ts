/**
 * Makes the attempts of the engine's thread on request. A file of its own, so that its listener comes
 * before that of the thread, which takes the first message for its start.
 *
 * @module
 */

import { attempts } from "./engine_attempts.ts";
import { hearProbes } from "./hear.ts";

hearProbes(attempts);
