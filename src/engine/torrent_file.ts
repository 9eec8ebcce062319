/**
 * Reads a `.torrent` that lies in the seed directory.
 *
 * @module
 */

import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from "node:fs";

/** A torrent of one file with pieces of 20 bytes each; this is enough for two million of them. */
const MAX_TORRENT_BYTES = 40 * 1024 * 1024;

/**
 * The bytes of the regular file at a path. As in the chunk store, what was opened is compared with
 * what lies there, for a link would lead out of the sandbox.
 *
 * @throws if it is no regular file, or too large
 */
export function readTorrentFile(path: string): Uint8Array {
  const descriptor = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  try {
    const opened = fstatSync(descriptor);
    const there = lstatSync(path);
    if (!there.isFile() || there.ino !== opened.ino || there.dev !== opened.dev) {
      throw new Error(`${path} is a link or no regular file`);
    }
    if (opened.size > MAX_TORRENT_BYTES) throw new Error(`${path} is too large for a .torrent`);
    const bytes = new Uint8Array(opened.size);
    for (let length = 0; length < bytes.length;) {
      const count = readSync(descriptor, bytes, length, bytes.length - length, length);
      if (count === 0) throw new Error(`${path} ends too early`);
      length += count;
    }
    return bytes;
  } finally {
    closeSync(descriptor);
  }
}
