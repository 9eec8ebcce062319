/**
 * Checks the files of a stored package against its signed manifest.
 *
 * @module
 */

import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import {
  type ArchiveLimits,
  defaultArchiveLimits,
  type FullManifest,
  PackageError,
  readFull,
  type ReadManifest,
} from "../../package/mod.ts";
import { fileError, hashOf, readAtMost, StoreError } from "../files/mod.ts";
import { DIRECT, LINKS, MINIMAL, type StoredPackage, TREE } from "./package_entry.ts";

const MANIFEST = "manifest.json";
/** Maximum number of problems with a package's files to report. */
const MAX_PROBLEMS = 20;

/**
 * Reads the full manifest of a stored package. Checks its form and its signature, and that
 * publisher, name and version are those of the minimal manifest. Does not read other files.
 *
 * @throws {StoreError} `PACKAGE_DAMAGED` (kind `verification`), `NOT_READABLE`, `IO_FAILED`
 * @throws the abort reason of `signal`
 */
export async function readStoredManifest(
  entry: StoredPackage,
  limits: ArchiveLimits = defaultArchiveLimits,
  signal?: AbortSignal,
): Promise<FullManifest> {
  return (await readManifestOf(entry, limits, signal)).manifest;
}

/** Reads and checks a manifest like {@linkcode readStoredManifest}, and returns it in compact form. */
export async function readManifestOf(
  { path, minimal }: StoredPackage,
  limits: ArchiveLimits,
  signal?: AbortSignal,
): Promise<ReadManifest> {
  const file = join(path, MANIFEST);
  const damaged = (why: string, cause?: unknown) => {
    const what = `${minimal.name}@${minimal.version} in the store`;
    const message = `${what} is damaged: ${why}`;
    return new StoreError("verification", "PACKAGE_DAMAGED", message, {
      cause,
      detail: { path: file },
    });
  };
  let full: ReadManifest;
  try {
    full = await readFull(await readAtMost(file, limits.maxManifestBytes), limits, signal);
  } catch (cause) {
    const broken = cause instanceof PackageError || cause instanceof StoreError &&
        ["FILE_MISSING", "LINK_REFUSED", "NOT_A_FILE"].includes(cause.code);
    throw broken ? damaged(`${file}: ${cause.message}`, cause) : cause;
  }
  const { manifest } = full;
  for (const field of ["pubkey", "name", "version"] as const) {
    if (manifest[field] !== minimal[field]) {
      throw damaged(`${file} has ${field} ${manifest[field]}, not ${minimal[field]}`);
    }
  }
  if (!full.isSigned()) throw damaged(`the signature of ${file} does not hold`);
  if (full.contentHash === manifest.contentHash) return full;
  throw damaged(`the content hash in ${file} does not follow from its files`);
}

/**
 * Compares every file of a stored package with the signed manifest. Reports changed, missing and
 * additional files, and links. File modes are not checked, because the signature does not cover
 * file modes.
 *
 * @returns descriptions of the problems for users, at most twenty; empty for an intact package
 * @throws {StoreError} `NOT_READABLE`, `IO_FAILED`
 * @throws the abort reason of `signal`
 */
export async function checkStored(
  entry: StoredPackage,
  limits: ArchiveLimits = defaultArchiveLimits,
  signal?: AbortSignal,
): Promise<string[]> {
  let full: ReadManifest;
  try {
    full = await readManifestOf(entry, limits, signal);
  } catch (error) {
    if (error instanceof StoreError && error.code === "PACKAGE_DAMAGED") return [error.message];
    throw error;
  }
  const problems: string[] = [];
  const missing = new Map(Object.entries(full.manifest.files));
  const directories = directoriesOf(full.paths);
  const ours = [TREE, MINIMAL, DIRECT, LINKS];
  for (const name of await readdir(entry.directory)) {
    if (!ours.includes(name)) problems.push(`${join(entry.directory, name)} does not belong there`);
  }
  for await (const { path, kind } of walk(entry.path)) {
    if (problems.length >= MAX_PROBLEMS) return problems;
    signal?.throwIfAborted();
    if (path === MANIFEST) continue;
    const file = join(entry.path, path);
    if (kind === "directory") {
      if (!directories.has(path)) problems.push(`${file} is not in the manifest`);
      continue;
    }
    const expected = missing.get(path);
    missing.delete(path);
    if (expected === undefined) problems.push(`${file} is not in the manifest`);
    else if (kind !== "file") problems.push(`${file} is not a regular file`);
    else if (await hashOf(file, signal) !== expected) problems.push(`${file} was altered`);
  }
  for (const path of missing.keys()) {
    if (problems.length >= MAX_PROBLEMS) return problems;
    problems.push(`${join(entry.path, path)} is missing`);
  }
  return problems;
}

/** Returns the total size of a stored package's files, including its manifests, in bytes. */
export async function sizeOfStored(entry: { directory: string }): Promise<number> {
  let bytes = 0;
  for await (const { sizeBytes } of walk(entry.directory)) bytes += sizeBytes;
  return bytes;
}

/**
 * Returns the total size of those files of a stored package that other packages share, so that removing
 * the package frees nothing of them, in bytes.
 */
export async function sharedBytesOfStored(entry: { directory: string }): Promise<number> {
  let bytes = 0;
  for await (const { sizeBytes, isShared } of walk(entry.directory)) {
    if (isShared) bytes += sizeBytes;
  }
  return bytes;
}

/**
 * Returns all parent directories of the given files.
 *
 * @param paths sorted, so that only the part that differs from the previous path must be examined
 */
function directoriesOf(paths: Iterable<string>): Set<string> {
  const directories = new Set<string>();
  let last = "";
  for (const path of paths) {
    let same = 0;
    while (same < last.length && path[same] === last[same]) same++;
    for (let at = path.indexOf("/", same); at !== -1; at = path.indexOf("/", at + 1)) {
      directories.add(path.slice(0, at));
    }
    last = path;
  }
  return directories;
}

interface Found {
  /** Path relative to the walked directory, with `/` between its parts. */
  path: string;
  kind: "file" | "directory" | "other";
  /** Size of a file in bytes; 0 for a directory or another kind of entry. */
  sizeBytes: number;
  /** Whether a file has other hard links. */
  isShared: boolean;
}

/** Yields all files and directories below a directory, sorted by name. Does not follow links. */
async function* walk(directory: string, prefix = ""): AsyncGenerator<Found> {
  const names = await readdir(directory).catch((cause) => {
    throw fileError(cause, "read", directory);
  });
  for (const name of names.sort()) {
    const at = join(directory, name);
    const path = prefix + name;
    const info = await lstat(at).catch((cause) => {
      throw fileError(cause, "read", at);
    });
    if (info.isDirectory()) {
      yield { path, kind: "directory", sizeBytes: 0, isShared: false };
      yield* walk(at, `${path}/`);
    } else {
      const isFile = info.isFile();
      const isShared = isFile && info.nlink > 1;
      yield { path, kind: isFile ? "file" : "other", sizeBytes: isFile ? info.size : 0, isShared };
    }
  }
}
