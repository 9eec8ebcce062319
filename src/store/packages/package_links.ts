/**
 * Links from a stored package to its dependencies: `node_modules/NAME` beside the package's tree.
 * Node and bundlers look there after they have followed a project's link into the store. So each
 * package finds the versions that were resolved for it, and the signed tree stays unchanged.
 *
 * @module
 */

import { lstat, mkdir, readdir, readlink, rename, rm, symlink, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { toHex } from "../../base/mod.ts";
import { fileError, isCode } from "../files/mod.ts";
import { isPackageId, LINKS, TREE } from "./package_entry.ts";

/**
 * Reads the links beside a package's tree. Ignores anything that is not such a link.
 *
 * @param directory the package's directory in the store
 * @returns ids of the linked packages, by name
 */
export async function readLinks(directory: string): Promise<Map<string, string>> {
  const links = new Map<string, string>();
  for (const name of await linkNames(join(directory, LINKS))) {
    const target = await readlink(join(directory, LINKS, name)).catch((cause) => {
      // Another process replaced the link meanwhile, or the entry is not a link.
      if (isCode(cause, "ENOENT") || isCode(cause, "EINVAL")) return "";
      throw fileError(cause, "read", join(directory, LINKS, name));
    });
    const id = target.split("/").at(-2);
    if (id !== undefined && isPackageId(id) && target === targetFor(name, id)) links.set(name, id);
  }
  return links;
}

/**
 * Sets the links beside a package's tree to exactly the given ones. Each link is replaced
 * atomically.
 *
 * @param directory the package's directory, in the store or still under a temporary name
 * @param links ids by package name
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
 * hold the store's place lock, so that no process is creating such a link meanwhile.
 *
 * @param store path of the store; links that lead elsewhere are kept
 */
export async function removeStaleLinks(directory: string, store: string): Promise<void> {
  for (const name of (await entriesOf(directory)).filter((one) => TEMPORARY_LINK.test(one))) {
    const path = join(directory, name);
    const target = await readlink(path).catch(() => "");
    if (target.startsWith(join(store, "/"))) await unlink(path).catch(() => {});
  }
}

/**
 * Creates a link, or replaces an existing link atomically.
 *
 * @throws the error of the file system, for instance if a directory is in the way
 */
export async function replaceLink(target: string, path: string): Promise<void> {
  const random = toHex(crypto.getRandomValues(new Uint8Array(8)));
  const temporary = join(dirname(path), `.tmp-${Deno.pid}-${random}`);
  // Windows needs the type of the target.
  await symlink(target, temporary, "dir");
  try {
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw error;
  }
}

/** The relative target of a link, so that a home can be moved. */
function targetFor(name: string, id: string): string {
  const up = name.includes("/") ? "../../.." : "../..";
  return `${up}/${id}/${TREE}`;
}

/** The entries of a `node_modules` directory: `name` and `@scope/name`. */
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
