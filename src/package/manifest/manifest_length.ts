/**
 * Computes the length of a full manifest before the files are hashed. The length depends on the
 * paths but not on the hashes.
 *
 * @module
 */

import { utf8 } from "../../base/mod.ts";
import { PackageError } from "../errors.ts";
import type { ArchiveLimits } from "../paths/mod.ts";
import { formatSha256 } from "./content_hash.ts";
import { HASH_BYTES } from "./files_object.ts";
import { manifestFields, serializeFull } from "./full_manifest.ts";
import type { FullManifest } from "./full_schema.ts";
import type { Metadata } from "./metadata.ts";
import { PROTOCOL } from "./signer_field.ts";

const ANY_HASH = formatSha256(new Uint8Array(HASH_BYTES));
/** Placeholders for public key and signature. Both have a fixed length in every manifest. */
const ANY_KEY = `ed25519:${"A".repeat(44)}`;
const ANY_SIGNATURE = `ed25519:${"A".repeat(88)}`;

/**
 * Computes the length in bytes of the full manifest of a package with these paths.
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
  // The JSON array of the paths has the same quotes and commas as the object `files`, and two
  // brackets. Each member of the object has a colon and a hash in addition.
  const members = utf8(JSON.stringify(paths)).length - 2;
  return utf8(rest).length + members + paths.length * JSON.stringify(ANY_HASH).length +
    paths.length;
}

/**
 * Makes the `MANIFEST_TOO_LARGE` error of packing.
 *
 * @param lengthBytes length of the manifest
 */
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
