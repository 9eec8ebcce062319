/**
 * Makes the attempts of a helper thread on request. This file is imported before the thread's own
 * code, so that its listener precedes that of the thread, which takes the first message as its port.
 *
 * @module
 */

import { forbidden, local } from "./common_attempts.ts";
import { databases } from "./database_attempts.ts";
import { hearProbes } from "./hear.ts";

hearProbes({ ...forbidden, ...databases, ...local });
