/** Tests of programs that are bound to the interface of a VPN. `binding_checks.ts` has the checks. */

import { registerChecks } from "./register.ts";

await registerChecks("binding");
