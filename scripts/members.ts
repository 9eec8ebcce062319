/**
 * Compares the members of packages that are replaced or called with the packages as they are installed.
 * `deno task bundle` and `deno task compile` run this first, because a bundle has no source texts to
 * compare. Exit code 1, with the name of each member, if one has changed.
 *
 * @module
 */

import { changedMembers } from "../src/engine/libraries/mod.ts";

const problems = changedMembers();
for (const problem of problems) console.error(problem);
if (problems.length > 0) Deno.exit(1);
