/**
 * Compresses a part of an archive. The same bytes give the same member, in whichever thread.
 *
 * @module
 */

import { gzipSync } from "node:zlib";

/** RFC 1952 section 2.3: deflate, no flags, no time, no word on the level, system unknown. */
const GZIP_HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255);
const GZIP_LEVEL = 6;

/**
 * One member of a gzip file (RFC 1952). Members one after the other are a gzip file too, and nothing in
 * one depends on another.
 */
export function gzipMember(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  // The size of zlib's chunks is left as it is: what comes out of some input depends on it.
  const zipped = gzipSync(bytes, { level: GZIP_LEVEL, memLevel: 8, windowBits: 15 });
  // Copied: it may be a part of a larger buffer, and this one is handed to other threads.
  const member = new Uint8Array(zipped);
  release(zipped);
  // The last byte says on which system it was made: node:zlib writes that of the machine.
  member.set(GZIP_HEADER);
  return member;
}

/** Node's small buffers share one that is smaller than this. */
const SHARED_BYTES = 64 * 1024;

/**
 * Gives large memory back to the system at once. The garbage collector would let it lie: it counts
 * objects, and this is a few of 4 MiB. The bytes, and all others of the same memory, are gone.
 */
export function release({ buffer }: Uint8Array): void {
  if (buffer.byteLength >= SHARED_BYTES) (buffer as ArrayBuffer).transfer(0);
}
