/**
 * Links from a stored package to its dependencies, in `node_modules` beside the package's files.
 * When a project's link leads Node or a bundler into the store, they search this directory for
 * dependencies. So each package gets the versions that were chosen for it, and the signed files of
 * the package remain unchanged.
 *
 * @module
 */

import { lstat, mkdir, readdir, readlink, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { LibreseedError } from "../../base/mod.ts";
import { fileError, isCode } from "../files/mod.ts";
import { isPackageId, LINKS, TREE } from "./package_entry.ts";

/**
 * Makes the symbolic link `path` to a package's files, or replaces an existing link atomically, with
 * missing parent directories. Deno lets no thread with a list of permitted paths make a link, so the
 * function is handed in: the launcher makes the links.
 *
 * @param target as `Deno.symlink` has it: absolute, or relative to the directory of `path`
 * @throws {LibreseedError} `LINK_FAILED`, with the file system's error code as `errno` in `detail`
 */
export type MakeLink = (target: string, path: string) => Promise<void>;

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
  makeLink: MakeLink,
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
      await makeLink(targetFor(name, id), path);
    }
  } catch (cause) {
    throw fileError(linkError(cause), "write", root);
  }
}

/** Converts an error of {@linkcode MakeLink} to an error of the file system. */
function linkError(cause: unknown): unknown {
  if (!(cause instanceof LibreseedError) || cause.code !== "LINK_FAILED") return cause;
  const { errno } = cause.detail;
  return typeof errno === "string"
    ? Object.assign(new Error(cause.message), { code: errno })
    : cause;
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
