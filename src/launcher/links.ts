/**
 * Makes symbolic links to packages in the store, on behalf of command threads: Deno lets a thread
 * with a list of paths make none. A link lies in the store, where it leads from a package to a
 * dependency, or in a project. `checkLink` decides which links a command may have; `makeLink` makes
 * one.
 *
 * Left to `src/store` and `src/install`: which packages are linked, and the locks.
 *
 * @module
 */

import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";
import { messageOf, toHex } from "../base/mod.ts";
import { LauncherError } from "./errors.ts";

/** The links that a command may have the launcher make. */
export interface LinkGrants {
  /** Absolute path of the store of installed packages; `undefined`: no links at all. */
  storePath: string | undefined;
  /** Absolute paths of links outside the store. */
  links: readonly string[];
}

const ID = "[0-9a-f]{64}";
const NAME_PART = "[a-z0-9][a-z0-9._-]{0,63}";
/** Matches the path of a package's files in the store, relative to the store. */
const TARGET = new RegExp(`^${ID}/package$`);
/**
 * Matches the path of a dependency's link, relative to the store: in the `node_modules` of a package,
 * which may still have its temporary name.
 */
const IN_STORE = new RegExp(
  `^(?:${ID}|\\.tmp-held-[0-9a-f]{16})/node_modules/(?:@${NAME_PART}/)?${NAME_PART}$`,
);
/** Matches the temporary name of a link, before the link replaces another. */
const TEMPORARY = /^\.tmp-\d+-[0-9a-f]{16}$/;

/**
 * Checks that a command may have the link `path` to `target`. A link must lead to a package's files
 * in the store, and lie where {@linkcode LinkGrants} allow it. Outside of the store it may replace
 * nothing but an earlier link of that kind.
 *
 * @throws {LauncherError} `LINK_NOT_GRANTED`
 */
export async function checkLink(
  { storePath, links }: LinkGrants,
  target: string,
  path: string,
): Promise<void> {
  const refuse = (why: string): never => {
    throw new LauncherError(
      "failed",
      "LINK_NOT_GRANTED",
      `The link ${path} to ${target} is not made: ${why}. This is a fault of libreseed: report it`,
      { detail: { path, target } },
    );
  };
  if (storePath === undefined) return refuse("this command makes no links");
  if (!isAbsolute(path) || resolve(path) !== path) return refuse("its path is not absolute");
  const to = relative(storePath, resolve(dirname(path), target));
  if (!TARGET.test(to)) return refuse(`it does not lead to a package in ${storePath}`);
  if (links.includes(path)) {
    // A relative link would lead elsewhere if a parent directory were a link.
    if (target !== join(storePath, to)) return refuse("its target is not absolute");
    const there = await Deno.lstat(path).catch(() => undefined);
    if (there && !(there.isSymlink && await leadsToPackage(path))) {
      return refuse("its path has something that libreseed did not make");
    }
    return;
  }
  const place = relative(storePath, path);
  if (!IN_STORE.test(place)) return refuse("its path is none that this command was granted");
  // A relative link has one permitted text, without detours. The command thread can move the link,
  // but then the text still ends in an id and `package`: the link can only lead to a path of this
  // form below another ancestor directory.
  if (target !== relative(dirname(path), join(storePath, to))) {
    return refuse("its target is not in the shortest form");
  }
  const [root, parent] = await Promise.all(
    [storePath, dirname(path)].map((one) => Deno.realPath(one).catch(() => undefined)),
  );
  if (root === undefined || parent !== join(root, dirname(place))) {
    return refuse("a directory of its path is missing or a link");
  }
}

/**
 * Makes a symbolic link to a directory, or replaces an existing link atomically. Creates missing
 * parent directories, and removes links with temporary names that killed processes left beside
 * `path`. The caller must hold the store's place lock.
 *
 * @throws {LauncherError} `LINK_FAILED`, for instance if a directory has this path
 */
export async function makeLink(target: string, path: string): Promise<void> {
  const directory = dirname(path);
  const random = toHex(crypto.getRandomValues(new Uint8Array(8)));
  const temporary = join(directory, `.tmp-${Deno.pid}-${random}`);
  try {
    await Deno.mkdir(directory, { recursive: true });
    await removeStale(directory);
    // On Windows, a symbolic link must be created with the type of its target.
    await Deno.symlink(target, temporary, { type: "dir" });
    try {
      await Deno.rename(temporary, path);
    } catch (error) {
      await Deno.remove(temporary).catch(() => {});
      throw error;
    }
  } catch (cause) {
    const why = messageOf(cause);
    const errno = (cause as { code?: unknown }).code;
    throw new LauncherError("failed", "LINK_FAILED", `The link ${path} cannot be made: ${why}`, {
      cause,
      detail: { path, ...(typeof errno === "string" && { errno }) },
    });
  }
}

/** Removes the temporary links to packages that killed processes left in a directory. */
async function removeStale(directory: string): Promise<void> {
  for await (const { name, isSymlink } of Deno.readDir(directory)) {
    const path = join(directory, name);
    if (!isSymlink || !TEMPORARY.test(name) || !await leadsToPackage(path)) continue;
    await Deno.remove(path).catch(() => {});
  }
}

/** Whether a link's target has the form of a package's files in a store, present or not. */
async function leadsToPackage(path: string): Promise<boolean> {
  const target = await Deno.readLink(path).catch(() => "");
  return TARGET.test(join(basename(dirname(target)), basename(target)));
}
