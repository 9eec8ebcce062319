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
const STEP_BYTES = 4;
/** Groups of anchors that have bits of their own: all in one would agree with each other too often. */
const BUCKETS = 4;
/** Words that are looked at in one go: 64 KiB, which stay in the processor's cache. */
const BLOCK_WORDS = 16_384;
/** Stands for what is before the first byte. */
const LINE_END = 10;

/** The bytes that one character of an anchor may be. */
type ByteClass = readonly number[];

/** An anchor, prepared. */
interface Anchor {
  index: number;
  classes: readonly ByteClass[];
  /** Bytes, that of the lead included. */
  length: number;
  /** The same for the comparison: `allowed[256 * i + byte]` is not 0. */
  allowed: Uint8Array;
  /** 1 if the first class is of the byte before the anchor. */
  lead: 0 | 1;
  /** Where its window begins. */
  windowAt: number;
}

/** What is searched, and for whom. */
interface Part {
  bytes: Uint8Array;
  /** Where the anchors begin that count. */
  from: number;
  to: number;
  visit: (anchor: number, at: number) => boolean;
}

const anyByte: ByteClass = Array.from({ length: 256 }, (_, byte) => byte);
/** Follows an anchor that is shorter than a window: what tokens are made of. */
const tokenByte = parseClass("A-Za-z0-9+/_=~.-");
const notInAWord = parseClass("^A-Za-z0-9_");

/**
 * A search for many anchors at once. The idea is Teddy's (Hyperscan), with pairs of bytes in place of
 * vector registers: each pair has a bit for each offset in the window that it may have, and a window
 * is worth a closer look if three pairs that follow each other agree about the offset. Deno runs on
 * little-endian machines only, and so does this.
 */
export class AnchorSearch {
  /** Bits of a pair, of the pair before it, of the pair after it. */
  readonly #here = new Uint16Array(65_536);
  readonly #before = new Uint16Array(65_536);
  readonly #after = new Uint16Array(65_536);
  /** By {@linkcode coreOf}: 1 if a window may have these three bytes in its middle. */
  readonly #cores = new Uint8Array(65_536);
  /** For the first two bytes of a window: 1 + index in `#lists`, or 0. */
  readonly #listOf = new Uint16Array(65_536);
  readonly #lists: Anchor[][] = [];
  /** Bytes of the longest anchor. */
  readonly #longest: number;
  readonly #found = new Int32Array(BLOCK_WORDS);

  /**
   * @param anchors literal texts in Latin-1, in which `[…]` stands for one of several characters, as
   * in a regular expression. Behind `^`, only those at the beginning of a word are found. Those shorter
   * than five characters are only found before a character of a token
   */
  constructor(anchors: readonly string[]) {
    const classes = new Map<string, ByteClass>();
    const all = anchors.map((text, index) => prepare(text, index, classes));
    this.#longest = Math.max(...all.map(({ length }) => length));
    const literal = all.filter(isLiteral).sort(byWindow);
    const others = all.filter((one) => !isLiteral(one)).sort(byWindow);
    const half = BUCKETS / 2;
    for (const [first, some] of [[0, literal], [half, others]] as const) {
      for (const [i, anchor] of some.entries()) {
        this.#enter(anchor, first + Math.floor(i * half / some.length));
      }
    }
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
   * Writes down which words of a block three tables agree about, and returns how many. There is no
   * branch in it: guessing them wrong would cost more than all the rest.
   */
  #sift(words: Int32Array, from: number, to: number): number {
    const [here, before, after, found] = [this.#here, this.#before, this.#after, this.#found];
    let count = 0;
    let last = words[from - 1]!;
    for (let i = from; i < to; i++) {
      const word = words[i]!;
      found[count] = i;
      count += (here[word & 0xffff]! & after[word >>> 16]! & before[last >>> 16]!) === 0 ? 0 : 1;
      last = word;
    }
    return count;
  }

  /** Keeps those of them that have the middle of a window in or before them; returns how many. */
  #winnow(words: Int32Array, count: number): number {
    const [cores, found] = [this.#cores, this.#found];
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const at = found[i]!;
      const [last, word] = [words[at - 1]!, words[at]!];
      const [b, c, d, e] = [last >>> 24, word & 255, word >>> 8 & 255, word >>> 16 & 255];
      found[kept] = at;
      kept += cores[coreOf(d, e, word >>> 24)]! | cores[coreOf(c, d, e)]! |
        cores[coreOf(b, c, d)]! | cores[coreOf(last >>> 16 & 255, b, c)]!;
    }
    return kept;
  }

  /** Looks at windows one by one. */
  #lookAtEach(part: Part, windowFrom: number, windowTo: number): boolean {
    const { bytes } = part;
    const end = Math.min(windowTo, bytes.length - WINDOW_BYTES + 1);
    for (let window = Math.max(-1, windowFrom); window < end; window++) {
      const core = coreOf(bytes[window + 1]!, bytes[window + 2]!, bytes[window + 3]!);
      if (this.#cores[core] !== 0 && this.#look(part, window)) return true;
    }
    return false;
  }

  /** Visits the anchors that have their window here, and begin in the part; `true` ends it all. */
  #look({ bytes, from, to, visit }: Part, window: number): boolean {
    const list = this.#listOf[(window < 0 ? LINE_END : bytes[window]!) | bytes[window + 1]! << 8]!;
    if (list === 0) return false;
    const anchors = this.#lists[list - 1]!;
    for (let n = 0; n < anchors.length; n++) {
      const { index, allowed, lead, windowAt, length } = anchors[n]!;
      // The third and fourth byte of the window, of which most that came so far have others.
      const third = (windowAt + 2) << 8;
      if (allowed[third + bytes[window + 2]!] === 0) continue;
      if (allowed[third + 256 + bytes[window + 3]!] === 0) continue;
      const first = window - windowAt;
      const at = first + lead;
      if (at < from || at >= to || first + length > bytes.length) continue;
      let i = 0;
      while (
        i < length && allowed[(i << 8) + (first + i < 0 ? LINE_END : bytes[first + i]!)] !== 0
      ) {
        i++;
      }
      if (i === length && visit(index, at)) return true;
    }
    return false;
  }

  #enter(anchor: Anchor, bucket: number): void {
    const window = windowOf(anchor);
    const at = (i: number) => window[i] ?? anyByte;
    for (let offset = 0; offset < STEP_BYTES; offset++) {
      const bit = 1 << (offset + bucket * STEP_BYTES);
      mark(this.#here, at(offset), at(offset + 1), bit);
      mark(this.#after, at(offset + 2), at(offset + 3), bit);
      mark(this.#before, at(offset - 2), at(offset - 1), bit);
    }
    for (const one of at(1)) {
      for (const other of at(2)) {
        for (const third of at(3)) this.#cores[coreOf(one, other, third)] = 1;
      }
    }
    for (const one of at(0)) {
      for (const other of at(1)) {
        const pair = one | other << 8;
        const list = this.#listOf[pair]!;
        if (list > 0) this.#lists[list - 1]!.push(anchor);
        else this.#listOf[pair] = this.#lists.push([anchor]);
      }
    }
  }
}

/** Some number of 16 bits for the three bytes in the middle of a window. */
function coreOf(second: number, third: number, fourth: number): number {
  return Math.imul(second << 16 | third << 8 | fourth, 0x9e3779b1) >>> 16;
}

function mark(table: Uint16Array, ones: ByteClass, others: ByteClass, bit: number): void {
  // Already so, from another anchor.
  if (ones === anyByte && others === anyByte) {
    if ((table[0]! & bit) === 0) {
      for (let pair = 0; pair < table.length; pair++) table[pair]! |= bit;
    }
    return;
  }
  for (const other of others) {
    for (const one of ones) table[one | other << 8]! |= bit;
  }
}

/** @param known classes that were parsed before, by their text */
function prepare(text: string, index: number, known: Map<string, ByteClass>): Anchor {
  const lead = text.startsWith("^") ? 1 : 0;
  const classes: ByteClass[] = lead === 1 ? [notInAWord] : [];
  for (const [part] of text.slice(lead).matchAll(/\[[^\]]+\]|[^[]/gs)) {
    let one = known.get(part);
    one ??= part.length > 1 ? parseClass(part.slice(1, -1)) : [part.charCodeAt(0)];
    known.set(part, one);
    classes.push(one);
  }
  while (classes.length < WINDOW_BYTES) classes.push(tokenByte);
  const { length } = classes;
  const allowed = new Uint8Array(length * 256);
  for (const [i, one] of classes.entries()) for (const byte of one) allowed[256 * i + byte] = 1;
  return { index, classes, length, allowed, lead, windowAt: rarestWindow(classes) };
}

/** The bytes of a class, written as between the brackets of a regular expression. */
function parseClass(text: string): ByteClass {
  const pattern = new RegExp(`[${text}]`);
  return anyByte.filter((byte) => pattern.test(String.fromCharCode(byte)));
}

function windowOf({ classes, windowAt }: Anchor): readonly ByteClass[] {
  return classes.slice(windowAt, windowAt + WINDOW_BYTES);
}

function isLiteral(anchor: Anchor): boolean {
  return windowOf(anchor).every((one) => one.length === 1);
}

/** Those that look alike share a bucket. */
function byWindow(a: Anchor, b: Anchor): number {
  const text = (anchor: Anchor) => String.fromCharCode(...windowOf(anchor).map((one) => one[0]!));
  return text(a) < text(b) ? -1 : 1;
}

/** Where the window lies that turns up least in ordinary text. */
function rarestWindow(classes: readonly ByteClass[]): number {
  const weights = classes.map((one) => one.reduce((sum, byte) => sum + weightOfByte[byte]!, 0));
  let best = 0;
  let least = Infinity;
  for (let at = 0; at + WINDOW_BYTES <= weights.length; at++) {
    let weight = 0;
    for (let i = at; i + 1 < at + WINDOW_BYTES; i++) weight += weights[i]! * weights[i + 1]!;
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

const weightOfByte = anyByte.map((byte) =>
  WEIGHTS.find(([chars]) => chars.includes(String.fromCharCode(byte)))?.[1] ?? 1
);
