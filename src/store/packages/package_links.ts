/**
 * Links from a stored package to those that it depends on: `node_modules/NAME` beside its tree, where
 * Node and bundlers look for them once they have followed the link into the store. So each package
 * finds the version that was resolved for it, and the signed tree stays untouched.
 *
 * @module
 */

import { lstat, mkdir, readdir, readlink, rename, rm, symlink, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { toHex } from "../../base/mod.ts";
import { fileError, isCode } from "../files/mod.ts";
import { isPackageId, LINKS, TREE } from "./package_entry.ts";

/**
 * The packages to which the links beside a tree lead, by name. Whatever else lies there is passed over.
 *
 * @param directory of the package in the store
 */
export async function readLinks(directory: string): Promise<Map<string, string>> {
  const links = new Map<string, string>();
  for (const name of await linkNames(join(directory, LINKS))) {
    const target = await readlink(join(directory, LINKS, name)).catch((cause) => {
      // Another process may have replaced it, or it is none.
      if (isCode(cause, "ENOENT") || isCode(cause, "EINVAL")) return "";
      throw fileError(cause, "read", join(directory, LINKS, name));
    });
    const id = target.split("/").at(-2);
    if (id !== undefined && isPackageId(id) && target === targetFor(name, id)) links.set(name, id);
  }
  return links;
}

/**
 * Makes the links beside a tree be these and no others. Each is replaced in one step.
 *
 * @param directory of the package in the store, or of one that is about to get there
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
 * Removes the links that killed processes left in a directory under a temporary name. The caller holds
 * the lock on the places of the store, so no process is making such a link now.
 *
 * @param store path of the store that the links lead to; others are left alone
 */
export async function removeStaleLinks(directory: string, store: string): Promise<void> {
  for (const name of (await entriesOf(directory)).filter((one) => TEMPORARY_LINK.test(one))) {
    const path = join(directory, name);
    const target = await readlink(path).catch(() => "");
    if (target.startsWith(join(store, "/"))) await unlink(path).catch(() => {});
  }
}

/**
 * Puts a link in the place of whatever link is there, in one step: others see the one or the other.
 *
 * @throws the system's error, for instance if there is a directory
 */
export async function replaceLink(target: string, path: string): Promise<void> {
  const random = toHex(crypto.getRandomValues(new Uint8Array(8)));
  const temporary = join(dirname(path), `.tmp-${Deno.pid}-${random}`);
  // Windows has to be told what it leads to.
  await symlink(target, temporary, "dir");
  try {
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw error;
  }
}

/** Relative, so that a home can be moved. */
function targetFor(name: string, id: string): string {
  const up = name.includes("/") ? "../../.." : "../..";
  return `${up}/${id}/${TREE}`;
}

/** Names of what lies in a `node_modules`: `name` and `@scope/name`. */
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
