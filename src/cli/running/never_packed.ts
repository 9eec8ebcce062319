/**
 * The directories whose files are never packed into a package, regardless of the package's own
 * rules.
 *
 * @module
 */

import { join } from "node:path";
import type { Settings } from "../../config/mod.ts";
import type { Io } from "../process/context.ts";

/**
 * Returns the directories that may hold keys: the current home and seed directory, and the default
 * home.
 */
export function neverPacked({ home, dir }: Settings, { userHome }: Io): string[] {
  const usual = userHome === undefined ? [] : [join(userHome, ".libreseed")];
  return [home, join(home, "keys"), dir, ...usual];
}
