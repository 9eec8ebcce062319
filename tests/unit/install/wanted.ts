/**
 * Requests of the tests of installation.
 *
 * @module
 */

import { parseRequirement } from "../../../src/fetching/requirement.ts";
import { InstallPlace } from "./support.ts";

/** Makes the options of an installation without a lock file: `wanting("hello@^1")`. */
export function wanting(...specs: string[]) {
  return { requirements: specs.map(parseRequirement), direct: true };
}

/** Makes the options of an installation with `--save`. */
export function saving(place: InstallPlace, ...specs: string[]) {
  return { ...wanting(...specs), direct: false, lockPath: place.lockPath };
}
