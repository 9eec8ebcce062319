/**
 * Directories that are never packed, by whatever path they are reached: the home and the seed
 * directory in use. The caller names them.
 *
 * @module
 */

import { sep } from "node:path";
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
   * @throws {PackageError} `DIRECTORY_INVALID` if the root is a directory that is never packed
   */
  static async find(paths: readonly string[], root: string): Promise<Places> {
    const places: Place[] = [];
    for (const path of paths) {
      const place = await placeOf(path);
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

async function placeOf(path: string): Promise<Place | undefined> {
  try {
    const { dev, ino } = await Deno.stat(path);
    return { path: await Deno.realPath(path), dev, ino };
  } catch {
    return undefined;
  }
}

function isInside(path: string, directory: string): boolean {
  return path.startsWith(directory.endsWith(sep) ? directory : directory + sep);
}
