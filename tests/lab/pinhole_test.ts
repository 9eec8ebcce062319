/** Tests of pinholes for IPv6 in home routers. `pinhole_checks.ts` has the checks. */

import { registerChecks } from "./register.ts";

await registerChecks("pinhole");
