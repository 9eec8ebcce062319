/** Tests of what a daemon says about its reachability. `reachability_checks.ts` has the checks. */

import { registerChecks } from "./register.ts";

await registerChecks("reachability");
