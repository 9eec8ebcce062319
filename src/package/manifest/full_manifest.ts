/**
 * Makes, signs and writes the full manifest: `manifest.json` inside the archive, which lists every file
 * with its hash. `full_reader.ts` reads it.
 *
 * @module
 */

import type { Signer } from "../../identity/mod.ts";
import { type ArchiveLimits, defaultArchiveLimits } from "../paths/mod.ts";
import { contentHash } from "./content_hash.ts";
import { type FullManifest, fullManifestKind } from "./full_schema.ts";
import type { Metadata } from "./metadata.ts";
import { serialize, signFields, type Unsigned, verifyFields } from "./signed_json.ts";

/**
 * Makes the fields of a full manifest before it is signed.
 *
 * @param said name, version and the other fields from the package's `package.json` or `deno.json`
 * @param files the `sha256:…` of each file, by path
 * @param sourceDateEpoch in seconds; without it the manifest has no timestamp
 */
export function manifestFields(
  said: Metadata & Pick<FullManifest, "name" | "version">,
  files: Record<string, string>,
  sourceDateEpoch: number | undefined,
): Unsigned<FullManifest> {
  const timestamp = sourceDateEpoch === undefined ? undefined : sourceDateEpoch * 1000;
  return { ...said, files, contentHash: contentHash(files), timestamp };
}

/**
 * Adds the lengths of all files together to the fields of a manifest, for readers that have no more of the
 * archive than its manifest. They go to `ext`, which a manifest without a certificate does not have.
 *
 * @param unpackedBytes lengths of the files in `files` together, in bytes
 */
export function withUnpackedBytes(
  fields: Unsigned<FullManifest>,
  unpackedBytes: number,
  { certificate }: Pick<Signer, "certificate">,
): Unsigned<FullManifest> {
  return certificate ? { ...fields, ext: { ...fields.ext, unpackedBytes } } : fields;
}

/**
 * Returns the lengths of all files together, in bytes, as the publisher claims them. Nothing depends on the
 * claim: only who has all files knows whether it is true.
 *
 * @returns `undefined` if the manifest has no such claim, or none of its form
 */
export function claimedUnpackedBytes({ ext }: Pick<FullManifest, "ext">): number | undefined {
  const claimed = ext?.unpackedBytes;
  return typeof claimed === "number" && Number.isSafeInteger(claimed) && claimed >= 0
    ? claimed
    : undefined;
}

/**
 * Signs a full manifest: Ed25519 over `libreseed:full-manifest:v1`, a line feed, and the canonical
 * JSON (RFC 8785) of all fields but `signature`.
 *
 * @throws {PackageError} `MANIFEST_INVALID` (kind usage) if a field breaks its rule; `KEY_NOT_CERTIFIED` if
 * the certificate of the signer does not cover name or time
 */
export async function signFull(
  fields: Unsigned<FullManifest>,
  signer: Signer,
  limits: ArchiveLimits = defaultArchiveLimits,
): Promise<FullManifest> {
  return await signFields(fullManifestKind(limits), fields, signer);
}

/**
 * Whether a manifest says these things of its package, whoever signed it. Every field counts but those of
 * the signature and the format, and `ext`, which older programs have not written.
 *
 * @param fields as {@linkcode manifestFields} makes them
 */
export function saysTheSame(manifest: FullManifest, fields: Unsigned<FullManifest>): boolean {
  const { protocol: _, pubkey: __, signer: ___, signature: ____, ext: _____, ...said } = manifest;
  return serialize(said) === serialize(fields);
}

/**
 * Whether the manifest is valid, and signed by its identity or by a key that this has certified for
 * its name. Never throws. Does not check that `contentHash` matches `files`; see {@linkcode contentHash}.
 */
export function verifyFullSignature(
  manifest: FullManifest,
  limits: ArchiveLimits = defaultArchiveLimits,
): boolean {
  return verifyFields(fullManifestKind(limits), manifest);
}

/** Serializes a full manifest as canonical JSON (RFC 8785) and a line feed. */
export function serializeFull(manifest: FullManifest): string {
  return serialize(manifest);
}
