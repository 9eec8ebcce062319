/**
 * Compresses parts of an archive to gzip members. The same input gives the same members in every thread
 * and on every machine.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { crc32, gzipSync } from "node:zlib";
import { seemsRandom } from "./random_looking.ts";

/**
 * Header of a gzip member (RFC 1952 section 2.3): deflate, no flags, no time, no level, operating
 * system unknown.
 */
export const GZIP_HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255);
/** The flag in the fourth byte of a gzip header that announces an extra field. */
export const GZIP_EXTRA_FLAG = 4;
/** Rest of a gzip member without content, after its header: an empty block, CRC-32 and length. */
export const GZIP_NOTHING = Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0, 0, 0);
const LEVEL = 7;
/**
 * memLevel of zlib: deflate blocks of 4,096 symbols. Larger blocks compress worse, because each
 * block has a single Huffman code.
 */
const MEM_LEVEL = 6;
/** Maximum length in bytes of the contents of a stored block (RFC 1951 section 3.2.4). */
const BLOCK_BYTES = 65_535;
/** Length in bytes of what is before the contents of a stored block. */
const BLOCK_HEADER_BYTES = 5;
/** Length in bytes of what ends a gzip member: CRC-32 and length. */
const TRAILER_BYTES = 8;

/** Length of a member's hash in an archive's list, in bytes. */
export const MEMBER_HASH_BYTES = 16;

/** Length in bytes below which a buffer may be shared with others. */
const SHARED_BYTES = 64 * 1024;

/** Gzip members, and what an archive's list says of them. */
export interface CompressedMembers {
  /** The members, concatenated: the beginning of the output buffer. */
  bytes: Uint8Array;
  /** Length of each member in bytes. */
  lengths: number[];
  /** The first 16 bytes of the SHA-256 of each member, concatenated. */
  hashes: Uint8Array;
}

/**
 * Compresses the beginning of a buffer to one or more members (RFC 1952). Concatenated members form a
 * gzip file, and each member can be decompressed by itself.
 *
 * @param ends the offset at which each member's bytes end, and the next one's begin
 * @param output the output buffer, as long as {@linkcode outputBytesFor} says
 */
export function compressMembers(
  bytes: Uint8Array,
  ends: readonly number[],
  output: Uint8Array,
): CompressedMembers {
  const hashes = new Uint8Array(ends.length * MEMBER_HASH_BYTES);
  let at = 0;
  const lengths = ends.map((end, member) => {
    const length = writeMember(bytes.subarray(ends[member - 1] ?? 0, end), output.subarray(at));
    const hash = createHash("sha256").update(output.subarray(at, at + length)).digest();
    hashes.set(hash.subarray(0, MEMBER_HASH_BYTES), member * MEMBER_HASH_BYTES);
    at += length;
    return length;
  });
  return { bytes: output.subarray(0, at), lengths, hashes };
}

/** Maximum length in bytes of the members of a tar of this length, each of at least 4,096 bytes. */
export function outputBytesFor(tarBytes: number): number {
  return tarBytes + (tarBytes >> 6) + 64;
}

/** Writes bytes as one member to the beginning of a buffer. Returns the member's length. */
function writeMember(bytes: Uint8Array, output: Uint8Array): number {
  const zipped = seemsRandom(bytes) ? undefined : gzip(bytes);
  if (zipped === undefined || zipped.length >= storedBytes(bytes.length)) {
    return storeMember(bytes, output);
  }
  const { length } = zipped;
  output.set(zipped);
  release(zipped);
  // Overwrite the header, because the last byte that node:zlib writes to the header depends on the
  // operating system.
  output.set(GZIP_HEADER);
  return length;
}

function gzip(bytes: Uint8Array): Uint8Array {
  // The output buffer fits the longest output in one chunk. The buffer's size is fixed, because the
  // compressed bytes depend on the size, and joining many small chunks would take a multiple of the
  // memory.
  const chunkSize = bytes.length + (bytes.length >> 6) + 1024;
  return gzipSync(bytes, { level: LEVEL, chunkSize, memLevel: MEM_LEVEL, windowBits: 15 });
}

/** Length of a member that is not compressed, in bytes. */
function storedBytes(length: number): number {
  const blocks = Math.max(1, Math.ceil(length / BLOCK_BYTES));
  return GZIP_HEADER.length + blocks * BLOCK_HEADER_BYTES + length + TRAILER_BYTES;
}

/** Writes bytes as one member of stored blocks, which are full except for the last. */
function storeMember(bytes: Uint8Array, output: Uint8Array): number {
  const view = new DataView(output.buffer, output.byteOffset);
  output.set(GZIP_HEADER);
  let at = GZIP_HEADER.length;
  let from = 0;
  do {
    const block = bytes.subarray(from, from + BLOCK_BYTES);
    from += block.length;
    output[at] = from === bytes.length ? 1 : 0;
    view.setUint16(at + 1, block.length, true);
    view.setUint16(at + 3, ~block.length, true);
    output.set(block, at + BLOCK_HEADER_BYTES);
    at += BLOCK_HEADER_BYTES + block.length;
  } while (from < bytes.length);
  view.setUint32(at, crc32(bytes), true);
  view.setUint32(at + 4, bytes.length, true);
  return at + TRAILER_BYTES;
}

/**
 * Frees a large buffer immediately. A few large buffers rarely trigger garbage collection, so
 * discarded buffers would stay in memory for long. All views of the buffer become empty.
 */
export function release({ buffer }: Uint8Array): void {
  if (buffer.byteLength >= SHARED_BYTES) (buffer as ArrayBuffer).transfer(0);
}
