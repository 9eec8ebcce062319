/**
 * Compresses a part of an archive to a gzip member. The same input gives the same member in every
 * thread and on every machine.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { concatBytes } from "../../base/mod.ts";

/**
 * Header of a gzip member (RFC 1952 section 2.3): deflate, no flags, no time, no level, operating
 * system unknown.
 */
export const GZIP_HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255);
/** The flag in the fourth byte of a gzip header that announces an extra field. */
export const GZIP_EXTRA_FLAG = 4;
/** What follows the header of a gzip member without content: an empty block, CRC-32 and length. */
export const GZIP_NOTHING = Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0, 0, 0);
const LEVEL = 7;
/**
 * Compression level for incompressible data. Such data is slowest to compress at every other level.
 */
const STORED = 0;
/**
 * memLevel of zlib: deflate blocks of 4,096 symbols. Larger blocks compress worse, because each
 * block has a single Huffman code.
 */
const MEM_LEVEL = 6;

/**
 * Length in bytes of the samples that are compressed to estimate whether a member is compressible. One
 * 32nd of the member is sampled.
 */
const SAMPLE_BYTES = 128;
const BYTES_PER_SAMPLE = 32 * SAMPLE_BYTES;
/** Length up to which a member is compressed without an estimate, in bytes. */
const ALWAYS_COMPRESSED_BYTES = 64 * 1024;
/**
 * Minimum share of the length that compression has to save. Otherwise the member is stored
 * uncompressed.
 */
const LEAST_SAVED = 1 / 64;

/** Length of a member's hash in an archive's list, in bytes. */
export const MEMBER_HASH_BYTES = 16;

/** Length in bytes below which node:zlib may return a view of a shared buffer. */
const SHARED_BYTES = 64 * 1024;

/**
 * Compresses bytes to one gzip member (RFC 1952). Concatenated members form a gzip file, and each
 * member can be decompressed by itself.
 */
export function gzipMember(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const member = gzip(bytes, shrinks(bytes) ? LEVEL : STORED);
  // Overwrite the header, because the last byte that node:zlib writes to the header depends on the
  // operating system.
  member.set(GZIP_HEADER);
  return member;
}

function gzip(bytes: Uint8Array, level: number): Uint8Array<ArrayBuffer> {
  // The output buffer fits the longest output in one chunk. The buffer's size is fixed, because the
  // compressed bytes depend on the size, and joining many small chunks would take a multiple of the
  // memory.
  const chunkSize = bytes.length + (bytes.length >> 6) + 1024;
  const zipped = gzipSync(bytes, { level, chunkSize, memLevel: MEM_LEVEL, windowBits: 15 });
  // Copy a small result: it is a view of a shared buffer, which must not be transferred to another
  // thread.
  return zipped.buffer.byteLength < SHARED_BYTES
    ? new Uint8Array(zipped)
    : zipped as Uint8Array<ArrayBuffer>;
}

/**
 * Estimates whether bytes are compressible, from samples at equal distances between the first and
 * the last byte.
 */
function shrinks(bytes: Uint8Array): boolean {
  if (bytes.length <= ALWAYS_COMPRESSED_BYTES) return true;
  const samples = Math.floor(bytes.length / BYTES_PER_SAMPLE);
  const sample = new Uint8Array(samples * SAMPLE_BYTES);
  const distance = Math.floor((bytes.length - SAMPLE_BYTES) / (samples - 1));
  for (let i = 0; i < samples; i++) {
    const at = i * distance;
    sample.set(bytes.subarray(at, at + SAMPLE_BYTES), i * SAMPLE_BYTES);
  }
  const zipped = gzip(sample, LEVEL);
  return zipped.length < sample.length * (1 - LEAST_SAVED);
}

/** Gzip members, and what an archive's list says of them. */
export interface CompressedMembers {
  /** The members, concatenated. */
  bytes: Uint8Array<ArrayBuffer>;
  /** Length of each member in bytes. */
  lengths: number[];
  /** The first 16 bytes of the SHA-256 of each member, concatenated. */
  hashes: Uint8Array<ArrayBuffer>;
}

/**
 * Compresses the beginning of a buffer to one or more members.
 *
 * @param ends the offset at which each member's bytes end, and the next one's begin
 */
export function compressMembers(buffer: Uint8Array, ends: readonly number[]): CompressedMembers {
  const hashes = new Uint8Array(ends.length * MEMBER_HASH_BYTES);
  const members = ends.map((end, at) => {
    const member = gzipMember(buffer.subarray(ends[at - 1] ?? 0, end));
    const hash = createHash("sha256").update(member).digest();
    hashes.set(hash.subarray(0, MEMBER_HASH_BYTES), at * MEMBER_HASH_BYTES);
    return member;
  });
  const lengths = members.map(({ length }) => length);
  const bytes = concatBytes(...members);
  for (const member of members) release(member);
  return { bytes, lengths, hashes };
}

/**
 * Frees a large buffer immediately. A few buffers of 4 MiB rarely trigger garbage collection, so
 * discarded buffers would stay in memory for long. All views of the buffer become empty.
 */
export function release({ buffer }: Uint8Array): void {
  if (buffer.byteLength >= SHARED_BYTES) (buffer as ArrayBuffer).transfer(0);
}
