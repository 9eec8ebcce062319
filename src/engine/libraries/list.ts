/**
 * The list of all members of npm packages that libreseed replaces, and of the private members that
 * it calls. {@linkcode applyReplacements} puts the replacements in place. `docs/libraries.md` is
 * generated from this list.
 *
 * @module
 */

import { bencodeReplacements } from "./bencode/mod.ts";
import {
  announcementReplacements,
  earlyUses,
  payloadReplacements,
  readerReplacements,
  readerUses,
  uploadReplacements,
  writerReplacements,
} from "./bittorrent_protocol/mod.ts";
import { krpcReplacements } from "./krpc/mod.ts";
import { applyAll, problemsOf, type Replacement, type Use } from "./replacing/mod.ts";
import {
  clientReplacements,
  diallingReplacements,
  encryptionReplacements,
  peerReplacements,
  pieceCheckReplacements,
  pieceReplacements,
  pieceUpkeepReplacements,
  pieceUses,
  requestReplacements,
  requestUses,
  storedPieceUses,
  upkeepReplacements,
  webPieceUses,
} from "./webtorrent/mod.ts";

/** All replacements of members of npm packages. */
export const replacements: readonly Replacement[] = [
  ...bencodeReplacements,
  ...readerReplacements,
  ...writerReplacements,
  ...announcementReplacements,
  ...uploadReplacements,
  ...payloadReplacements,
  ...krpcReplacements,
  ...clientReplacements,
  ...diallingReplacements,
  ...encryptionReplacements,
  ...peerReplacements,
  ...requestReplacements,
  ...upkeepReplacements,
  ...pieceUpkeepReplacements,
  ...pieceCheckReplacements,
  ...pieceReplacements,
];

/**
 * Private members of npm packages that libreseed calls but does not replace. They are listed, so
 * that a check at the start detects a missing member.
 */
export const used: readonly Use[] = [
  readerUses,
  earlyUses,
  requestUses,
  pieceUses,
  webPieceUses,
  storedPieceUses,
];

/**
 * Whether this module runs unbundled. A bundler reformats the source text of the npm packages, so
 * its hashes can be compared only in unbundled code.
 */
const isUnbundled = import.meta.url.endsWith(".ts");

let isApplied = false;

/**
 * Puts all replacements of the list in place, for all code in this thread. A second call does
 * nothing.
 *
 * @throws {Error} if the installed release of an npm package has changed a listed member; the
 * message names the member
 */
export function applyReplacements(): void {
  if (isApplied) return;
  applyAll(replacements, used, { comparesPins: isUnbundled });
  isApplied = true;
}

/**
 * Compares the list with the installed npm packages. To be called in unbundled code, before
 * {@linkcode applyReplacements}.
 *
 * @returns one sentence for each member that has changed
 */
export function changedMembers(): string[] {
  return problemsOf(replacements, used, { comparesPins: true });
}
