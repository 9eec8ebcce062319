/**
 * A hint for error messages about files in a user's home directory that belong to root, because
 * libreseed once ran as root. The user cannot write to such files.
 *
 * @module
 */

import type { Stats } from "node:fs";
import { dirname } from "node:path";
import { nodeFs } from "../../base/mod.ts";

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
    if (info === "hidden" && !theirs) return "";
    const owner = info === "hidden" ? ownIds() : info;
    if (owner && owner.uid !== 0) {
      if (!theirs) return "";
      const back = theirs.info.isDirectory() ? theirs.path : at;
      return `: ${theirs.path} belongs to root, so libreseed was run as root here. Give it back with ` +
        `\`sudo chown -R ${owner.uid}:${owner.gid} ${back}\``;
    }
    if (info && info !== "hidden") theirs = { path: at, info };
    const above = dirname(at);
    if (above === at) return "";
    at = above;
  }
  return "";
}

/**
 * Returns the status of a path; `undefined` if the path does not exist or cannot be accessed,
 * `hidden` if the calling thread has no permission for it. A command's thread may open the files of
 * the home, but not the home itself.
 */
function infoOf(path: string): Stats | "hidden" | undefined {
  try {
    return nodeFs().lstatSync(path);
  } catch (error) {
    return error instanceof Deno.errors.NotCapable ? "hidden" : undefined;
  }
}

/** The ids of this user, who is taken for the owner of a home that the thread may not look at. */
function ownIds(): { uid: number; gid: number } | undefined {
  try {
    const [uid, gid] = [Deno.uid(), Deno.gid()];
    return uid === null || gid === null ? undefined : { uid, gid };
  } catch {
    return undefined;
  }
}
