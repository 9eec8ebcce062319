/** Tests of rendezvous. `rendezvous_checks.ts` has the checks. */

import { registerChecks } from "./register.ts";

await registerChecks("rendezvous");
