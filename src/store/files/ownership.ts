/**
 * Files that belong to root in a user's home: libreseed was run as root there once, and now the user
 * cannot write what is their own.
 *
 * @module
 */

import { lstatSync, type Stats } from "node:fs";
import { dirname } from "node:path";

/** A directory tree is not deeper than this. */
const MAX_DEPTH = 64;

/**
 * Words to add to an error about a path that cannot be read or written: whose it is, and how to get it
 * back. Empty unless it, or the directory that it would be in, is root's in another user's directory.
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

/** `undefined` also for a path below a file, or where nobody may look. */
function infoOf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}
