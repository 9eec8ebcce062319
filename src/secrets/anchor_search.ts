/**
 * Finds anchors in bytes: short texts, at least one of which every secret has in it. This is the
 * filter in front of the regular expressions; it looks at four bytes at a time, so that scanning a
 * file takes a small part of the time of compressing it. What an anchor means is `rules.ts`'s
 * business.
 *
 * @module
 */

/** Bytes of an anchor that the filter looks at. Five hold an aligned pair of each four-byte step. */
const WINDOW_BYTES = 5;
/** Bytes between two looks, and so the offsets in a window that a pair of bytes may have. */
export const STEP_BYTES = 4;
/** Groups of anchors that have bits of their own: all in one would agree with each other too often. */
export const GROUPS = 8;
/** Words that are looked at in one go: 64 KiB, which stay in the processor's cache. */
const BLOCK_WORDS = 16_384;
/** Characters of a token that `…` stands for: words that begin like one are passed over at once. */
const TOKEN_RUN = 10;
/** Stands for what is before the first byte. */
const LINE_END = 10;

/** The bytes that one character of an anchor may be. Anchors share them. */
export interface ByteClass {
  bytes: readonly number[];
  /** By byte: 1 if it is one of them. */
  allowed: Uint8Array;
  /** How often they turn up in sources, together. */
  weight: number;
}

/** An anchor, prepared. */
export interface Anchor {
  index: number;
  classes: readonly ByteClass[];
  /** 1 if the first class is of the byte before the anchor. */
  lead: 0 | 1;
  /** Where its window begins. */
  windowAt: number;
}

type Tables = Record<"here" | "before" | "after", PairTable>;

/** The bytes to search, and the visitor. */
interface Part {
  bytes: Uint8Array;
  /** Where the anchors begin that count. */
  from: number;
  to: number;
  visit: (anchor: number, at: number) => boolean;
}

/**
 * A search for many anchors at once. The idea is Teddy's (Hyperscan), with pairs of bytes in place of
 * vector registers: each pair has a bit for each offset in the window that it may have, and a window
 * is worth a closer look if three pairs that follow each other agree about the offset. Deno runs on
 * little-endian machines only, and so does this.
 */
export class AnchorSearch {
  /** Bits of a pair, of the pair before it, of the pair after it. */
  readonly #here: Uint32Array;
  readonly #before: Uint32Array;
  readonly #after: Uint32Array;
  /** By {@linkcode coreOf} of the three bytes in the middle of a window: 1 + index in `#lists`, or 0. */
  readonly #cores = new Uint16Array(65_536);
  readonly #lists: Anchor[][] = [];
  /** Bytes of the longest anchor. */
  readonly #longest: number;
  readonly #found = new Int32Array(BLOCK_WORDS);

  /**
   * @param anchors literal texts in Latin-1, in which `[…]` stands for one of several characters, as
   * in a regular expression. Behind `^`, only those at the beginning of a word are found; before `…`,
   * only those that more of a token follows, and so are those shorter than five characters
   * @param groupOf the group of an anchor, less than {@linkcode GROUPS}: what is found does not depend
   * on it, but for how many words a second look is taken does
   */
  constructor(anchors: readonly string[], groupOf: (anchor: string) => number) {
    const all = prepareAnchors(anchors);
    const tables = { here: new PairTable(), before: new PairTable(), after: new PairTable() };
    this.#longest = Math.max(...all.map(({ classes }) => classes.length));
    for (const anchor of all) this.#enter(anchor, groupOf(anchors[anchor.index]!), tables);
    this.#here = tables.here.finish();
    this.#before = tables.before.finish();
    this.#after = tables.after.finish();
  }

  /**
   * Visits every anchor that begins in a part of the bytes, in no certain order, until the visitor
   * returns `true`. An anchor may end behind the part.
   *
   * @param visit gets the anchor's index in the constructor's list, and the offset of its first byte
   */
  visit(
    bytes: Uint8Array,
    from: number,
    to: number,
    visit: (anchor: number, at: number) => boolean,
  ): void {
    const part = { bytes, from, to, visit };
    const base = (STEP_BYTES - bytes.byteOffset % STEP_BYTES) % STEP_BYTES;
    const length = (bytes.length - base) >> 2;
    const start = Math.max(1, (from - base) >> 2);
    const end = Math.min(length, (to + this.#longest - base) >> 2);
    if (end <= start) {
      this.#lookAtEach(part, from - 1, bytes.length);
      return;
    }
    // Windows begin up to 3 bytes before the word that gives them away.
    if (this.#lookAtEach(part, from - 1, STEP_BYTES * start + base)) return;
    const words = new Int32Array(bytes.buffer, bytes.byteOffset + base, length);
    for (let at = start; at < end; at += BLOCK_WORDS) {
      const count = this.#winnow(words, this.#sift(words, at, Math.min(at + BLOCK_WORDS, end)));
      for (let i = 0; i < count; i++) {
        const window = STEP_BYTES * this.#found[i]! + base;
        for (let offset = 0; offset < STEP_BYTES; offset++) {
          if (this.#look(part, window - offset)) return;
        }
      }
    }
    this.#lookAtEach(part, STEP_BYTES * (end - 1) + base, to + this.#longest);
  }

  /**
   * Writes down which words of a block three tables agree about, and returns how many. There is one
   * branch for each four words, which few take: guessing them wrong would cost more than all the rest.
   */
  #sift(words: Int32Array, from: number, to: number): number {
    // Array patterns would be arrays until the loop is compiled: half of the time for a small package.
    const here = this.#here;
    const before = this.#before;
    const after = this.#after;
    const found = this.#found;
    let count = 0;
    let last = words[from - 1]! >>> 16;
    let i = from;
    for (; i + 3 < to; i += 4) {
      const one = words[i]!;
      const two = words[i + 1]!;
      const three = words[i + 2]!;
      const four = words[i + 3]!;
      const endOfOne = one >>> 16;
      const endOfTwo = two >>> 16;
      const endOfThree = three >>> 16;
      const inOne = here[one & 0xffff]! & after[endOfOne]! & before[last]!;
      const inTwo = here[two & 0xffff]! & after[endOfTwo]! & before[endOfOne]!;
      const inThree = here[three & 0xffff]! & after[endOfThree]! & before[endOfTwo]!;
      last = four >>> 16;
      const inFour = here[four & 0xffff]! & after[last]! & before[endOfThree]!;
      if ((inOne | inTwo | inThree | inFour) === 0) continue;
      if (inOne !== 0) found[count++] = i;
      if (inTwo !== 0) found[count++] = i + 1;
      if (inThree !== 0) found[count++] = i + 2;
      if (inFour !== 0) found[count++] = i + 3;
    }
    // Of the last three words at most, all are looked at.
    while (i < to) found[count++] = i++;
    return count;
  }

  /** Keeps those of them that have the middle of a window in or before them; returns how many. */
  #winnow(words: Int32Array, count: number): number {
    const cores = this.#cores;
    const found = this.#found;
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const at = found[i]!;
      const last = words[at - 1]!;
      const word = words[at]!;
      const b = last >>> 24;
      const c = word & 255;
      const d = word >>> 8 & 255;
      const e = word >>> 16 & 255;
      const lists = cores[coreOf(d, e, word >>> 24)]! | cores[coreOf(c, d, e)]! |
        cores[coreOf(b, c, d)]! | cores[coreOf(last >>> 16 & 255, b, c)]!;
      if (lists !== 0) found[kept++] = at;
    }
    return kept;
  }

  /** Looks at windows one by one. */
  #lookAtEach(part: Part, windowFrom: number, windowTo: number): boolean {
    const end = Math.min(windowTo, part.bytes.length - WINDOW_BYTES + 1);
    for (let window = Math.max(-1, windowFrom); window < end; window++) {
      if (this.#look(part, window)) return true;
    }
    return false;
  }

  /** Visits the anchors that have their window here, and begin in the part; `true` ends it all. */
  #look({ bytes, from, to, visit }: Part, window: number): boolean {
    const core = coreOf(bytes[window + 1]!, bytes[window + 2]!, bytes[window + 3]!);
    const list = this.#cores[core]!;
    if (list === 0) return false;
    const anchors = this.#lists[list - 1]!;
    for (let n = 0; n < anchors.length; n++) {
      const { index, classes, lead, windowAt } = anchors[n]!;
      const first = window - windowAt;
      const at = first + lead;
      if (at < from || at >= to || first + classes.length > bytes.length) continue;
      let i = 0;
      while (i < classes.length && classes[i]!.allowed[byteAt(bytes, first + i)] !== 0) i++;
      if (i === classes.length && visit(index, at)) return true;
    }
    return false;
  }

  #enter(anchor: Anchor, group: number, { here, before, after }: Tables): void {
    const at = classesAround(anchor);
    for (let offset = 0; offset < STEP_BYTES; offset++) {
      const bit = 1 << (offset + group * STEP_BYTES);
      here.mark(at(offset), at(offset + 1), bit);
      after.mark(at(offset + 2), at(offset + 3), bit);
      before.mark(at(offset - 2), at(offset - 1), bit);
    }
    for (const one of at(1).bytes) {
      for (const other of at(2).bytes) {
        for (const third of at(3).bytes) {
          const core = coreOf(one, other, third);
          const list = this.#cores[core]!;
          if (list === 0) this.#cores[core] = this.#lists.push([anchor]);
          else if (this.#lists[list - 1]!.at(-1) !== anchor) this.#lists[list - 1]!.push(anchor);
        }
      }
    }
  }
}

/** Sets bits for pairs of bytes in one table. */
class PairTable {
  /** Bits by the class of the first byte, and of the second: many anchors share classes. */
  readonly #marks = new Map<ByteClass, Map<ByteClass, number>>();

  mark(ones: ByteClass, others: ByteClass, bit: number): void {
    const marks = entry(this.#marks, ones, () => new Map<ByteClass, number>());
    marks.set(others, (marks.get(others) ?? 0) | bit);
  }

  /** The bits of each pair, when all are marked. */
  finish(): Uint32Array {
    const bits = new Uint32Array(65_536);
    const [ofFirst, ofSecond] = [new Uint32Array(256), new Uint32Array(256)];
    for (const [ones, marks] of this.#marks) {
      for (const [others, mark] of marks) {
        if (others === anyByte) { for (const one of ones.bytes) ofFirst[one]! |= mark; }
        else if (ones === anyByte) { for (const other of others.bytes) ofSecond[other]! |= mark; }
      }
    }
    // Most pairs have only these, and most rows of the table are like another: copying takes no time.
    const rows = new Map<number, Uint32Array>();
    for (const [other, mark] of ofSecond.entries()) {
      bits.set(entry(rows, mark, () => ofFirst.map((first) => first | mark)), other << 8);
    }
    for (const [ones, marks] of this.#marks) {
      for (const [others, mark] of marks) {
        if (ones === anyByte || others === anyByte) continue;
        for (const other of others.bytes) {
          for (const one of ones.bytes) bits[other << 8 | one]! |= mark;
        }
      }
    }
    return bits;
  }
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, value = make());
  return value;
}

function byteAt(bytes: Uint8Array, at: number): number {
  return at < 0 ? LINE_END : bytes[at]!;
}

/** Some number of 16 bits for the three bytes in the middle of a window. */
function coreOf(second: number, third: number, fourth: number): number {
  return Math.imul(second << 16 | third << 8 | fourth, 0x9e3779b1) >>> 16;
}

/** Anchors as {@linkcode AnchorSearch} looks for them, in the order of the list. */
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
        () => part.length > 1 ? parseClass(part.slice(1, -1)) : classOf([part.charCodeAt(0)]),
      ),
    );
  }
  while (classes.length < WINDOW_BYTES) classes.push(tokenByte);
  const windowAt = rarestWindow(classes);
  if (isToken) { for (let i = 0; i < TOKEN_RUN; i++) classes.push(tokenByte); }
  return { index, classes, lead, windowAt };
}

/** The class of each byte, counted from the beginning of the window; any byte outside of the anchor. */
export function classesAround({ classes, windowAt }: Anchor): (i: number) => ByteClass {
  return (i) => classes[windowAt + i] ?? anyByte;
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

const allBytes = Array.from({ length: 256 }, (_, byte) => byte);

function weightOf(byte: number): number {
  return WEIGHTS.find(([chars]) => chars.includes(String.fromCharCode(byte)))?.[1] ?? 1;
}

function classOf(bytes: readonly number[]): ByteClass {
  const allowed = new Uint8Array(256);
  for (const byte of bytes) allowed[byte] = 1;
  return { bytes, allowed, weight: bytes.reduce((sum, byte) => sum + weightOf(byte), 0) };
}

/** The bytes of a class, written as between the brackets of a regular expression, without escapes. */
function parseClass(text: string): ByteClass {
  const isNegated = text.startsWith("^");
  const bytes = new Set<number>();
  for (let i = isNegated ? 1 : 0; i < text.length; i++) {
    const from = text.charCodeAt(i);
    const isRange = text[i + 1] === "-" && i + 2 < text.length;
    if (isRange) i += 2;
    for (let byte = from; byte <= text.charCodeAt(i); byte++) bytes.add(byte);
  }
  return classOf(allBytes.filter((byte) => bytes.has(byte) !== isNegated));
}

const anyByte = classOf(allBytes);
/** What tokens are made of. */
const tokenByte = parseClass("A-Za-z0-9+/_=~.%:@$!-");
const notInAWord = parseClass("^A-Za-z0-9_");
