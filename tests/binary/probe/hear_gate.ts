/**
 * Makes the attempts of the gate's thread on request. A file of its own, so that its listener comes
 * before that of the thread.
 *
 * @module
 */

import { beyondNetwork } from "./common_attempts.ts";
import { hearProbes } from "./hear.ts";

hearProbes(beyondNetwork);
