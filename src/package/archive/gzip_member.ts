/**
 * Compresses a part of an archive to a gzip member. The same input gives the same member in every
 * thread and on every machine.
 *
 * @module
 */

import { gzipSync } from "node:zlib";

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
 * Number, and length in bytes, of the samples that are compressed to estimate whether a member is
 * compressible.
 */
const SAMPLES = 64;
const SAMPLE_BYTES = 512;
/**
 * Minimum share of the length that compression has to save. Otherwise the member is stored
 * uncompressed.
 */
const LEAST_SAVED = 1 / 64;

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
  const sample = new Uint8Array(SAMPLES * SAMPLE_BYTES);
  if (bytes.length <= sample.length) return true;
  // The distance between samples is 66,568 bytes for a full member. If the distance were a power of
  // two, all samples would come from the same part of a disk block.
  const distance = Math.floor((bytes.length - SAMPLE_BYTES) / (SAMPLES - 1));
  for (let i = 0; i < SAMPLES; i++) {
    const at = i * distance;
    sample.set(bytes.subarray(at, at + SAMPLE_BYTES), i * SAMPLE_BYTES);
  }
  const zipped = gzip(sample, LEVEL);
  return zipped.length < sample.length * (1 - LEAST_SAVED);
}

/**
 * Frees a large buffer immediately. A few buffers of 4 MiB rarely trigger garbage collection, so
 * discarded buffers would stay in memory for long. All views of the buffer become empty.
 */
export function release({ buffer }: Uint8Array): void {
  if (buffer.byteLength >= SHARED_BYTES) (buffer as ArrayBuffer).transfer(0);
}
