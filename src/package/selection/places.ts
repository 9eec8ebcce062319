/**
 * Directories that are never packed, by whatever path they are reached: the home and the seed
 * directory in use. The caller names them.
 *
 * @module
 */

import { sep } from "node:path";
import type { describePath } from "../../base/mod.ts";
import { PackageError } from "../errors.ts";

interface Place {
  /** Real path of a directory that is never packed. */
  path: string;
  dev: number;
  ino: number | null;
}

/** The set of directories that never go into a package. */
export class Places {
  readonly #places: Place[];

  private constructor(places: Place[]) {
    this.#places = places;
  }

  /**
   * Resolves the directories that are never packed. A missing directory is ignored.
   *
   * @param root real path of the directory to pack
   * @param describe describes a directory, which the calling thread may not open
   * @throws {PackageError} `DIRECTORY_INVALID` if the root is a directory that is never packed
   */
  static async find(
    paths: readonly string[],
    root: string,
    describe: typeof describePath,
  ): Promise<Places> {
    const places: Place[] = [];
    for (const path of paths) {
      const place = await placeOf(path, describe);
      if (place?.path === root) {
        const message = `${root} belongs to libreseed, with a private key or archives in it, and ` +
          `cannot be packed. Pack a directory in it or beside it.`;
        throw new PackageError("usage", "DIRECTORY_INVALID", message, { detail: { path: root } });
      }
      // A directory inside the home may be packed if the user names it explicitly.
      if (place && !isInside(root, place.path)) places.push(place);
    }
    return new Places(places);
  }

  /** Whether a real path is one of the directories that are never packed, or is inside one. */
  hold(path: string, info: Deno.FileInfo): boolean {
    // Device and inode identify a directory that is mounted twice or reached with different upper
    // and lower case.
    return this.#places.some((place) =>
      path === place.path || isInside(path, place.path) ||
      info.isDirectory && info.ino !== null && info.ino === place.ino && info.dev === place.dev
    );
  }
}

async function placeOf(path: string, describe: typeof describePath): Promise<Place | undefined> {
  try {
    const found = await describe(path);
    return found && { path: found.realPath, dev: found.dev, ino: found.ino };
  } catch (error) {
    // A place that this thread may not describe would be packed.
    if (error instanceof Deno.errors.NotCapable) throw error;
    return undefined;
  }
}

function isInside(path: string, directory: string): boolean {
  return path.startsWith(directory.endsWith(sep) ? directory : directory + sep);
}
