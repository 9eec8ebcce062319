/**
 * Compresses a part of an archive. The same bytes give the same member, in whichever thread.
 *
 * @module
 */

import { gzipSync } from "node:zlib";

/** RFC 1952 section 2.3: deflate, no flags, no time, no word on the level, system unknown. */
const GZIP_HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255);
const LEVEL = 7;
/** What does not shrink is stored: with all other levels zlib takes longest for it. */
const STORED = 0;
/** Blocks of 4,096 symbols, each with a code of its own: smaller than with larger ones. */
const MEM_LEVEL = 6;

/** How many parts of a member are looked at to tell whether it shrinks, and their length. */
const SAMPLES = 64;
const SAMPLE_BYTES = 512;
/** Too little to shrink for the time that it would take, as a part of the length. */
const LEAST_SAVED = 1 / 64;

/** Node's small buffers share one that is smaller than this. */
const SHARED_BYTES = 64 * 1024;

/**
 * One member of a gzip file (RFC 1952). Members one after the other are a gzip file too, and nothing in
 * one depends on another.
 */
export function gzipMember(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const member = gzip(bytes, shrinks(bytes) ? LEVEL : STORED);
  // The last byte says on which system it was made: node:zlib writes that of the machine.
  member.set(GZIP_HEADER);
  return member;
}

function gzip(bytes: Uint8Array, level: number): Uint8Array<ArrayBuffer> {
  // Room for all that can come out: what comes out depends on the room, and what is gathered from
  // many small buffers is a multiple of it in memory.
  const chunkSize = bytes.length + (bytes.length >> 6) + 1024;
  const zipped = gzipSync(bytes, { level, chunkSize, memLevel: MEM_LEVEL, windowBits: 15 });
  // Small ones share their memory, which is not handed to other threads.
  return zipped.buffer.byteLength < SHARED_BYTES
    ? new Uint8Array(zipped)
    : zipped as Uint8Array<ArrayBuffer>;
}

/** Whether it seems worth compressing, going by parts of it at equal distances, first to last byte. */
function shrinks(bytes: Uint8Array): boolean {
  const sample = new Uint8Array(SAMPLES * SAMPLE_BYTES);
  if (bytes.length <= sample.length) return true;
  // Of a whole member 66,568 bytes: no power of two, at which what is in blocks would look all alike.
  const distance = Math.floor((bytes.length - SAMPLE_BYTES) / (SAMPLES - 1));
  for (let i = 0; i < SAMPLES; i++) {
    const at = i * distance;
    sample.set(bytes.subarray(at, at + SAMPLE_BYTES), i * SAMPLE_BYTES);
  }
  const zipped = gzip(sample, LEVEL);
  return zipped.length < sample.length * (1 - LEAST_SAVED);
}

/**
 * Gives large memory back to the system at once. The garbage collector would let it lie: it counts
 * objects, and this is a few of 4 MiB. The bytes, and all others of the same memory, are gone.
 */
export function release({ buffer }: Uint8Array): void {
  if (buffer.byteLength >= SHARED_BYTES) (buffer as ArrayBuffer).transfer(0);
}
