/**
 * A hint for files in a user's home that belong to root, because libreseed once ran as root there.
 * The user cannot write to them.
 *
 * @module
 */

import { lstatSync, type Stats } from "node:fs";
import { dirname } from "node:path";

/** Maximum number of parent directories to examine. */
const MAX_DEPTH = 64;

/**
 * A hint to append to a permission error: the owner of the path, and the command that gives it back
 * to the user. Empty unless the path, or its nearest existing directory, belongs to root inside
 * another user's directory.
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

/** Status of a path; `undefined` if it does not exist or cannot be read. */
function infoOf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}
