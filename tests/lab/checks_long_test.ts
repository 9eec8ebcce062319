/** Tests of the lab that mostly wait. */

import { checks, type Group } from "./checks.ts";
import { registerChecks } from "./register.ts";

for (const group of Object.keys(checks)) await registerChecks(group as Group, true);
