/**
 * A compact form of a record in memory: one string takes a third of the memory of an item's four byte
 * arrays, and tens of thousands of records may wait for their next announcement.
 *
 * @module
 */

import type { MutableItem } from "../../records/mod.ts";

/** A packed item, one character for each byte: `seq`, lengths of salt and value, then the parts. */
export type PackedItem = string;

const SEQ_BYTES = 8;
const HEADER_BYTES = SEQ_BYTES + 1 + 2;
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;

/** Packs an item. */
export function packItem({ publicKey, salt, seq, value, signature }: MutableItem): PackedItem {
  const bytes = new Uint8Array(
    HEADER_BYTES + KEY_BYTES + SIGNATURE_BYTES + salt.length + value.length,
  );
  const view = new DataView(bytes.buffer);
  view.setFloat64(0, seq);
  view.setUint8(SEQ_BYTES, salt.length);
  view.setUint16(SEQ_BYTES + 1, value.length);
  let at = HEADER_BYTES;
  for (const part of [publicKey, signature, salt, value]) {
    bytes.set(part, at);
    at += part.length;
  }
  return String.fromCharCode(...bytes);
}

/** An item in hexadecimal. */
export interface HexItem {
  seq: number;
  saltBytes: number;
  /** Concatenation of public key, signature, salt and value. */
  bytesHex: string;
}

/**
 * Packs items without allocating byte arrays for each.
 *
 * @throws {SyntaxError} if `bytesHex` is not hexadecimal
 */
export function packHex(items: readonly HexItem[]): PackedItem[] {
  const longest = items.reduce((most, { bytesHex }) => Math.max(most, bytesHex.length), 0);
  const bytes = new Uint8Array(HEADER_BYTES + longest / 2);
  const view = new DataView(bytes.buffer);
  return items.map(({ seq, saltBytes, bytesHex }) => {
    const length = HEADER_BYTES + bytesHex.length / 2;
    view.setFloat64(0, seq);
    view.setUint8(SEQ_BYTES, saltBytes);
    view.setUint16(SEQ_BYTES + 1, length - HEADER_BYTES - KEY_BYTES - SIGNATURE_BYTES - saltBytes);
    bytes.subarray(HEADER_BYTES).setFromHex(bytesHex);
    return String.fromCharCode(...bytes.subarray(0, length));
  });
}

/** Unpacks an item. */
export function unpackItem(packed: PackedItem): MutableItem {
  const bytes = Uint8Array.from(packed, (character) => character.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  let at = HEADER_BYTES;
  const take = (length: number) => bytes.slice(at, at += length);
  return {
    seq: view.getFloat64(0),
    publicKey: take(KEY_BYTES),
    signature: take(SIGNATURE_BYTES),
    salt: take(view.getUint8(SEQ_BYTES)),
    value: take(view.getUint16(SEQ_BYTES + 1)),
  };
}
