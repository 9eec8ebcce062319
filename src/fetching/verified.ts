/**
 * What is remembered in `state.db` of archives that were verified, so that they are neither hashed nor
 * read again as long as they are unchanged.
 *
 * @module
 */

import { fromHex } from "../base/mod.ts";
import { parsePublicKey } from "../identity/mod.ts";
import {
  type MinimalManifest,
  parseMinimal,
  parseSha256,
  serializeMinimal,
} from "../package/mod.ts";
import { isUnchanged, stampOf, type StateDatabase, type ValidSeedEntry } from "../store/mod.ts";

/** Remembers that an archive is what its minimal manifest says, as long as the files are unchanged. */
export function rememberVerified(state: StateDatabase, entry: ValidSeedEntry): void {
  const { archivePath, minimal, name, version } = entry;
  const verified = {
    sha256: parseSha256(minimal.archiveSha256)!,
    infoHash: fromHex(minimal.btih)!,
  };
  const mark = stampOf(archivePath)?.manifestMark;
  const manifest = mark === undefined ? undefined : {
    text: serializeMinimal(minimal),
    mark,
    name,
    version,
    publicKey: parsePublicKey(minimal.pubkey),
  };
  state.verifiedFiles.remember(archivePath, entry, verified, manifest);
}

/** The manifest of an archive that was remembered, if it and its archive are unchanged. */
export function knownManifest(
  state: StateDatabase,
  archivePath: string,
): MinimalManifest | undefined {
  const known = state.verifiedFiles.seed(archivePath);
  const stamp = known && stampOf(archivePath);
  if (!stamp || !isUnchanged(stamp, known)) return undefined;
  return parseMinimal(state.verifiedFiles.manifest(archivePath)!);
}
