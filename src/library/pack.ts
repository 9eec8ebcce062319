/**
 * Packing of directories, for programs, over `src/package/packing`.
 *
 * @module
 */

import { systemClock } from "../base/mod.ts";
import { magnetOf } from "../fetching/mod.ts";
import { packDirectory as pack } from "../package/mod.ts";
import type { FullManifest, Manifest } from "./manifests.ts";
import { signerOfKey, type SigningKey } from "./signing_key.ts";

/** Progress of {@linkcode packDirectory}. */
export interface PackProgress {
  /** `files`: reading and compressing the files; `archive`: assembling the archive. */
  phase: "files" | "archive";
  /** Path of the file that is being read. */
  path?: string;
  /** Bytes of this phase that are done. */
  doneBytes: number;
  /** Bytes of this phase altogether. */
  totalBytes: number;
}

/** Options of {@linkcode packDirectory}. */
export interface PackOptions {
  /** The key that signs. */
  key: SigningKey;
  /** Path of the archive, which ends with `.tgz`. Default: `NAME-VERSION.tgz` in `outDirectory`. */
  out?: string;
  /** Directory of the archive. Default: the current directory. */
  outDirectory?: string;
  /** Package name. Default: the one in `package.json` or `deno.json`. */
  name?: string;
  /** Package version, strict semver. Default: the one in `package.json` or `deno.json`. */
  version?: string;
  /**
   * Rules for files that are left out: `rules` for those of the package and the fixed ones,
   * `version-control` for directories such as `.git`, `nothing` to take every file. Default: `rules`.
   */
  leaveOut?: "rules" | "version-control" | "nothing";
  /** Directories that never go into a package, such as a home. */
  neverPack?: readonly string[];
  /** Paths in the package that may hold secrets. Default: none, and a secret is an error. */
  allowSecrets?: readonly string[];
  /** Time of signing, Unix milliseconds. Default: now. */
  signedAtMs?: number;
  /** `SOURCE_DATE_EPOCH` for the manifest in the archive, seconds. Default: no time. */
  sourceDateEpochS?: number;
  /** URLs of web seeds, for the `.torrent` and the magnet link. */
  webSeeds?: readonly string[];
  /** Ends the packing; the promise rejects with the reason of the signal. */
  signal?: AbortSignal;
  /** Called as the packing proceeds. An error that it throws ends the packing. */
  onProgress?: (progress: PackProgress) => void;
}

/** The result of {@linkcode packDirectory}. */
export interface PackedArchive {
  /** Absolute path of the archive, `….tgz`. */
  archivePath: string;
  /** Absolute path of the minimal manifest, `….minimal.json`. */
  manifestPath: string;
  /** Absolute path of the torrent, `….torrent`. */
  torrentPath: string;
  /** The minimal manifest. */
  manifest: Manifest;
  /** The manifest inside the archive, with the hash of each file. */
  fullManifest: FullManifest;
  /** Magnet link of the archive, which names the publisher's record. */
  magnet: string;
  /** Paths that were left out; a directory that was left out as a whole is there once. */
  skipped: string[];
}

/**
 * Packs a directory to a signed archive, with its minimal manifest and its torrent beside it. The new
 * files replace files of the same names. After an error, no new file is left.
 *
 * The same files give the same archive, byte for byte, on each machine in Deno, as the program makes
 * it. Node.js has another compressor: its archives are as valid, but have other hashes. So let one of
 * the two pack a version, since a published version never changes.
 *
 * ```ts
 * import { packDirectory, SigningKey } from "libreseed";
 *
 * const key = await SigningKey.open("keys/publisher.key");
 * const { archivePath, magnet } = await packDirectory("tool", { key, outDirectory: "dist" });
 * console.log(archivePath, magnet);
 * ```
 *
 * @param directory the directory to pack
 * @throws {LibreseedError} `SECRET_FOUND` if a file holds a private key or a credential; kind `usage` for
 * a wrong option or a missing name; `DIRECTORY_NOT_FOUND`, `FILE_UNREADABLE`, `FILE_CHANGED`,
 * `WRITE_FAILED`, `DISK_FULL`; and the limits of archives, such as `TOO_MANY_FILES`
 */
export async function packDirectory(
  directory: string,
  options: PackOptions,
): Promise<PackedArchive> {
  const { key, outDirectory, signedAtMs = systemClock.now(), sourceDateEpochS, ...rest } = options;
  const { out, name, version, leaveOut, neverPack, allowSecrets, webSeeds, signal } = rest;
  const packed = await pack({
    dir: directory,
    outDir: outDirectory,
    signer: signerOfKey(key),
    timestampMs: signedAtMs,
    sourceDateEpoch: sourceDateEpochS,
    // The calling thread does all the work: it has no launcher that starts others.
    threads: 0,
    ...{ out, name, version, leaveOut, neverPack, allowSecrets, webSeeds, signal },
    onProgress: options.onProgress,
  });
  const { archivePath, minimalPath, torrentPath, minimal, full, skipped } = packed;
  return {
    archivePath,
    manifestPath: minimalPath,
    torrentPath,
    manifest: minimal,
    fullManifest: full,
    magnet: magnetOf(minimal, webSeeds),
    skipped,
  };
}
