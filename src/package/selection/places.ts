/**
 * Places that are never packed, by whatever path they are reached: the home and the seed directory in
 * use. Who names them is the caller.
 *
 * @module
 */

import { sep } from "node:path";
import { PackageError } from "../errors.ts";

interface Place {
  /** Real path. */
  path: string;
  dev: number;
  ino: number | null;
}

/** Directories that no package holds. */
export class Places {
  readonly #places: Place[];

  private constructor(places: Place[]) {
    this.#places = places;
  }

  /**
   * Looks where they are. One that is not there holds nothing.
   *
   * @param root real path of the directory to pack
   * @throws {PackageError} `DIRECTORY_INVALID` if the root is one of them
   */
  static async find(paths: readonly string[], root: string): Promise<Places> {
    const places: Place[] = [];
    for (const path of paths) {
      const place = await placeOf(path);
      if (place?.path === root) {
        const message = `${root} is libreseed's own, with a private key or archives in it, and ` +
          `cannot be packed. Pack a directory in it or beside it.`;
        throw new PackageError("usage", "DIRECTORY_INVALID", message, { detail: { path: root } });
      }
      // What lies in a home may be packed, if somebody asks for that very directory.
      if (place && !isInside(root, place.path)) places.push(place);
    }
    return new Places(places);
  }

  /** Whether a real path is one of the places, or lies in one. */
  hold(path: string, info: Deno.FileInfo): boolean {
    // The same directory may be mounted elsewhere, or be spelled in another case.
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
