/**
 * Looks for secrets in files, as their bytes pass by. Reading the files, and refusing them, is the
 * caller's business.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { concatBytes } from "../base/mod.ts";
import { AnchorSearch } from "./anchor_search.ts";
import { classes, rows } from "./anchor_table.ts";
import { LookBudget } from "./look_budget.ts";
import {
  allRules,
  binaryKey,
  HEAD_BYTES,
  NAMED_BYTES,
  type NamedFile,
  namedFilesOf,
  type Rule,
} from "./rules/mod.ts";
import { type TextUnits, textUnitsOf, toLatin1 } from "./text_units.ts";

/** What a regular expression sees before an anchor, and behind its beginning, in bytes. */
const [BEFORE_BYTES, BEHIND_BYTES] = [256, 8 * 1024];
/** The same of a rule that does not look far: more than a token has, or an address with a password. */
const TOKEN_BYTES = 1024;
/** A chunk that is shorter is put together with those that follow. */
const MIN_CHUNK_BYTES = 64 * 1024;

/** An anchor that was found: its number, and the offset of its first byte. */
export type Found = readonly [anchor: number, at: number];

/** Knows the rules. Making one takes some milliseconds and a megabyte; it serves many files. */
export class SecretDetector {
  readonly #search = new AnchorSearch(classes, rows);
  /** The rule of each anchor, and its number. Most small packages need none. */
  #rules: readonly (readonly [rule: Rule, index: number])[] | undefined;

  /**
   * Begins to look at a file.
   *
   * @param path in the package, with `/` between its parts
   * @param sizeBytes its length, if it is known
   * @param budget that of its package
   */
  file(path: string, sizeBytes?: number, budget = new LookBudget()): FileScan {
    return new FileScan(this, namedFilesOf(path), sizeBytes, budget);
  }

  /** All anchors, in the order of their offsets: where there is none, there is no secret. */
  anchorsIn(bytes: Uint8Array): Found[] {
    const found: Found[] = [];
    this.#search.visit(bytes, 0, bytes.length, (anchor, at) => {
      found.push([anchor, at]);
      return false;
    });
    return found.sort(([, one], [, other]) => one - other);
  }

  /**
   * The kind of the first secret that begins in a part of a file's bytes. What it begins with must be
   * in the part; what else is in `bytes` is looked at as far as that takes. Each rule is tried once,
   * however little of the budget is left, so that what many files use up hides no key in another.
   */
  kindIn(bytes: Uint8Array, from: number, to: number, budget: LookBudget): string | undefined {
    let kind: string | undefined;
    let look: Look | undefined;
    this.#search.visit(bytes, from, to, (anchor, at) => {
      look ??= new Look(this.#rulesByAnchor(), bytes, from, budget);
      kind = look.kindAt(anchor, at);
      return kind !== undefined;
    });
    return kind;
  }

  /** The same of a part of which the anchors are known. */
  kindAmong(found: Iterable<Found>, bytes: Uint8Array, budget: LookBudget): string | undefined {
    const look = new Look(this.#rulesByAnchor(), bytes, 0, budget);
    for (const [anchor, at] of found) {
      const kind = look.kindAt(anchor, at);
      if (kind !== undefined) return kind;
    }
  }

  #rulesByAnchor(): readonly (readonly [rule: Rule, index: number])[] {
    return this.#rules ??= allRules()
      .flatMap((rule, index) => rule.anchors.map(() => [rule, index] as const));
  }
}

/** A look at the anchors in a part of a file. */
class Look {
  readonly #rules: readonly (readonly [rule: Rule, index: number])[];
  readonly #bytes: Uint8Array;
  readonly #from: number;
  readonly #budget: LookBudget;
  /** Rules that look far and have had their try. */
  readonly #tried = new Set<number>();
  #text = "";
  #textFrom = 0;
  #textTo = 0;

  constructor(
    rules: readonly (readonly [rule: Rule, index: number])[],
    bytes: Uint8Array,
    from: number,
    budget: LookBudget,
  ) {
    this.#rules = rules;
    this.#bytes = bytes;
    this.#from = from;
    this.#budget = budget;
  }

  /** The kind of the secret that an anchor is of, if it is of one. */
  kindAt(anchor: number, at: number): string | undefined {
    const [rule, index] = this.#rules[anchor]!;
    const ahead = at - this.#from;
    if (rule.isCostly) {
      if (!this.#budget.takeTry(index, ahead) && this.#tried.has(index)) return;
      this.#tried.add(index);
    } else if (!this.#budget.mayMatch(ahead)) return;
    const begin = this.#decode(at, rule.isCostly ? BEHIND_BYTES : TOKEN_BYTES);
    rule.pattern.lastIndex = begin;
    const match = rule.pattern.exec(
      rule.isCostly ? this.#text : this.#text.slice(0, begin + TOKEN_BYTES),
    );
    if (!match) return;
    if (rule.accept(match)) return rule.kind;
    if (!rule.isCostly) this.#budget.addVain(match[0].length);
  }

  /** Decodes what is around an anchor; returns its place in the text. Anchors side by side share one. */
  #decode(at: number, behind: number): number {
    const end = Math.min(at + behind, this.#bytes.length);
    const start = Math.max(0, at - BEFORE_BYTES);
    if (start < this.#textFrom || end > this.#textTo) {
      this.#textFrom = start;
      this.#textTo = Math.min(end + behind, this.#bytes.length);
      this.#text = latin1(this.#bytes.subarray(this.#textFrom, this.#textTo));
    }
    return at - this.#textFrom;
  }
}

/** One file on its way past. */
export class FileScan {
  readonly #detector: SecretDetector;
  readonly #named: readonly NamedFile[];
  readonly #sizeBytes: number | undefined;
  readonly #budget: LookBudget;
  #kind: string | undefined;
  /** Chunks that are too short to be looked at one by one. */
  #gathered: Uint8Array[] | undefined;
  #gatheredBytes = 0;
  /** All of it was looked at in one piece. */
  #isWhole = false;
  #units: TextUnits | undefined;
  /** Bytes of the file that were looked at, or held. */
  #position = 0;
  /** The last bytes, of which the part from `#heldFrom` on is to be looked at yet. */
  #held: Uint8Array | undefined;
  #heldFrom = 0;
  /** The beginning of a file that is known by its name. */
  #beginning = "";

  constructor(
    detector: SecretDetector,
    named: readonly NamedFile[],
    sizeBytes: number | undefined,
    budget: LookBudget,
  ) {
    this.#detector = detector;
    this.#named = named;
    this.#sizeBytes = sizeBytes;
    this.#budget = budget;
  }

  /** Takes the next bytes. They may be altered afterwards. */
  add(chunk: Uint8Array): void {
    if (this.#kind !== undefined || chunk.length === 0) return;
    // The usual case is a small file in one piece.
    const isWhole = chunk.length === this.#sizeBytes;
    this.#isWhole = isWhole;
    if (isWhole || this.#gatheredBytes === 0 && chunk.length >= MIN_CHUNK_BYTES) {
      this.#take(chunk, isWhole);
      return;
    }
    (this.#gathered ??= []).push(chunk.slice());
    this.#gatheredBytes += chunk.length;
    if (this.#gatheredBytes >= MIN_CHUNK_BYTES) this.#take(this.#takeGathered(), false);
  }

  /** The kind of the secret that is in the file, if one is. Nothing may be added any more. */
  end(): string | undefined {
    if (this.#kind === undefined && !this.#isWhole) this.#take(this.#takeGathered(), true);
    if (this.#kind !== undefined || this.#named.length === 0) return this.#kind;
    const mark = this.#units?.stride === 1 ? "\xef\xbb\xbf" : /^[\xfe\xff]/;
    const beginning = this.#beginning.replace(mark, "");
    return this.#named.find(({ holds }) => holds(beginning))?.kind;
  }

  #takeGathered(): Uint8Array {
    const bytes = concatBytes(...this.#gathered ?? []);
    this.#gathered = undefined;
    this.#gatheredBytes = 0;
    return bytes;
  }

  #take(raw: Uint8Array, isLast: boolean): void {
    if (!this.#units) {
      this.#units = textUnitsOf(raw);
      this.#kind = binaryKey(raw.subarray(0, HEAD_BYTES), this.#sizeBytes);
      if (this.#kind !== undefined) return;
    }
    const bytes = toLatin1(raw, this.#units, this.#position);
    this.#position += raw.length;
    if (this.#named.length > 0 && this.#beginning.length < NAMED_BYTES) {
      this.#beginning += latin1(bytes.subarray(0, NAMED_BYTES - this.#beginning.length));
    }
    this.#kind = this.#lookAt(bytes, isLast);
  }

  /** What begins near the end of the bytes waits for those that follow. */
  #lookAt(bytes: Uint8Array, isLast: boolean): string | undefined {
    let from = 0;
    const held = this.#held;
    if (held) {
      const isShort = bytes.length <= BEFORE_BYTES + BEHIND_BYTES;
      const seam = concatBytes(held, bytes.subarray(0, BEFORE_BYTES + BEHIND_BYTES));
      from = isShort ? bytes.length : BEFORE_BYTES;
      const kind = this.#detector.kindIn(
        seam,
        this.#heldFrom,
        held.length + from,
        this.#budget,
      );
      if (kind !== undefined) return kind;
    }
    const to = isLast ? bytes.length : bytes.length - BEHIND_BYTES;
    const kind = this.#detector.kindIn(bytes, from, to, this.#budget);
    this.#budget.passedBytes += bytes.length;
    this.#held = isLast ? undefined : bytes.slice(to - BEFORE_BYTES);
    this.#heldFrom = BEFORE_BYTES;
    return kind;
  }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}
