/**
 * Facts about a file or directory, without its content.
 *
 * @module
 */

/** Facts that {@linkcode describePath} returns about a path. */
export interface PathDescription {
  /** Whether the path leads to a directory, after symbolic links. */
  isDirectory: boolean;
  /** Whether the path itself is a symbolic link. */
  isSymlink: boolean;
  /** Path without symbolic links, absolute. */
  realPath: string;
  /** Permissions and type, as stat(2) returns them; `null` on Windows. */
  mode: number | null;
  /** User id of the owner; `null` on Windows. */
  uid: number | null;
  dev: number;
  ino: number | null;
}

/**
 * Describes a file or directory; `undefined` if nothing is there.
 *
 * @throws {Deno.errors.PermissionDenied} and the other errors of the file system
 */
export async function describePath(path: string): Promise<PathDescription | undefined> {
  try {
    const { isSymlink } = await Deno.lstat(path);
    const { isDirectory, mode, uid, dev, ino } = await Deno.stat(path);
    return { isDirectory, isSymlink, realPath: await Deno.realPath(path), mode, uid, dev, ino };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return undefined;
    }
    throw error;
  }
}
