/**
 * The list of all members of packages that are replaced or, though private, called, and the one call
 * that puts the replacements in place. `docs/libraries.md` is made from it.
 *
 * @module
 */

import { bencodeReplacements } from "./bencode/mod.ts";
import { readerReplacements, readerUses, uploadReplacements } from "./bittorrent_protocol/mod.ts";
import { writerReplacements } from "./bittorrent_protocol/mod.ts";
import { krpcReplacements } from "./krpc/mod.ts";
import { applyAll, problemsOf, type Replacement, type Use } from "./replacing/mod.ts";
import {
  clientReplacements,
  diallingReplacements,
  peerReplacements,
  pieceReplacements,
  pieceUses,
  requestReplacements,
  requestUses,
  upkeepReplacements,
} from "./webtorrent/mod.ts";

/** All replacements. Each is of another member, so their order does not matter. */
export const replacements: readonly Replacement[] = [
  ...bencodeReplacements,
  ...readerReplacements,
  ...writerReplacements,
  ...uploadReplacements,
  ...krpcReplacements,
  ...clientReplacements,
  ...diallingReplacements,
  ...peerReplacements,
  ...requestReplacements,
  ...upkeepReplacements,
  ...pieceReplacements,
];

/** All members that are called where a missing one would be noticed late. */
export const used: readonly Use[] = [readerUses, requestUses, pieceUses];

/** Whether this module runs as it is written: a bundler prints the packages' source texts anew. */
const isUnbundled = import.meta.url.endsWith(".ts");

let isApplied = false;

/**
 * Replaces the members of the list, for everybody in this thread. A second call does nothing.
 *
 * @throws {Error} if a package's release has another member than we know, with the member's name
 */
export function applyReplacements(): void {
  if (isApplied) return;
  applyAll(replacements, used, { comparesPins: isUnbundled });
  isApplied = true;
}

/**
 * Compares the list with the packages as they are installed; to be called before it is applied, where
 * nothing is bundled.
 *
 * @returns sentences that name the members which have changed
 */
export function changedMembers(): string[] {
  return problemsOf(replacements, used, { comparesPins: true });
}
