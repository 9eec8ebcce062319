/**
 * Shorthands of the tests of selection.
 *
 * @module
 */

import { selectDirectory, type SelectOptions } from "../../../../src/package/mod.ts";
import { type Tree, writeTree } from "../../../support/package_archives.ts";

/** Name and version of every package. */
export const named = { name: "hello", version: "1.0.0" };

/** Selects the files of a directory. */
export function select(dir: string, options: Partial<SelectOptions> = {}) {
  return selectDirectory({ dir, ...named, ...options });
}

/** Writes a directory tree, and returns the paths that are selected for the package. */
export async function chosen(dir: string, tree: Tree, options: Partial<SelectOptions> = {}) {
  await writeTree(dir, tree);
  return (await select(dir, options)).files.map(({ path }) => path);
}

/** Makes a tree of files, each of which contains its path. `between` separates the paths. */
export function filesOf(paths: string, between = " "): Tree {
  return Object.fromEntries(paths.split(between).map((path) => [path, path]));
}
