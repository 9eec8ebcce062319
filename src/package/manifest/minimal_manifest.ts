/**
 * The minimal manifest: the few signed fields that identify an archive. The file lies beside the
 * archive, and a manifest record in the DHT carries the same fields.
 *
 * @module
 */

import * as v from "valibot";
import type { Signer } from "../../identity/mod.ts";
import {
  commonFields,
  type ManifestKind,
  parseManifest,
  serialize,
  sha256Schema,
  signFields,
  timestampSchema,
  type Unsigned,
  verifyFields,
} from "./signed_json.ts";
import type { Ext, SignerFields } from "./signer_field.ts";

/**
 * Maximum length of a minimal manifest in bytes. Valid manifests are far shorter: only name and
 * version vary in length.
 */
export const MAX_MINIMAL_MANIFEST_BYTES = 4096;

/** The signed fields that identify an archive. */
export interface MinimalManifest extends SignerFields {
  /** Package name: `name` or `@scope/name`. */
  name: string;
  /** Package version, strict semver. */
  version: string;
  /** SHA-256 of the archive: `sha256:` and 64 lower-case hexadecimal digits. */
  archiveSha256: string;
  /** BitTorrent v1 infohash (BEP 3) of the archive's torrent: 40 lower-case hexadecimal digits. */
  btih: string;
  /** Length of the archive in bytes. */
  length: number;
  /** Time of signing, in Unix milliseconds. */
  timestamp: number;
  /** Fields that a later version may add, which this one ignores. */
  ext?: Ext;
  /**
   * Signature over all other fields, by the key of `signer`, or else of `pubkey`: `ed25519:` and 88
   * characters of base64.
   */
  signature: string;
}

const minimal: ManifestKind<MinimalManifest> = {
  label: "minimal manifest",
  schema: v.strictObject({
    ...commonFields,
    archiveSha256: sha256Schema,
    btih: v.pipe(v.string(), v.regex(/^[0-9a-f]{40}$/, "is not 40 hexadecimal digits")),
    length: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
    timestamp: timestampSchema,
  }),
  signedAtMs: ({ timestamp }) => timestamp,
};

/**
 * Signs a minimal manifest: Ed25519 over `libreseed:minimal-manifest:v1`, a line feed, and the
 * canonical JSON (RFC 8785) of all fields but `signature`.
 *
 * @throws {PackageError} `MANIFEST_INVALID` (kind usage) if a field breaks its rule; `KEY_NOT_CERTIFIED` if
 * the certificate of the signer does not cover name or time
 */
export async function signMinimal(
  fields: Unsigned<MinimalManifest>,
  signer: Signer,
): Promise<MinimalManifest> {
  return await signFields(minimal, fields, signer);
}

/** Whether the manifest is valid, and signed by its identity or by a key that this has certified for
 * its name and time. Never throws. */
export function verifyMinimalSignature(manifest: MinimalManifest): boolean {
  return verifyFields(minimal, manifest);
}

/**
 * Reads a minimal manifest of at most {@linkcode MAX_MINIMAL_MANIFEST_BYTES} without checking its
 * signature. Accepts only the form that {@linkcode serializeMinimal} writes.
 *
 * @throws {PackageError} `MANIFEST_TOO_LARGE`, `MANIFEST_INVALID` (kind verification)
 */
export function parseMinimal(input: Uint8Array | string): MinimalManifest {
  return parseManifest(minimal, input, MAX_MINIMAL_MANIFEST_BYTES);
}

/** Serializes a minimal manifest as canonical JSON (RFC 8785) and a line feed. */
export function serializeMinimal(manifest: MinimalManifest): string {
  return serialize(manifest);
}
