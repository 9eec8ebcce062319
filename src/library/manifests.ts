/**
 * The manifests of packages, for programs: the types of their JSON (docs/protocol.md section 3), and
 * functions that read, check and write the minimal manifest.
 *
 * The types are written out here, so that a program sees no internal type.
 *
 * @module
 */

import { equalBytes, messageOf } from "../base/mod.ts";
import { fingerprint, parsePublicKey } from "../identity/mod.ts";
import {
  MAX_MINIMAL_MANIFEST_BYTES,
  minimalFileName,
  parseMinimal,
  serializeMinimal,
  verifyMinimalSignature,
} from "../package/mod.ts";
import { LibraryError } from "./errors.ts";

/** The certificate by which a publisher's root key has another key sign for it, as JSON. */
export interface ManifestSigner {
  /** Beginning of the time in which the key may sign, Unix milliseconds. */
  from: number;
  /** The signing key: `ed25519:` and 44 characters of base64. */
  key: string;
  /** Patterns of the package names that the key may sign; absent for all names. */
  names?: string[];
  /** Signature of the root key: `ed25519:` and 88 characters of base64. */
  signature: string;
  /** End of the time in which the key may sign, Unix milliseconds; absent for no end. */
  until?: number;
}

/** The fields that both manifests have. */
export interface ManifestFields {
  /** Format: `libreseed/2` if a certified key has signed, `libreseed/1` if the publisher itself has. */
  protocol: "libreseed/1" | "libreseed/2";
  /** The publisher's identity: `ed25519:` and 44 characters of base64. */
  pubkey: string;
  /** Certificate of the key that signed; absent if the publisher itself has signed. */
  signer?: ManifestSigner;
  /** Package name: `name` or `@scope/name`. */
  name: string;
  /** Package version, strict semver. */
  version: string;
  /** Fields that later versions may add. */
  ext?: Record<string, string | number | boolean>;
  /** Signature over all other fields: `ed25519:` and 88 characters of base64. */
  signature: string;
}

/** The minimal manifest: the few signed fields that identify an archive. */
export interface Manifest extends ManifestFields {
  /** SHA-256 of the archive: `sha256:` and 64 lower-case hexadecimal digits. */
  archiveSha256: string;
  /** BitTorrent v1 infohash of the archive's torrent: 40 lower-case hexadecimal digits. */
  btih: string;
  /** Length of the archive in bytes. */
  length: number;
  /** Time of signing, Unix milliseconds. */
  timestamp: number;
}

/** The full manifest: `manifest.json` in an archive, with the hash of each file. */
export interface FullManifest extends ManifestFields {
  /** Description: one line of at most 4,096 characters. */
  description?: string;
  /** Author: one line of at most 512 characters. */
  author?: string;
  /** Licence, usually an SPDX expression. */
  license?: string;
  /** Homepage: one line of at most 2,048 characters. The text is untrusted. */
  homepage?: string;
  /** Repository: one line of at most 2,048 characters. The text is untrusted. */
  repository?: string;
  /** The `sha256:…` of every file except `manifest.json`, by path in the archive. */
  files: Record<string, string>;
  /** SHA-256 over the hashes in `files`: `sha256:` and 64 hexadecimal digits. */
  contentHash: string;
  /** Time of the sources (`SOURCE_DATE_EPOCH`), Unix milliseconds. */
  timestamp?: number;
  /** Semver ranges or tags of the dependencies, by `NAME` or `KEY/NAME`. */
  dependencies?: Record<string, string>;
}

/**
 * Reads a minimal manifest: the file `NAME-VERSION.minimal.json`. Does not check its signature;
 * {@linkcode checkManifest} does.
 *
 * ```ts
 * import { readFile } from "node:fs/promises";
 * import { checkManifest, parseManifest } from "libreseed";
 *
 * const publisher = "ed25519:cHYC+Sx4qb6WtRtlCpePnBvXKy4GvpHtrc8pfn6W/zE=";
 * const manifest = parseManifest(await readFile("tool-1.0.0.minimal.json"));
 * checkManifest(manifest, { publisher });
 * console.log(`${manifest.name}@${manifest.version} has ${manifest.length} bytes`);
 * ```
 *
 * @param bytes at most 4,096 bytes of UTF-8, or the text. Only canonical JSON (RFC 8785) is accepted
 * @throws {LibreseedError} `MANIFEST_INVALID` or `MANIFEST_TOO_LARGE`, kind `verification`
 */
export function parseManifest(bytes: Uint8Array | string): Manifest {
  return parseMinimal(bytes);
}

/** Writes a minimal manifest as its file has it: canonical JSON (RFC 8785) and a line feed. */
export function formatManifest(manifest: Manifest): string {
  return serializeMinimal(manifest);
}

/**
 * Checks that a minimal manifest is signed by its publisher, or by a key that the publisher has
 * certified for the name and the time. Does not know of revoked keys: a daemon or `libreseed verify`
 * of a home does.
 *
 * @param options.publisher identity that must have signed: `ed25519:BASE64` or 64 hexadecimal digits.
 * Default: the one that the manifest names
 * @throws {LibreseedError} `SIGNATURE_INVALID` or `PUBLISHER_MISMATCH`, kind `verification`;
 * `KEY_INVALID`, kind `usage`, if `publisher` is no public key
 */
export function checkManifest(manifest: Manifest, options: { publisher?: string } = {}): void {
  if (!verifyMinimalSignature(manifest)) {
    const message = `The manifest of ${JSON.stringify(manifest.name)} is not signed by the key ` +
      "that it names.";
    throw new LibraryError("verification", "SIGNATURE_INVALID", message);
  }
  const { publisher } = options;
  if (publisher === undefined) return;
  const [expected, pubkey] = [parsePublicKey(publisher), manifest.pubkey];
  if (equalBytes(expected, parsePublicKey(pubkey))) return;
  throw new LibraryError(
    "verification",
    "PUBLISHER_MISMATCH",
    `The manifest is signed by ${pubkey}, not by ${publisher}.`,
    { detail: { pubkey, expected: publisher } },
  );
}

/**
 * Reads the minimal manifest beside an archive, the file `NAME-VERSION.minimal.json`, without checking
 * its signature.
 *
 * @param archivePath path of the archive, `….tgz`
 * @throws {LibreseedError} `MANIFEST_NOT_FOUND`, kind `not-found`; `MANIFEST_UNREADABLE`; the errors of
 * {@linkcode parseManifest}
 */
export async function readManifestBeside(archivePath: string): Promise<Manifest> {
  const path = minimalFileName(archivePath);
  const bytes = new Uint8Array(MAX_MINIMAL_MANIFEST_BYTES + 1);
  let lengthBytes = 0;
  try {
    const file = await Deno.open(path);
    try {
      for (let read: number | null = 0; read !== null && lengthBytes < bytes.length;) {
        read = await file.read(bytes.subarray(lengthBytes));
        lengthBytes += read ?? 0;
      }
    } finally {
      file.close();
    }
  } catch (cause) {
    const why = messageOf(cause);
    const isMissing = cause instanceof Deno.errors.NotFound;
    throw new LibraryError(
      isMissing ? "not-found" : "failed",
      isMissing ? "MANIFEST_NOT_FOUND" : "MANIFEST_UNREADABLE",
      isMissing
        ? `There is no manifest at ${path}. Put the publisher's .minimal.json beside the archive.`
        : `The manifest ${path} cannot be read: ${why}`,
      { cause, detail: { path } },
    );
  }
  return parseManifest(bytes.subarray(0, lengthBytes));
}

/**
 * Returns the short form of a publisher's identity for people to compare: 16 hexadecimal digits, as
 * `0123-4567-89ab-cdef`.
 *
 * @param publisher `ed25519:BASE64` or 64 hexadecimal digits
 * @throws {LibreseedError} `KEY_INVALID`, kind `usage`
 */
export function fingerprintOf(publisher: string): string {
  return fingerprint(parsePublicKey(publisher));
}
