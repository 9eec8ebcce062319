/** Tests of hosts with IPv6. `ipv6_checks.ts` has the checks. */

import { registerChecks } from "./register.ts";

await registerChecks("ipv6");
