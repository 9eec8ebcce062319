/**
 * The directories that are excluded from every package, regardless of its own rules.
 *
 * @module
 */

import { join } from "node:path";
import type { Settings } from "../../config/mod.ts";
import type { Io } from "../process/context.ts";

/** The current home and seed directory, and the default home, since all of them may hold keys. */
export function neverPacked({ home, dir }: Settings, { userHome }: Io): string[] {
  const usual = userHome === undefined ? [] : [join(userHome, ".libreseed")];
  return [home, join(home, "keys"), dir, ...usual];
}
