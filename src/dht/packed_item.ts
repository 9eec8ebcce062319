/**
 * A record as text, for those that wait for hours: one string takes a third of the memory that an
 * item's four byte arrays take, and there may be tens of thousands.
 *
 * @module
 */

import type { MutableItem } from "../records/mod.ts";

/** A packed item: `seq`, the lengths of salt and value, then the bytes, a character each. */
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

/** The item again. */
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
