/**
 * The doctor's check of links in the home that lead out of it.
 *
 * @module
 */

import type { HomeExamination } from "../launcher/mod.ts";
import { type Check, ok, warn } from "./check.ts";

/** Checks that neither symbolic links nor hard links lead out of the home. */
export function checkHomeLinks({ links: { links, isWhole } }: HomeExamination): Check {
  const name = "links";
  const [first] = links;
  const rest = isWhole ? "" : " among the first files, which were looked at";
  if (first === undefined) return ok(name, `none leads out of the home${rest}`);
  const more = links.length > 1 ? ` (and ${links.length - 1} more)` : "";
  return warn(
    name,
    `${first.path} is ${first.what}, which leads out of the home${more}`,
    first.mend,
  );
}
