/**
 * Bytes stored as a string, with one character for each byte. The announcement schedule keeps tens
 * of thousands of serialised items in memory for hours. V8 stores such a string in one byte a
 * character, while a `Uint8Array` and its buffer take 350 bytes beside their content.
 *
 * @module
 */

import { Buffer } from "node:buffer";

/** A string that stores bytes: each character is one byte, below U+0100. */
export type ByteString = string;

/** Converts bytes to a string with one character for each byte. */
export function toByteString(bytes: Uint8Array): ByteString {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/** Converts the result of {@linkcode toByteString} back to bytes. */
export function fromByteString(text: ByteString): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(text, "latin1"));
}
