/**
 * Cache of verified archives in `state.db`. A cached archive is not hashed or read again while its file
 * is unchanged.
 *
 * @module
 */

import { fromHex } from "../base/mod.ts";
import {
  type MinimalManifest,
  parseMinimal,
  parseSha256,
  serializeMinimal,
  signingKeyOf,
} from "../package/mod.ts";
import { isUnchanged, stampOf, type StateDatabase, type ValidSeedEntry } from "../store/mod.ts";

/** Adds an archive to the cache. The caller has verified the archive against its minimal manifest. */
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
    publicKey: signingKeyOf(minimal),
  };
  state.verifiedFiles.remember(archivePath, entry, verified, manifest);
}

/**
 * Returns the minimal manifest of a cached archive, or `undefined` if the archive or its manifest file
 * has changed.
 */
export function knownManifest(
  state: StateDatabase,
  archivePath: string,
): MinimalManifest | undefined {
  const known = state.verifiedFiles.seed(archivePath);
  const stamp = known && stampOf(archivePath);
  if (!stamp || !isUnchanged(stamp, known)) return undefined;
  return parseMinimal(state.verifiedFiles.manifest(archivePath)!);
}
