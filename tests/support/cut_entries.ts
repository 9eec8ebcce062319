/**
 * Cuts tar entries into gzip members, as packing does.
 *
 * @module
 */

import { type CutRule, MemberCutter } from "../../src/package/archive/member_cuts.ts";

/**
 * Cuts tar entries into members, and returns the offset at which each member but the last ends.
 *
 * @param partBytes length of the parts in which the bytes are passed
 */
export function cutEntries(rule: CutRule, entries: Uint8Array[], partBytes = 65_536): number[] {
  const cutter = new MemberCutter(rule);
  const ends: number[] = [];
  let at = 0;
  for (const entry of entries) {
    if (cutter.beginEntry(entry.length)) ends.push(at);
    let from = 0;
    while (from < entry.length) {
      const part = entry.subarray(from, from + partBytes);
      const end = cutter.take(part);
      from += end ?? part.length;
      if (end !== undefined) ends.push(at + from);
    }
    at += entry.length;
  }
  return ends;
}
