/**
 * The length of a full manifest before the files' hashes are known: it follows from the paths.
 *
 * @module
 */

import { utf8 } from "../../base/mod.ts";
import { formatSha256 } from "./content_hash.ts";
import { PackageError } from "./errors.ts";
import { HASH_BYTES } from "./files_object.ts";
import { type FullManifest, manifestFields, serializeFull } from "./full_manifest.ts";
import type { ArchiveLimits } from "./limits.ts";
import type { Metadata } from "./metadata.ts";
import { PROTOCOL } from "./signed_json.ts";

const ANY_HASH = formatSha256(new Uint8Array(HASH_BYTES));
/** Public keys and signatures as manifests write them; of each kind all have one length. */
const ANY_KEY = `ed25519:${"A".repeat(44)}`;
const ANY_SIGNATURE = `ed25519:${"A".repeat(88)}`;

/**
 * Bytes of the manifest that a package with these paths has.
 *
 * @param paths at least one
 * @param sourceDateEpoch in seconds, as for `manifestFields`
 */
export function manifestLength(
  said: Metadata & Pick<FullManifest, "name" | "version">,
  paths: readonly string[],
  sourceDateEpoch?: number,
): number {
  const rest = serializeFull({
    ...manifestFields(said, {}, sourceDateEpoch),
    protocol: PROTOCOL,
    pubkey: ANY_KEY,
    signature: ANY_SIGNATURE,
  });
  // A list in JSON has the members' commas, and two brackets; each member a colon and a hash more.
  const members = utf8(JSON.stringify(paths)).length - 2;
  return utf8(rest).length + members + paths.length * JSON.stringify(ANY_HASH).length +
    paths.length;
}

/** A manifest that is longer than others read. @param lengthBytes of the manifest */
export function manifestTooLarge(
  lengthBytes: number,
  { maxManifestBytes }: ArchiveLimits,
): PackageError {
  const message = `The manifest would have ${lengthBytes} bytes; ` +
    `at most ${maxManifestBytes} are allowed. Pack fewer files.`;
  return new PackageError("failed", "MANIFEST_TOO_LARGE", message, {
    detail: { lengthBytes, maxManifestBytes },
  });
}
