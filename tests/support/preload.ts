/** Limits each test to 12 minutes. The tasks of deno.json load this module before each test file. */

import { limitTests } from "./time_limit.ts";

// Longer than the limit of a daemon that a test starts (10 min): the end of a daemon shows its output.
limitTests(12 * 60_000);
