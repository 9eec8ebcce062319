/**
 * Files of lines to which processes only append. A line is on the disk when {@linkcode appendLine}
 * returns. A killed write may leave an incomplete last line; the next line then begins on a line of
 * its own, so only the incomplete one is lost.
 *
 * @module
 */

import { nodeFs, utf8 } from "../../base/mod.ts";
import { fileError, isCode } from "./errors.ts";

const LINE_FEED = 0x0a;

/** The lines of a log after a position, and the position after them. */
export interface ReadLines {
  lines: string[];
  /** Bytes from the beginning of the file to the end of the last complete line. */
  endBytes: number;
}

/**
 * Appends a line to a file, which is created with mode 0600 if it does not exist. Several processes
 * may append at once.
 *
 * @param line text without a line feed
 * @throws {StoreError} `DISK_FULL`, `NOT_WRITABLE`, `LINK_REFUSED`, `IO_FAILED`
 */
export function appendLine(path: string, line: string): void {
  const { closeSync, constants, fsyncSync, openSync, writeSync } = nodeFs();
  let file: number | undefined;
  try {
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | noFollow();
    file = openSync(path, flags, 0o600);
    // One write of the whole line, so that the lines of two processes do not mix.
    const bytes = utf8(`${endsInLine(file) ? "\n" : ""}${line}\n`);
    for (let written = 0; written < bytes.length;) {
      written += writeSync(file, bytes, written, bytes.length - written);
    }
    fsyncSync(file);
  } catch (cause) {
    throw fileError(cause, "write", path);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Returns the length of a file in bytes, 0 if there is none. */
export function logBytes(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch (cause) {
    if (isCode(cause, "ENOENT")) return 0;
    throw fileError(cause, "read", path);
  }
}

/**
 * Reads the complete lines of a file from a position to its end. A missing file has no lines. Bytes
 * that are not UTF-8 become U+FFFD.
 *
 * @param fromBytes beginning of a line, bytes from the beginning of the file
 * @throws {StoreError} `NOT_READABLE`, `LINK_REFUSED`, `IO_FAILED`
 */
export function readLines(path: string, fromBytes: number): ReadLines {
  const { closeSync, constants, fstatSync, openSync, readSync } = nodeFs();
  let file: number | undefined;
  try {
    file = openSync(path, constants.O_RDONLY | noFollow());
    const bytes = new Uint8Array(Math.max(fstatSync(file).size - fromBytes, 0));
    let length = 0;
    while (length < bytes.length) {
      const read = readSync(file, bytes, length, bytes.length - length, fromBytes + length);
      if (read === 0) break;
      length += read;
    }
    const complete = bytes.subarray(0, bytes.subarray(0, length).lastIndexOf(LINE_FEED) + 1);
    const lines = new TextDecoder().decode(complete).split("\n").slice(0, -1);
    return { lines, endBytes: fromBytes + complete.length };
  } catch (cause) {
    if (isCode(cause, "ENOENT")) return { lines: [], endBytes: 0 };
    throw fileError(cause, "read", path);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Whether an open file ends in the middle of a line. */
function endsInLine(file: number): boolean {
  const { fstatSync, readSync } = nodeFs();
  const { size } = fstatSync(file);
  if (size === 0) return false;
  const last = new Uint8Array(1);
  readSync(file, last, 0, 1, size - 1);
  return last[0] !== LINE_FEED;
}

/** Returns the flag of `open` that refuses symbolic links; Windows has none. */
function noFollow(): number {
  return nodeFs().constants.O_NOFOLLOW ?? 0;
}
