/** Tests of port mapping by home routers. `mapping_checks.ts` has the checks. */

import { registerChecks } from "./register.ts";

await registerChecks("mapping");
