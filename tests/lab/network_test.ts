/** Tests of the lab itself. `network_checks.ts` has the checks. */

import { registerChecks } from "./register.ts";

await registerChecks("network");
