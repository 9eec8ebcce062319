/** Tests of reading across the internet. `client_checks.ts` has the checks. */

import { registerChecks } from "./register.ts";

await registerChecks("client");
