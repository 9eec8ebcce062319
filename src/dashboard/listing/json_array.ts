/**
 * Reading of a long JSON array in slices. `JSON.parse` of ten thousand packages is one task of more than 50 ms;
 * the elements one after the other are many short ones.
 *
 * @module
 */

import type { Slices } from "./slices.ts";

/** Splits the text of a JSON array, which comes in parts, into the texts of its elements. */
export class ArraySplitter {
  /** Text of the element that has begun and not ended yet. */
  #rest = "";
  /** Number of characters of `#rest` that were looked through; one more than its length after a backslash. */
  #looked = 0;
  #depth = 0;
  #inText = false;
  #elements = 0;
  #ended = false;

  /** Whether the closing bracket of the array has come. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Takes the next part of the text, and returns the texts of the elements that are complete with it.
   *
   * @throws SyntaxError if the text is no array
   */
  push(part: string): string[] {
    const found: string[] = [];
    const text = this.#rest + part;
    const special = /["\\[\]{},]|[^\s"\\[\]{},]+/g;
    special.lastIndex = this.#looked;
    let begin = 0;
    let looked = Math.max(this.#looked, text.length);
    for (let match = special.exec(text); match !== null; match = special.exec(text)) {
      const [token] = match;
      if (this.#inText) {
        // The character after a backslash is skipped; it may be the first one of the next part.
        if (token === "\\") looked = Math.max(looked, special.lastIndex += 1);
        else if (token === '"') this.#inText = false;
      } else if (this.#depth === 0) {
        if (token !== "[" || this.#ended) throw new SyntaxError("the answer is not a JSON array");
        this.#depth = 1;
        begin = special.lastIndex;
      } else if (token === '"') this.#inText = true;
      else if (token === "[" || token === "{") this.#depth++;
      else if (token === "]" || token === "}") this.#depth--;
      const ends = this.#depth === 0 && !this.#ended;
      if (ends && token !== "]") throw new SyntaxError("the answer is not a JSON array");
      if (this.#inText || !ends && (token !== "," || this.#depth !== 1)) continue;
      const element = text.slice(begin, match.index);
      begin = special.lastIndex;
      this.#ended = ends;
      if (ends && this.#elements === 0 && element.trim() === "") continue;
      this.#elements++;
      found.push(element);
    }
    this.#looked = looked - begin;
    this.#rest = text.slice(begin);
    return found;
  }
}

/** Number of characters of a part that are split at once. */
const PART_LENGTH = 16 << 10;

/**
 * Parses a JSON array whose text comes in parts, and pauses between slices.
 *
 * @throws SyntaxError if the text is no JSON array, or ends too early
 * @throws the reason of the slices' signal if the work was ended
 */
export async function parseArray<Element>(
  parts: AsyncIterable<string>,
  slices: Slices,
): Promise<Element[]> {
  const splitter = new ArraySplitter();
  const parsed: Element[] = [];
  for await (const part of parts) {
    for (let start = 0; start < part.length; start += PART_LENGTH) {
      for (const text of splitter.push(part.slice(start, start + PART_LENGTH))) {
        parsed.push(JSON.parse(text));
        if (slices.used) await slices.next();
      }
      if (slices.used) await slices.next();
    }
  }
  if (!splitter.ended) throw new SyntaxError("the answer ends inside a JSON array");
  return parsed;
}
