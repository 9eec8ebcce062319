/**
 * Parses the headers of a tar in the canonical form of `docs/protocol.md` section 4. Any other
 * header is refused, because other programs might interpret it differently.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { fromUtf8 } from "../../base/mod.ts";
import { PackageError, quote, verificationError } from "../errors.ts";

/** Length of a tar header in bytes. Contents of files are padded to a multiple of this length. */
export const BLOCK_BYTES = 512;
/** Maximum size that 11 octal digits can express; larger sizes are written in base 256. */
const MAX_OCTAL_SIZE = 8 ** 11 - 1;
/** Placeholder in the name field of a pax header, and of the file header after it. */
export const PAX_NAME = "PaxHeader";
const PAX_RECORD = " path=";
const LINE_FEED = 0x0a;

const NAME_BYTES = 100;
const CHECKSUM_AT = 148;
const PREFIX_AT = 345;
const PREFIX_BYTES = 155;
/** Type bytes of the accepted headers: `0` and `x`. */
const [FILE, PAX] = [0x30, 0x78];
/**
 * Name of the device number fields in messages. Some programs leave these fields empty for files.
 */
const DEVICE = "device number";

/** A parsed header of a tar: the metadata of one entry. */
export interface TarHeader {
  /**
   * The entry's kind. The contents of a pax header (type `x`) hold the path of the header after it.
   */
  type: "file" | "pax";
  /** The path of the entry. A file with a pax header has {@linkcode PAX_NAME} here. */
  path: string;
  sizeBytes: number;
  executable: boolean;
}

/** Buffer for the current header, readable as 32-bit words. */
const words = new Uint32Array(BLOCK_BYTES / 4);
const bytes = new Uint8Array(words.buffer);

const encoder = new TextEncoder();
/** Buffer for a path encoded as UTF-8, to compare the path with the bytes of a header. */
let encoded = new Uint8Array(2048);

/**
 * Parses a header.
 *
 * @param header 512 bytes, not all of them zero
 * @param expected the expected path. Comparing a header with the expected path takes a tenth of the
 *   time of decoding the path; a header with another path is parsed as well
 * @throws {PackageError} kind `verification`, step `archive-limits`: `ARCHIVE_DAMAGED`,
 * `FILE_TYPE_REFUSED`, `HEADER_REFUSED`
 */
export function readHeader(header: Uint8Array, expected?: string): TarHeader {
  const block = bytes;
  block.set(header);
  if (number(block, CHECKSUM_AT, 8) !== checksum()) {
    const message = "The archive is damaged: the checksum of a header in its tar does not hold.";
    throw verificationError("archive-limits", "ARCHIVE_DAMAGED", message);
  }
  const isPax = block[156] === PAX;
  const likely = isPax ? PAX_NAME : expected;
  const isExpected = likely !== undefined && hasPath(block, likely);
  const path = isExpected ? likely : pathOf(block);
  if (!isPax && block[156] !== FILE) {
    const type = String.fromCharCode(block[156]!);
    const message = `The archive's entry ${quote(path)} is ${nameOfType(type)}; ` +
      `only files are allowed.`;
    throw verificationError("archive-limits", "FILE_TYPE_REFUSED", message);
  }
  // Accept only the POSIX format; the old GNU format has spaces in the magic.
  if (!isAt(block, 257, MAGIC)) throw refused(path, "is not of the format ustar");
  if (!isExpected && !hasPath(block, path)) throw refused(path, "has its path in another form");
  if (isPax && path !== PAX_NAME) throw refused(path, "is a pax header of another name");
  const mode = number(block, 100, 8);
  if (mode !== 0o644 && mode !== 0o755) throw refused(path, "has a mode that is not 0644 or 0755");
  for (const [field, at, length] of ZERO_NUMBERS) {
    if (number(block, at, length) === 0) continue;
    const isEmpty = field === DEVICE && isZeroIn(block, at, at + length);
    if (!isEmpty) throw refused(path, `has a ${field} that is not 0`);
  }
  for (const [field, at, length] of EMPTY_FIELDS) {
    if (!isZeroIn(block, at, at + length)) throw refused(path, `has a ${field}`);
  }
  const sizeBytes = sizeOf(block);
  if (sizeBytes === undefined) {
    throw refused(path, "has a size that is not written as it should be");
  }
  const executable = mode === 0o755;
  return { type: isPax ? "pax" : "file", path, sizeBytes, executable };
}

/** Throws if a file's header does not match the pax header before it. */
export function checkPaxPair(pax: TarHeader, file: TarHeader, path: string): void {
  if (file.type !== "file") throw refused(path, "has two pax headers");
  if (file.path !== PAX_NAME) throw refused(path, "has a header with another path");
  if (file.executable !== pax.executable) throw refused(path, "has a pax header of another mode");
  if (splitPath(path) !== undefined) throw refused(path, "has a pax header that it does not need");
}

/**
 * Returns the maximum length in bytes of a pax header's contents.
 *
 * @param maxPathBytes maximum length of a path
 */
export function maxPaxBytes(maxPathBytes: number): number {
  const length = PAX_RECORD.length + maxPathBytes + 1;
  return length + `${length}`.length + 1;
}

/**
 * Parses the contents of a pax header, which have to be one record, `LENGTH path=PATH` and a line
 * feed. Returns the path.
 *
 * @param expected the expected path, as for {@linkcode readHeader}
 * @throws {PackageError} `HEADER_REFUSED`, `PATH_REFUSED`
 */
export function pathOfPax(contents: Uint8Array, expected?: string): string {
  // LENGTH counts the whole record, including its own digits.
  const begin = `${contents.length}${PAX_RECORD}`;
  if (!isAt(contents, 0, begin) || contents.at(-1) !== LINE_FEED) {
    throw refused(PAX_NAME, "does not hold exactly one path");
  }
  const path = contents.subarray(begin.length, -1);
  if (expected !== undefined && isUtf8Of(expected, path)) return expected;
  try {
    return fromUtf8(path);
  } catch (cause) {
    const message = "The path of a file in the archive is not valid Unicode.";
    throw verificationError("archive-limits", "PATH_REFUSED", message, { cause });
  }
}

/** Whether the bytes are the UTF-8 encoding of the text. */
function isUtf8Of(text: string, bytes: Uint8Array): boolean {
  // Each UTF-16 code unit takes one to three bytes in UTF-8.
  if (text.length > bytes.length || text.length * 3 < bytes.length) return false;
  if (encoded.length <= bytes.length) encoded = new Uint8Array(bytes.length + 1);
  const { read, written } = encoder.encodeInto(text, encoded);
  if (read !== text.length || written !== bytes.length) return false;
  return Buffer.compare(encoded.subarray(0, written), bytes) === 0;
}

/**
 * Splits a path for the fields `prefix` and `name` of a header; returns `undefined` if the path
 * needs a pax header.
 */
export function splitPath(path: string): { name: string; prefix: string } | undefined {
  // deno-lint-ignore no-control-regex
  if (!/^[\x01-\x7f]*$/.test(path)) return undefined;
  let start = 0;
  while (path.length - start > NAME_BYTES) {
    const slash = path.indexOf("/", start);
    if (slash === -1) return undefined;
    start = slash + 1;
  }
  const prefix = path.slice(0, Math.max(0, start - 1));
  return prefix.length > PREFIX_BYTES ? undefined : { name: path.slice(start), prefix };
}

/** Whether all bytes are zero, as in the padding of files and at the end of a tar. */
export function isZero(bytes: Uint8Array): boolean {
  let i = 0;
  if (bytes.length >= 64) {
    // Comparing words of four bytes takes a quarter of the time.
    const first = -bytes.byteOffset & 3;
    const words = new Uint32Array(
      bytes.buffer,
      bytes.byteOffset + first,
      (bytes.length - first) >> 2,
    );
    for (; i < first; i++) if (bytes[i] !== 0) return false;
    for (let word = 0; word < words.length; word++) if (words[word] !== 0) return false;
    i += words.length * 4;
  }
  for (; i < bytes.length; i++) if (bytes[i] !== 0) return false;
  return true;
}

/**
 * Variant of {@linkcode isZero} for a part of the current header. Creating a view of the part would
 * take longer.
 */
function isZeroIn(block: Uint8Array, begin: number, end: number): boolean {
  let i = begin;
  for (; i < end && (i & 3) !== 0; i++) if (block[i] !== 0) return false;
  for (; i + 4 <= end; i += 4) if (words[i >> 2] !== 0) return false;
  for (; i < end; i++) if (block[i] !== 0) return false;
  return true;
}

const MAGIC = "ustar\u000000";

/** Number fields of a header that must be 0: name in messages, offset, length. */
const ZERO_NUMBERS: readonly [string, number, number][] = [
  ["user id", 108, 8],
  ["group id", 116, 8],
  ["time", 136, 12],
  [DEVICE, 329, 8],
  [DEVICE, 337, 8],
];

/** Fields of a header that must be empty: name in messages, offset, length. */
const EMPTY_FIELDS: readonly [string, number, number][] = [
  ["link name", 157, 100],
  ["user name", 265, 32],
  ["group name", 297, 32],
  ["padding", 500, 12],
];

/**
 * Parses the size of a file: octal, or base 256 from 8 GiB on. All tar programs agree on both
 * forms.
 */
function sizeOf(block: Uint8Array): number | undefined {
  if (block[124] !== 0x80) return number(block, 124, 12);
  let size = 0;
  for (const byte of block.subarray(125, 136)) size = size * 256 + byte;
  return size > MAX_OCTAL_SIZE && Number.isSafeInteger(size) ? size : undefined;
}

/**
 * Parses octal digits followed only by spaces and NULs; returns `undefined` for any other field.
 */
function number(block: Uint8Array, at: number, length: number): number | undefined {
  let value = 0;
  let i = 0;
  for (; i < length; i++) {
    const digit = block[at + i]! - 0x30;
    if (digit < 0 || digit > 7) break;
    value = value * 8 + digit;
  }
  const digits = i;
  for (; i < length; i++) if (block[at + i] !== 0 && block[at + i] !== 0x20) return undefined;
  return digits > 0 && digits < length ? value : undefined;
}

/**
 * Computes the checksum of the current header: the sum of all bytes, with spaces in place of the
 * checksum field. Two partial sums are computed at once, in the upper and the lower 16 bits of a
 * number. Each partial sum adds two bytes of each of 126 words, so it fits into 16 bits.
 */
function checksum(): number {
  let sums = 0;
  for (let i = 0; i < words.length; i++) {
    if (i === CHECKSUM_AT / 4) i += 2;
    const word = words[i]!;
    sums = sums + (word & 0xff00ff) + (word >>> 8 & 0xff00ff) | 0;
  }
  return 8 * 0x20 + (sums & 0xffff) + (sums >>> 16);
}

/**
 * Whether a header stores the path in the canonical form, in which `tar_writer.ts` would write the
 * path.
 */
function hasPath(block: Uint8Array, path: string): boolean {
  let start = 0;
  if (path.length > NAME_BYTES) {
    const split = splitPath(path);
    if (!split?.prefix) return false;
    start = path.length - split.name.length;
  }
  return hasText(block, 0, NAME_BYTES, path, start, path.length) &&
    hasText(block, PREFIX_AT, PREFIX_BYTES, path, 0, Math.max(0, start - 1));
}

/** Whether a field contains a slice of an ASCII text, followed by zeros. */
function hasText(
  block: Uint8Array,
  at: number,
  length: number,
  text: string,
  begin: number,
  end: number,
): boolean {
  let all = 0;
  for (let i = begin; i < end; i++, at++, length--) {
    const unit = text.charCodeAt(i);
    if (block[at] !== unit || unit === 0) return false;
    all |= unit;
  }
  return all < 0x80 && isZeroIn(block, at, at + length);
}

/** Decodes the path of a header, in canonical or any other form. */
function pathOf(block: Uint8Array): string {
  const name = text(block, 0, NAME_BYTES);
  const prefix = text(block, PREFIX_AT, PREFIX_BYTES);
  return prefix === "" ? name : `${prefix}/${name}`;
}

/**
 * Decodes a field up to its first NUL. Bytes beyond ASCII become U+FFFD, which paths may not
 * contain.
 */
function text(block: Uint8Array, at: number, length: number): string {
  let end = at;
  while (end < at + length && block[end] !== 0) end++;
  return Array.from(block.subarray(at, end), (byte) => {
    return byte < 0x80 ? String.fromCharCode(byte) : "\ufffd";
  }).join("");
}

/** Whether an ASCII text is at an offset in the bytes. */
function isAt(block: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (block[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

function nameOfType(type: string): string {
  switch (type) {
    case "\0":
      return "of the format before ustar";
    case "1":
      return "a hard link";
    case "2":
      return "a symbolic link";
    case "3":
    case "4":
      return "a device";
    case "5":
      return "a directory";
    case "6":
      return "a FIFO";
    case "g":
      return "a global pax header";
    case "L":
    case "K":
      return "a long name of GNU tar";
  }
  return `of the unknown type ${quote(type)}`;
}

function refused(path: string, why: string): PackageError {
  const message =
    `The header of ${quote(path)} in the archive has a form that libreseed does not ` +
    `write: it ${why}.`;
  return verificationError("archive-limits", "HEADER_REFUSED", message);
}
