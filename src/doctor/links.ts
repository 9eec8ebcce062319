/**
 * The doctor's check of links in the home that lead out of it.
 *
 * @module
 */

import { linksInHome } from "../control/mod.ts";
import { type Check, ok, warn } from "./check.ts";

/** Maximum number of files and directories to look at. 50,000 take about a second. */
const MAX_ENTRIES = 50_000;

/** Checks that neither symbolic links nor hard links lead out of the home. */
export async function checkHomeLinks(home: string): Promise<Check> {
  const name = "links";
  const { links, isWhole } = await linksInHome(home, MAX_ENTRIES);
  const [first] = links;
  const rest = isWhole ? "" : ` among the first ${MAX_ENTRIES} files looked at`;
  if (first === undefined) return ok(name, `none leads out of the home${rest}`);
  const more = links.length > 1 ? ` (and ${links.length - 1} more)` : "";
  return warn(
    name,
    `${first.path} is ${first.what}, which leads out of the home${more}`,
    first.mend,
  );
}
