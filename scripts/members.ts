/**
 * Checks that members of npm packages which the project replaces or calls are unchanged in the
 * installed versions. `deno task bundle` and `deno task compile` run this check first, because a
 * bundle has no source texts to compare. If a member has changed, the exit code is 1 and the member
 * is named.
 */

import { changedMembers } from "../src/engine/libraries/mod.ts";

const problems = changedMembers();
for (const problem of problems) console.error(problem);
if (problems.length > 0) Deno.exit(1);
