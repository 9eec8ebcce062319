/**
 * The entry of one package in the store: its location and its minimal manifest. `package_check.ts`
 * checks the files of a package.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { lstat } from "node:fs/promises";
import { join } from "node:path";
import type { MinimalManifest } from "../../package/mod.ts";
import { fileError, isCode } from "../files/mod.ts";
import { isRegularFile, readMinimal } from "../seed/mod.ts";

/**
 * Name of the directory with the package's unpacked files, as signed, including `manifest.json`.
 */
export const TREE = "package";
/** Name of the file with the signed minimal manifest, beside the unpacked files. */
export const MINIMAL = "minimal.json";
/** Name of an empty file that marks a package as installed by name, not only as a dependency. */
export const DIRECT = "direct";
/**
 * Name of the directory with links to the package's dependencies, where Node searches for
 * dependencies.
 */
export const LINKS = "node_modules";

const ID = /^[0-9a-f]{64}$/;

/** Name, version and publisher of a package. Together they identify contents that never change. */
export interface PackageName {
  name: string;
  version: string;
  /** The publisher's public key: `ed25519:` and 44 characters of base64. */
  pubkey: string;
}

/** A stored package whose minimal manifest is valid. Its files may still be damaged. */
export interface StoredPackage {
  /** Id of the package, see {@linkcode packageId}. */
  id: string;
  /** Absolute path of the package's directory in the store. */
  directory: string;
  /** Absolute path of the package's unpacked files. */
  path: string;
  name: string;
  version: string;
  /** The publisher's public key: `ed25519:` and 44 characters of base64. */
  publisher: string;
  minimal: MinimalManifest;
  /** Whether the package was installed by name, not only as a dependency. */
  direct: boolean;
  problem?: undefined;
}

/** A directory in the store that has the name of a package but contains no valid package. */
export interface DamagedPackage {
  id: string;
  directory: string;
  path: string;
  direct: boolean;
  /** Description of the damage, for users. */
  problem: string;
}

/** The entry of one package in the store, valid or damaged. */
export type StoreEntry = StoredPackage | DamagedPackage;

/**
 * Returns the id of a package, which names its directory in the store: SHA-256 of `ed25519:BASE64`,
 * a line feed, the name, a line feed and the version, as 64 lower-case hexadecimal digits.
 */
export function packageId({ pubkey, name, version }: PackageName): string {
  return createHash("sha256").update(`${pubkey}\n${name}\n${version}`).digest("hex");
}

/** Whether a file name has the form of a package id. */
export function isPackageId(text: string): boolean {
  return ID.test(text);
}

/**
 * Reads the minimal manifest of a stored package. Checks the manifest's signature, and that its
 * publisher, name and version have this id. Does not check the package's files.
 *
 * @returns `undefined` if the store has no package with this id
 * @throws {StoreError} if the store cannot be read
 */
export async function readStored(root: string, id: string): Promise<StoreEntry | undefined> {
  const directory = join(root, id);
  const path = join(directory, TREE);
  const kind = await kindOf(directory);
  if (kind === undefined) return undefined;
  const direct = kind === "directory" && await isRegularFile(join(directory, DIRECT));
  const damaged = (problem: string) => ({ id, directory, path, direct, problem });
  if (kind !== "directory") return damaged(`${directory} is not a directory`);
  if (await kindOf(path) !== "directory") return damaged(`${path} is not a directory`);
  const read = await readMinimal(join(directory, MINIMAL));
  if ("problem" in read) return damaged(read.problem);
  const { manifest: minimal } = read;
  const { name, version, pubkey } = minimal;
  if (packageId(minimal) !== id) {
    return damaged(`${directory} holds ${name}@${version} of ${pubkey}, which belongs elsewhere`);
  }
  return { id, directory, path, name, version, publisher: pubkey, minimal, direct };
}

async function kindOf(path: string): Promise<"directory" | "other" | undefined> {
  try {
    return (await lstat(path)).isDirectory() ? "directory" : "other";
  } catch (cause) {
    if (isCode(cause, "ENOENT") || isCode(cause, "ENOTDIR")) return undefined;
    throw fileError(cause, "read", path);
  }
}
