/**
 * The grants of a command line, in a file system without links in which every path exists.
 *
 * @module
 */

import { loadSettings } from "../../src/config/mod.ts";
import { scanCommandLine } from "../../src/launcher/command_line.ts";
import { grantsFor } from "../../src/launcher/grants.ts";
import type { GrantFacts, Grants } from "../../src/launcher/grants_types.ts";

/** Directory in which the commands run. */
export const cwd = "/place/project";
const userHome = "/users/ann";
/** The home of libreseed. */
export const home = `${userHome}/.libreseed`;

/** Returns the grants of a command line in `cwd`, with the settings that the command line gives. */
export async function granted(
  raw: readonly string[],
  more: Partial<GrantFacts> = {},
): Promise<Grants> {
  const line = scanCommandLine(raw);
  const settings = line && await loadSettings({
    ...{ flags: line.settings, env: {}, cwd, userHome },
    readFile: () => Promise.resolve(undefined),
  });
  return grantsFor({
    ...{ line, settings, configPath: settings?.configPath, cwd, userHome },
    realPath: (path) => path,
    isFree: () => true,
    random: () => "0123456789abcdef",
    ...more,
  });
}
