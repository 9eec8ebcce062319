/**
 * One package in the store: where it lies and what it says of itself. The files in it are looked at by
 * `package_check.ts`.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { lstat } from "node:fs/promises";
import { join } from "node:path";
import type { MinimalManifest } from "../../package/mod.ts";
import { fileError, isCode } from "../files/mod.ts";
import { isRegularFile, readMinimal } from "../seed/mod.ts";

/** The unpacked tree, as it was signed, with its `manifest.json`. */
export const TREE = "package";
/** The signed minimal manifest beside the tree, as `serializeMinimal` writes it. */
export const MINIMAL = "minimal.json";
/** An empty file beside the tree of a package that was installed by its name, not for another one. */
export const DIRECT = "direct";
/** Links to the packages that this one depends on, where Node looks for them. */
export const LINKS = "node_modules";

const ID = /^[0-9a-f]{64}$/;

/** Name, version and publisher, which together are one package for ever. */
export interface PackageName {
  name: string;
  version: string;
  /** `ed25519:` and 44 characters of base64. */
  pubkey: string;
}

/** A package in the store. */
export interface StoredPackage {
  /** See {@linkcode packageId}. */
  id: string;
  /** Absolute path of what the store has of it. */
  directory: string;
  /** Absolute path of its unpacked tree. */
  path: string;
  name: string;
  version: string;
  /** `ed25519:` and 44 characters of base64. */
  publisher: string;
  minimal: MinimalManifest;
  /** Whether it was installed by its name, and not only because another package needs it. */
  direct: boolean;
  problem?: undefined;
}

/** A directory of the store that is not what it should be. */
export interface DamagedPackage {
  id: string;
  directory: string;
  path: string;
  direct: boolean;
  /** What is wrong, for people. */
  problem: string;
}

/** What lies in the store under an id. */
export type StoreEntry = StoredPackage | DamagedPackage;

/**
 * Name of a package's directory in the store: SHA-256 of `ed25519:BASE64`, a line feed, the name, a
 * line feed and the version, as 64 lower-case hexadecimal digits.
 */
export function packageId({ pubkey, name, version }: PackageName): string {
  return createHash("sha256").update(`${pubkey}\n${name}\n${version}`).digest("hex");
}

/** Whether a file name is a package's in the store. */
export function isPackageId(text: string): boolean {
  return ID.test(text);
}

/**
 * Reads one package's minimal manifest, whose signature and place are checked; its files are not.
 *
 * @returns `undefined` if there is nothing of this id
 * @throws {StoreError} only if the store cannot be looked into
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
