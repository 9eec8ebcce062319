/** Limits each test to ten minutes. The tasks of deno.json load this module before each test file. */

import { limitTests } from "./time_limit.ts";

limitTests(600_000);
