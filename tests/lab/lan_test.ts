/** Tests of homes without the internet. `lan_checks.ts` has the checks. */

import { registerChecks } from "./register.ts";

await registerChecks("lan");
