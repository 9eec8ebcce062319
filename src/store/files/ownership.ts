/**
 * A hint for error messages about files in a user's home directory that belong to root, because
 * libreseed once ran as root. The user cannot write to such files.
 *
 * @module
 */

import { lstatSync, type Stats } from "node:fs";
import { dirname } from "node:path";

/** Maximum number of directories, from a path upwards, whose owners are examined. */
const MAX_DEPTH = 64;

/**
 * Returns a hint to append to a permission error: who owns the path, and the command that changes
 * the owner to the user. Returns an empty text unless the path (or its nearest existing parent
 * directory) belongs to root and lies in another user's directory.
 */
export function rootOwnedHint(path: string): string {
  let at = path;
  let theirs: { path: string; info: Stats } | undefined;
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const info = infoOf(at);
    if (info && info.uid !== 0) {
      if (!theirs) return "";
      const back = theirs.info.isDirectory() ? theirs.path : at;
      return `: ${theirs.path} belongs to root, so libreseed was run as root here. Give it back with ` +
        `\`sudo chown -R ${info.uid}:${info.gid} ${back}\``;
    }
    if (info) theirs = { path: at, info };
    const above = dirname(at);
    if (above === at) return "";
    at = above;
  }
  return "";
}

/** Returns the status of a path; `undefined` if the path does not exist or cannot be accessed. */
function infoOf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}
