/** Deno's description of a file, made by Node.js. */

import type { Stats } from "node:fs";

/** Converts the status of a file to Deno's form. */
export function infoOf(stats: Stats) {
  const { size, atime, mtime, birthtime, ctime, dev, ino, mode, nlink, uid, gid } = stats;
  return {
    isFile: stats.isFile(),
    isDirectory: stats.isDirectory(),
    isSymlink: stats.isSymbolicLink(),
    ...{ size, atime, mtime, birthtime, ctime, dev, ino, mode, nlink, uid, gid },
  };
}
