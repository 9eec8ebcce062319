/**
 * The directories that no package holds, whatever it says of itself.
 *
 * @module
 */

import { join } from "node:path";
import type { Settings } from "../../config/mod.ts";
import type { Io } from "../process/context.ts";

/** The home and the seed directory in use, and the home that a command without `--home` would use. */
export function neverPacked({ home, dir }: Settings, { userHome }: Io): string[] {
  const usual = userHome === undefined ? [] : [join(userHome, ".libreseed")];
  return [home, join(home, "keys"), dir, ...usual];
}
