/**
 * Prepares the anchors of the rules for secrets for the table that the search reads,
 * `src/secrets/anchor_table.ts`. The table is made beforehand: preparing them at each start would take
 * longer than looking through a small package.
 *
 * @module
 */

import { bytesOfClass, TOKEN_BYTES } from "../src/secrets/anchor_search.ts";
import { ANY_BYTE, FIRST_CLASS, GROUPS, TOKEN_RUN } from "../src/secrets/search_memory.ts";

/** Bytes of an anchor that the filter looks at. Five hold an aligned pair of each four-byte step. */
const WINDOW_BYTES = 5;

/** The bytes that one character of an anchor may be. Anchors share them. */
export interface ByteClass {
  /** As between the brackets of a regular expression. */
  text: string;
  bytes: readonly number[];
  /** How often they turn up in sources, together. */
  weight: number;
}

/** An anchor, prepared. */
export interface Anchor {
  index: number;
  /** Without the token that `…` stands for. */
  classes: readonly ByteClass[];
  /** 1 if the first class is of the byte before the anchor. */
  lead: 0 | 1;
  /** Whether a token follows. */
  isToken: boolean;
  /** Where its window begins. */
  windowAt: number;
}

/** Anchors with a group each as a table: what `[…]` stands for, and a row for each. */
export interface AnchorTable {
  classes: string[];
  rows: string[];
}

/**
 * Makes a table of the anchors of rules.
 *
 * @param groupOf the group of an anchor, less than {@linkcode GROUPS}: what is found does not depend
 * on it, but for how many words a second look is taken does
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

/** Anchors as the search looks for them, in the order of the list. */
export function prepareAnchors(anchors: readonly string[]): Anchor[] {
  const classes = new Map<string, ByteClass>();
  return anchors.map((text, index) => prepare(text, index, classes));
}

/** @param known classes that were parsed before, by their text */
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

/** The class of each byte, counted from the beginning of the window; any byte outside of the anchor. */
export function classesAround(anchor: Anchor): (i: number) => ByteClass {
  const { classes, windowAt, isToken } = anchor;
  const length = classes.length + (isToken ? TOKEN_RUN : 0);
  return (i) => {
    const at = windowAt + i;
    return classes[at] ?? (at >= 0 && at < length ? tokenByte : anyByte);
  };
}

/** Where the window lies that turns up least in ordinary text. */
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

/** Characters by how often they turn up in sources, roughly: those of each text, so many times the rarest. */
const WEIGHTS: readonly (readonly [chars: string, weight: number])[] = [
  [" ", 15],
  ["etaoinsr", 9],
  [":/", 12],
  ["lcdu().,;=\"'", 6],
  ["mpfhgby", 4],
  // Base64 of zeros is made of it.
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
