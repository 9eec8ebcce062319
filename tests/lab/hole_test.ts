/** Tests of hole punching. `hole_checks.ts` has the checks. */

import { registerChecks } from "./register.ts";

await registerChecks("hole");
