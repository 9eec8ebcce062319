/**
 * Replacing a member of a package. `replace` describes one replacement: the member, why it is replaced,
 * the SHA-256 of the source text that we know, and the new function. `uses` names members that are only
 * called. `applyAll` checks a whole list, then puts it in place.
 *
 * A release of a package that changed a replaced function is thus found before anything runs: by the
 * tests and by `deno task bundle`, which load the packages as they are. In the bundled worker, whose
 * source texts a bundler has printed anew, the check is that the member is there, is a function and has
 * as many parameters as before.
 *
 * Which members are replaced is left to the folders beside this one, and the list of all of them to
 * `engine/libraries/list.ts`. Begin with `replace.ts`.
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
