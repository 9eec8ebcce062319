/**
 * Compiles the anchors (literal texts in the rules for secrets) into the table
 * `src/secrets/anchor_table.ts`, which the search reads. The table is generated in advance, because
 * compiling the anchors at each start would take longer than searching a small package.
 */

import { bytesOfClass, TOKEN_BYTES } from "../src/secrets/anchor_search.ts";
import { ANY_BYTE, FIRST_CLASS, GROUPS, TOKEN_RUN } from "../src/secrets/search_memory.ts";

/**
 * Length of an anchor's window, the part that the filter examines, in bytes. Because the filter
 * steps by four bytes, five bytes always contain an aligned pair.
 */
const WINDOW_BYTES = 5;

/**
 * A character class: the set of bytes that one character of an anchor matches. Several anchors may
 * share a class.
 */
export interface ByteClass {
  /** The class in the syntax between the brackets of a regular expression. */
  text: string;
  bytes: readonly number[];
  /** Combined frequency of the class's bytes in source code. */
  weight: number;
}

/** An anchor, compiled to character classes for the search. */
export interface Anchor {
  index: number;
  /** One character class for each byte of the anchor, without the secret token behind the anchor. */
  classes: readonly ByteClass[];
  /** 1 if the first class matches the byte before the anchor, else 0. */
  lead: 0 | 1;
  /** Whether the anchor is followed by a token, a run of characters that secrets consist of. */
  isToken: boolean;
  /** Offset at which the window (the part that the filter examines) begins in `classes`. */
  windowAt: number;
}

/** Table of anchors, each with its group: the character classes `[…]`, and a row per anchor. */
export interface AnchorTable {
  classes: string[];
  rows: string[];
}

/**
 * Makes the table for the anchors of the rules.
 *
 * @param groupOf returns the group of an anchor, less than {@linkcode GROUPS}. The groups do not
 * change what the search finds, only how many words the search has to examine a second time.
 */
export function anchorTable(
  texts: readonly string[],
  groupOf: (index: number) => number,
): AnchorTable {
  const classes = [TOKEN_BYTES];
  const idOf = ({ text, bytes }: ByteClass) => {
    if (bytes.length === 1) return bytes[0]!;
    if (!classes.includes(text)) classes.push(text);
    return FIRST_CLASS + classes.indexOf(text);
  };
  const rows = prepareAnchors(texts).map((anchor) => {
    const { index, windowAt, lead, isToken } = anchor;
    const group = groupOf(index);
    if (!(group < GROUPS)) throw new RangeError(`${texts[index]}: there is no group ${group}`);
    const digits = [group, windowAt, lead + (isToken ? 2 : 0)].map((digit) => 48 + digit);
    return String.fromCharCode(...digits, ...anchor.classes.map(idOf));
  });
  if (FIRST_CLASS + classes.length > ANY_BYTE) throw new RangeError("there are too many classes");
  return { classes, rows };
}

/** Compiles anchors for the search. The result has the order of the list. */
export function prepareAnchors(anchors: readonly string[]): Anchor[] {
  const classes = new Map<string, ByteClass>();
  return anchors.map((text, index) => prepare(text, index, classes));
}

/** @param known character classes that were parsed before, by their text */
function prepare(text: string, index: number, known: Map<string, ByteClass>): Anchor {
  const lead = text.startsWith("^") ? 1 : 0;
  const isToken = text.endsWith("…");
  if (isToken) text = text.slice(0, -1);
  const classes: ByteClass[] = lead === 1 ? [notInAWord] : [];
  for (const [part] of text.slice(lead).matchAll(/\[[^\]]+\]|[^[]/gs)) {
    classes.push(
      entry(
        known,
        part,
        () => part.length > 1 ? parseClass(part.slice(1, -1)) : classOf(part, [part.charCodeAt(0)]),
      ),
    );
  }
  while (classes.length < WINDOW_BYTES) classes.push(tokenByte);
  const windowAt = rarestWindow(classes);
  return { index, classes, lead, isToken, windowAt };
}

/**
 * Returns a function from an offset to a character class. Offset 0 is the start of the anchor's
 * window. Outside of the anchor the class is any byte.
 */
export function classesAround(anchor: Anchor): (i: number) => ByteClass {
  const { classes, windowAt, isToken } = anchor;
  const length = classes.length + (isToken ? TOKEN_RUN : 0);
  return (i) => {
    const at = windowAt + i;
    return classes[at] ?? (at >= 0 && at < length ? tokenByte : anyByte);
  };
}

/** Returns the offset of the window whose bytes are rarest in ordinary text. */
function rarestWindow(classes: readonly ByteClass[]): number {
  let best = 0;
  let least = Infinity;
  for (let at = 0; at + WINDOW_BYTES <= classes.length; at++) {
    let weight = 0;
    for (let i = at; i + 1 < at + WINDOW_BYTES; i++) {
      weight += classes[i]!.weight * classes[i + 1]!.weight;
    }
    if (weight >= least) continue;
    best = at;
    least = weight;
  }
  return best;
}

/**
 * Approximate frequency of characters in source code, as a multiple of the rarest character's
 * frequency.
 */
const WEIGHTS: readonly (readonly [chars: string, weight: number])[] = [
  [" ", 15],
  ["etaoinsr", 9],
  [":/", 12],
  ["lcdu().,;=\"'", 6],
  ["mpfhgby", 4],
  // `A` is frequent because base64 encodes zero bytes as `A`.
  ["A", 4],
  ["_-0123456789", 3],
  ["vwk<>{}[]*", 2],
];

function weightOf(byte: number): number {
  return WEIGHTS.find(([chars]) => chars.includes(String.fromCharCode(byte)))?.[1] ?? 1;
}

function classOf(text: string, bytes: readonly number[]): ByteClass {
  return { text, bytes, weight: bytes.reduce((sum, byte) => sum + weightOf(byte), 0) };
}

function parseClass(text: string): ByteClass {
  return classOf(text, bytesOfClass(text));
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, value = make());
  return value;
}

const anyByte = classOf("", Array.from({ length: 256 }, (_, byte) => byte));
const tokenByte = parseClass(TOKEN_BYTES);
const notInAWord = parseClass("^A-Za-z0-9_");
