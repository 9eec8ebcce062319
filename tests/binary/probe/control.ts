/**
 * Makes the attempts in a process that is not confined: a control group, which shows that the
 * attempts in a confined thread fail only because the thread is confined.
 */

import { forbidden, local } from "./command_attempts.ts";
import { tryAll } from "./targets.ts";

const targets = JSON.parse(Deno.env.get("PROBE_TARGETS")!);
console.log(JSON.stringify(await tryAll({ ...forbidden, ...local }, targets)));
Deno.exit(0);
