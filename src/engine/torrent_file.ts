/**
 * Reads a `.torrent` file in the seed directory.
 *
 * @module
 */

import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from "node:fs";

/** Maximum length of a `.torrent` file. Two million piece hashes of 20 bytes fit. */
const MAX_TORRENT_BYTES = 40 * 1024 * 1024;

/**
 * Reads a `.torrent` file, which must be a regular file with one name. A symbolic link could lead
 * out of the sandbox, so the opened file must be the same file (device and inode) as the one at the
 * path. A hard link could be the name of a file that lies outside of the sandbox.
 *
 * @throws if the path is not a regular file, the file has more than one name, or is too large
 */
export function readTorrentFile(path: string): Uint8Array {
  const descriptor = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  try {
    const opened = fstatSync(descriptor);
    const there = lstatSync(path);
    const isThere = there.isFile() && there.ino === opened.ino && there.dev === opened.dev;
    if (!isThere || opened.nlink > 1) {
      throw new Error(`${path} is a link, has more than one name, or is no regular file`);
    }
    if (opened.size > MAX_TORRENT_BYTES) throw new Error(`${path} is too large for a .torrent`);
    const bytes = new Uint8Array(opened.size);
    for (let length = 0; length < bytes.length;) {
      const count = readSync(descriptor, bytes, length, bytes.length - length, length);
      if (count === 0) throw new Error(`${path} became shorter while it was read`);
      length += count;
    }
    return bytes;
  } finally {
    closeSync(descriptor);
  }
}
