/**
 * Replaces members of npm packages. `replace` describes one replacement: the member, the reason,
 * the SHA-256 of the known source text, and the new function. `uses` names members that are only
 * called. `applyAll` checks a whole list of both, then puts the replacements in place.
 *
 * If a new release of a package changes a replaced function, the tests and `deno task bundle` fail,
 * because they compare the unbundled source texts. In the bundled worker, the bundler has
 * reformatted the source texts. There the check is only that the member exists, is a function and
 * has the known number of parameters.
 *
 * The folders beside this one define the replacements, and `engine/libraries/list.ts` lists all of
 * them. Begin with `replace.ts`.
 *
 * @module
 */

export {
  applyAll,
  type Place,
  problemsOf,
  replace,
  type Replacement,
  sourceHash,
  type Use,
  uses,
} from "./replace.ts";
