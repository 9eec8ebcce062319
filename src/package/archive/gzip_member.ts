/**
 * Compresses a part of an archive to a gzip member. The same bytes give the same member in every
 * thread.
 *
 * @module
 */

import { gzipSync } from "node:zlib";

/**
 * Header of a member (RFC 1952 section 2.3): deflate, no flags, no time, no level, system unknown.
 */
const GZIP_HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255);
const LEVEL = 7;
/** Level for data that does not shrink, which is slowest to compress at every other level. */
const STORED = 0;
/** Deflate blocks of 4,096 symbols. Larger blocks compressed less, as each has one Huffman code. */
const MEM_LEVEL = 6;

/** Number and length in bytes of the parts that are compressed to guess whether a member shrinks. */
const SAMPLES = 64;
const SAMPLE_BYTES = 512;
/** Share of the length that compressing has to save, or the member is stored. */
const LEAST_SAVED = 1 / 64;

/** Length in bytes below which node:zlib may return a view of a shared buffer. */
const SHARED_BYTES = 64 * 1024;

/**
 * Makes one member of a gzip file (RFC 1952). Concatenated members are a gzip file, and no member
 * depends on another.
 */
export function gzipMember(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const member = gzip(bytes, shrinks(bytes) ? LEVEL : STORED);
  // The last byte of the header names the system; node:zlib writes the machine's.
  member.set(GZIP_HEADER);
  return member;
}

function gzip(bytes: Uint8Array, level: number): Uint8Array<ArrayBuffer> {
  // Room for the longest output: the output depends on the room, and collecting it from many small
  // buffers would take a multiple of the memory.
  const chunkSize = bytes.length + (bytes.length >> 6) + 1024;
  const zipped = gzipSync(bytes, { level, chunkSize, memLevel: MEM_LEVEL, windowBits: 15 });
  // A small result is a view of a shared buffer, which must not move to another thread: copy it.
  return zipped.buffer.byteLength < SHARED_BYTES
    ? new Uint8Array(zipped)
    : zipped as Uint8Array<ArrayBuffer>;
}

/** Guesses whether bytes are worth compressing, from parts at equal distances, first to last byte. */
function shrinks(bytes: Uint8Array): boolean {
  const sample = new Uint8Array(SAMPLES * SAMPLE_BYTES);
  if (bytes.length <= sample.length) return true;
  // 66,568 bytes for a full member. A power of two would sample the same part of every disk block.
  const distance = Math.floor((bytes.length - SAMPLE_BYTES) / (SAMPLES - 1));
  for (let i = 0; i < SAMPLES; i++) {
    const at = i * distance;
    sample.set(bytes.subarray(at, at + SAMPLE_BYTES), i * SAMPLE_BYTES);
  }
  const zipped = gzip(sample, LEVEL);
  return zipped.length < sample.length * (1 - LEAST_SAVED);
}

/**
 * Frees a large buffer at once. The garbage collector would keep it for long: it counts objects, and
 * these are few objects of 4 MiB. All views of the buffer become empty.
 */
export function release({ buffer }: Uint8Array): void {
  if (buffer.byteLength >= SHARED_BYTES) (buffer as ArrayBuffer).transfer(0);
}
