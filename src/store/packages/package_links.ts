/**
 * Links from a stored package to its dependencies, in `node_modules` beside the package's files.
 * When a project's link leads Node or a bundler into the store, they search this directory for
 * dependencies. So each package gets the versions that were chosen for it, and the signed files of
 * the package remain unchanged.
 *
 * @module
 */

import { lstat, mkdir, readdir, readlink, rename, rm, symlink, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { toHex } from "../../base/mod.ts";
import { fileError, isCode } from "../files/mod.ts";
import { isPackageId, LINKS, TREE } from "./package_entry.ts";

/**
 * Reads the links to a package's dependencies. Ignores other files.
 *
 * @param directory the package's directory in the store
 * @returns ids of the linked packages, by name
 */
export async function readLinks(directory: string): Promise<Map<string, string>> {
  const links = new Map<string, string>();
  for (const name of await linkNames(join(directory, LINKS))) {
    const target = await readlink(join(directory, LINKS, name)).catch((cause) => {
      // Either another process has just replaced the link, or the file is not a link.
      if (isCode(cause, "ENOENT") || isCode(cause, "EINVAL")) return "";
      throw fileError(cause, "read", join(directory, LINKS, name));
    });
    const id = target.split("/").at(-2);
    if (id !== undefined && isPackageId(id) && target === targetFor(name, id)) links.set(name, id);
  }
  return links;
}

/**
 * Replaces a package's links to its dependencies by the given ones, each atomically.
 *
 * @param directory the package's directory, at its final or a temporary path
 * @param links ids of the dependencies, by name
 * @throws {StoreError} `NOT_WRITABLE`, `DISK_FULL`, `IO_FAILED`
 */
export async function writeLinks(
  directory: string,
  links: ReadonlyMap<string, string>,
): Promise<void> {
  const root = join(directory, LINKS);
  try {
    for (const name of await linkNames(root)) {
      if (!links.has(name)) await rm(join(root, name), { recursive: true, force: true });
    }
    const there = await readLinks(directory);
    for (const [name, id] of links) {
      if (there.get(name) === id) continue;
      const path = join(root, name);
      await mkdir(dirname(path), { recursive: true });
      await replaceLink(targetFor(name, id), path);
    }
  } catch (cause) {
    throw fileError(cause, "write", root);
  }
}

const TEMPORARY_LINK = /^\.tmp-\d+-[0-9a-f]{16}$/;

/**
 * Removes links with temporary names that killed processes left in a directory. The caller must
 * hold the store's place lock, which processes hold while they create such links.
 *
 * @param store path of the store; links to other places are kept
 */
export async function removeStaleLinks(directory: string, store: string): Promise<void> {
  for (const name of (await entriesOf(directory)).filter((one) => TEMPORARY_LINK.test(one))) {
    const path = join(directory, name);
    const target = await readlink(path).catch(() => "");
    if (target.startsWith(join(store, "/"))) await unlink(path).catch(() => {});
  }
}

/**
 * Creates a symbolic link to a directory, or replaces an existing link atomically.
 *
 * @throws the error of the file system, for instance if a directory has this path
 */
export async function replaceLink(target: string, path: string): Promise<void> {
  const random = toHex(crypto.getRandomValues(new Uint8Array(8)));
  const temporary = join(dirname(path), `.tmp-${Deno.pid}-${random}`);
  // On Windows, a symbolic link must be created with the type of its target.
  await symlink(target, temporary, "dir");
  try {
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw error;
  }
}

/**
 * Returns the target of a dependency's link. The target is relative, so that users can move the
 * home.
 */
function targetFor(name: string, id: string): string {
  const up = name.includes("/") ? "../../.." : "../..";
  return `${up}/${id}/${TREE}`;
}

/** Lists the package names in a `node_modules` directory: `name` and `@scope/name`. */
async function linkNames(root: string): Promise<string[]> {
  const names: string[] = [];
  for (const name of await entriesOf(root)) {
    if (!name.startsWith("@")) names.push(name);
    else names.push(...(await entriesOf(join(root, name))).map((inner) => `${name}/${inner}`));
  }
  return names;
}

async function entriesOf(path: string): Promise<string[]> {
  try {
    return (await lstat(path)).isDirectory() ? (await readdir(path)).sort() : [];
  } catch (cause) {
    if (isCode(cause, "ENOENT")) return [];
    throw fileError(cause, "read", path);
  }
}
