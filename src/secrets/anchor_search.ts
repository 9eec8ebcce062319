/**
 * Finds anchors in bytes. An anchor is a short text that belongs to a rule: every secret of the
 * rule contains at least one of the rule's anchors. This filter runs before the regular expressions
 * and examines four bytes at a time, so scanning a file takes far less time than compressing it.
 *
 * @module
 */

import {
  ANY_BYTE,
  FIRST_CLASS,
  layout,
  LEAD_BYTES,
  MAX_ANCHOR_BYTES,
  MAX_ROW_BYTES,
  SLICE_BYTES,
} from "./search_memory.ts";
import { startSearchProgram } from "./search_program.ts";
import { toBytes } from "./wasm_assembler.ts";

/**
 * Bytes that tokens consist of, written as a class of a regular expression without its brackets.
 */
export const TOKEN_BYTES = "A-Za-z0-9+/_=~.%:@$!-";
/** Byte that is assumed before the first byte of a file: a line feed. */
const LINE_END = 10;
/**
 * Callback for a found anchor. Receives the index of the anchor in the list, and the offset of the
 * anchor's first byte. Returns `true` to end the search.
 */
export type Visit = (anchor: number, at: number) => boolean;

/**
 * Multi-pattern search for anchors. The algorithm is a variant of Teddy (Hyperscan) that uses pairs
 * of bytes instead of vector registers. Each anchor has a window: a few characteristic bytes. A
 * table holds for each pair of bytes a bit mask of the offsets that the pair can have in a window.
 * If three consecutive pairs agree on an offset, the bytes there are compared with the anchors.
 */
export class AnchorSearch {
  readonly #program = startSearchProgram();
  readonly #memory = new Uint8Array(this.#program.memory.buffer);
  readonly #words = new Uint32Array(this.#program.memory.buffer);

  /**
   * @param classes classes of bytes, each written as in a regular expression but without brackets
   * and escapes; the first class is {@linkcode TOKEN_BYTES}
   * @param rows anchors in Latin-1, one per line. A line begins with three digits, counted from
   * ASCII `0`: the group of the anchor; the offset of its window; flags (1 if the line also
   * contains the byte before the anchor, 2 if a token follows the anchor). The bytes of the anchor
   * follow; a byte of 128 or more stands for a class
   */
  constructor(classes: readonly string[], rows: string) {
    for (let byte = 0; byte < FIRST_CLASS; byte++) {
      this.#memory[layout.counts + 2 * byte] = 1;
      this.#memory[layout.lists + 256 * byte] = byte;
      this.#memory[layout.allowed + 257 * byte] = 1;
    }
    for (const [i, text] of classes.entries()) {
      this.#enterClass(FIRST_CLASS + i, bytesOfClass(text));
    }
    this.#enterClass(ANY_BYTE, allBytes);
    for (const byte of bytesOfClass(TOKEN_BYTES)) this.#words[layout.tokenMask / 4 + byte] = -1;
    const table = toBytes(rows);
    if (table.length > MAX_ROW_BYTES) throw new RangeError("there are too many anchors");
    this.#memory.set(table, layout.rows);
    this.#program.enter(layout.rows + table.length);
  }

  /**
   * Calls `visit` for every anchor that begins between `from` and `to`, in unspecified order, until
   * `visit` returns `true`. An anchor may end after `to`.
   */
  visit(bytes: Uint8Array, from: number, to: number, visit: Visit): void {
    for (let at = Math.max(0, from); at < to; at += SLICE_BYTES) {
      if (this.#visitSlice(bytes, at, Math.min(at + SLICE_BYTES, to), visit)) return;
    }
  }

  #visitSlice(bytes: Uint8Array, from: number, to: number, visit: Visit): boolean {
    const begin = layout.slice + LEAD_BYTES;
    const end = Math.min(bytes.length, to + MAX_ANCHOR_BYTES);
    if (from === 0) this.#memory[begin - 1] = LINE_END;
    this.#memory.set(bytes.subarray(Math.max(0, from - 1), end), from === 0 ? begin : begin - 1);
    const last = begin + end - from;
    for (let word = begin; word !== 0;) {
      const count = this.#program.find(word, last, begin, begin + to - from, last);
      if (count === 0) return false;
      // Copy the results: `visit` may start another search, which would overwrite the results in
      // memory.
      const found = this.#words.slice(layout.found / 4, layout.found / 4 + 2 * count);
      word = this.#words[layout.next / 4]!;
      sortByOffset(found);
      for (let i = 0; i < found.length; i += 2) {
        if (visit(found[i]!, found[i + 1]! - begin + from)) return true;
      }
    }
    return false;
  }

  #enterClass(id: number, bytes: readonly number[]): void {
    new Uint16Array(this.#memory.buffer, layout.counts)[id] = bytes.length;
    this.#memory.set(bytes, layout.lists + 256 * id);
    for (const byte of bytes) this.#memory[layout.allowed + 256 * id + byte] = 1;
  }
}

/**
 * Sorts pairs of anchor and offset by the offset. The WebAssembly program finds the anchors within
 * one word (four bytes) from last to first. The order matters, because the first anchor of a file
 * decides which kind of secret the error message names. Insertion sort is fast here, because the
 * pairs are nearly sorted.
 */
function sortByOffset(pairs: Uint32Array): void {
  for (let i = 2; i < pairs.length; i += 2) {
    const [anchor, offset] = [pairs[i]!, pairs[i + 1]!];
    let j = i;
    for (; j > 0 && pairs[j - 1]! > offset; j -= 2) {
      pairs[j] = pairs[j - 2]!;
      pairs[j + 1] = pairs[j - 1]!;
    }
    pairs[j] = anchor;
    pairs[j + 1] = offset;
  }
}

const allBytes: readonly number[] = Array.from({ length: 256 }, (_, byte) => byte);

/**
 * Lists the bytes of a class that is written as in a regular expression, without brackets and
 * escapes.
 */
export function bytesOfClass(text: string): number[] {
  const isNegated = text.startsWith("^");
  const isIn = new Uint8Array(256);
  for (let i = isNegated ? 1 : 0; i < text.length; i++) {
    const from = text.charCodeAt(i);
    const isRange = text[i + 1] === "-" && i + 2 < text.length;
    if (isRange) i += 2;
    isIn.fill(1, from, text.charCodeAt(i) + 1);
  }
  return allBytes.filter((byte) => (isIn[byte] === 0) === isNegated);
}
