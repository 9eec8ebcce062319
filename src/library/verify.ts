/**
 * Verification of archives, for programs, over `src/package/verifying`.
 *
 * @module
 */

import { toHex } from "../base/mod.ts";
import { parsePublicKey } from "../identity/mod.ts";
import { defaultArchiveLimits, verifyArchive as verify } from "../package/mod.ts";
import { type FullManifest, type Manifest, readManifestBeside } from "./manifests.ts";

/**
 * The steps of the verification, in their order. An error of the kind `verification` names its step in
 * `detail.step`.
 */
export type VerificationStep =
  | "minimal-signature"
  | "archive-length"
  | "archive-hash"
  | "archive-limits"
  | "full-manifest"
  | "full-signature"
  | "content-hash"
  | "files";

/** Limits for archives of strangers. A field that is absent has the default of the program. */
export interface VerifyLimits {
  /** Maximum length of an archive in bytes. */
  maxArchiveBytes?: number;
  /** Maximum length of the uncompressed archive in bytes. */
  maxUnpackedBytes?: number;
  /** Maximum number of files. */
  maxFiles?: number;
}

/** Options of {@linkcode verifyArchive}. */
export interface VerifyOptions {
  /**
   * The minimal manifest of the archive: the object; `beside` for the file `NAME-VERSION.minimal.json`
   * in the archive's directory; `none` to check only the files against the signed list inside the
   * archive, which says nothing about the bytes of the archive. Default: `beside`.
   */
  manifest?: Manifest | "beside" | "none";
  /**
   * Identity that must have signed: `ed25519:BASE64` or 64 hexadecimal digits. Default: the one that
   * the manifest names, so that anybody may have signed.
   */
  publisher?: string;
  /**
   * Directory to unpack to, which must be missing or empty. It appears after every step has succeeded.
   * Default: nothing is unpacked.
   */
  unpackTo?: string;
  /** Limits for the archive. */
  limits?: VerifyLimits;
  /** Ends the verification; the promise rejects with the reason of the signal. */
  signal?: AbortSignal;
  /** Called when a step begins. */
  onStep?: (step: VerificationStep) => void;
  /** Called for each file whose hash is correct, with its path and its length in bytes. */
  onFile?: (path: string, bytes: number) => void;
}

/** The result of {@linkcode verifyArchive}. */
export interface VerifiedArchive {
  /** Package name. */
  name: string;
  /** Package version. */
  version: string;
  /** The publisher's identity: `ed25519:` and 44 characters of base64. */
  publisher: string;
  /** Length of the archive in bytes. */
  lengthBytes: number;
  /** SHA-256 of the archive, 64 hexadecimal digits. */
  sha256Hex: string;
  /** The minimal manifest by which the archive was verified; absent for `manifest: "none"`. */
  manifest?: Manifest;
  /** The manifest inside the archive, with the hash of each file. */
  fullManifest: FullManifest;
  /** Number of files, without `manifest.json`. */
  fileCount: number;
  /** Lengths of all files together, without `manifest.json`, in bytes. */
  filesBytes: number;
  /** Absolute path of the directory with the files, if `unpackTo` was given. */
  unpackedTo?: string;
}

/**
 * Verifies that an archive is what its publisher has signed: the signature of the minimal manifest, the
 * archive's length and SHA-256, the limits, the signature of the list of files, and each file. Reads the
 * archive once, and needs no network. A failure leaves nothing behind.
 *
 * Revoked keys are not known here: a program that has a home asks `libreseed verify` or the daemon.
 *
 * ```ts
 * import { LibreseedError, verifyArchive } from "libreseed";
 *
 * const publisher = "ed25519:cHYC+Sx4qb6WtRtlCpePnBvXKy4GvpHtrc8pfn6W/zE=";
 * try {
 *   const { name, version } = await verifyArchive("tool-1.0.0.tgz", { publisher, unpackTo: "new" });
 *   console.log(`${name}@${version} is sound`);
 * } catch (error) {
 *   if (!(error instanceof LibreseedError) || error.kind !== "verification") throw error;
 *   console.log(`refused at ${error.detail.step}: ${error.code}`);
 * }
 * ```
 *
 * @param archivePath path of the archive
 * @throws {LibreseedError} kind `verification` if the archive is not what was signed; `detail.step` names
 * the step. Else `ARCHIVE_NOT_FOUND`, `ARCHIVE_UNREADABLE`, `FILE_CHANGED`, `TARGET_EXISTS`,
 * `WRITE_FAILED`, `DISK_FULL`, `PATH_UNUSABLE`, `MANIFEST_NOT_FOUND`, `MANIFEST_UNREADABLE`,
 * `KEY_INVALID`
 */
export async function verifyArchive(
  archivePath: string,
  options: VerifyOptions = {},
): Promise<VerifiedArchive> {
  const { manifest = "beside", publisher, limits = {}, unpackTo, signal, onStep, onFile } = options;
  const publicKey = publisher === undefined ? undefined : parsePublicKey(publisher);
  const minimal = manifest === "beside"
    ? await readManifestBeside(archivePath)
    : manifest === "none"
    ? undefined
    : manifest;
  const { full, ...verified } = await verify({
    archivePath,
    minimal,
    publicKey,
    limits: { ...defaultArchiveLimits, ...limits },
    ...{ unpackTo, signal, onStep, onFile },
  });
  const { lengthBytes, sha256, fileCount, filesBytes, unpackedTo } = verified;
  return {
    name: full.name,
    version: full.version,
    publisher: full.pubkey,
    lengthBytes,
    sha256Hex: toHex(sha256),
    ...(minimal && { manifest: minimal }),
    fullManifest: full,
    fileCount,
    filesBytes,
    ...(unpackedTo !== undefined && { unpackedTo }),
  };
}
