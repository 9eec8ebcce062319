/**
 * Looks for secrets in files, as their bytes pass by. Reading the files, and refusing them, is the
 * caller's business.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { concatBytes } from "../base/mod.ts";
import { groupOf } from "./anchor_groups.ts";
import { AnchorSearch } from "./anchor_search.ts";
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
/** Bytes that are decoded at a time, beside what must be seen around an anchor. */
const DECODED_BYTES = 16 * 1024;

/** Knows the rules. Making one takes some 15 ms and a megabyte; it serves many files. */
export class SecretDetector {
  readonly #rules: readonly Rule[];
  /** Index of the rule that each anchor is of. */
  readonly #ruleOf: number[] = [];
  readonly #search: AnchorSearch;

  constructor() {
    this.#rules = allRules();
    const anchors = this.#rules.flatMap(({ anchors }, index) => {
      for (const _ of anchors) this.#ruleOf.push(index);
      return anchors;
    });
    this.#search = new AnchorSearch(anchors, groupOf);
  }

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

  /** Offsets of all anchors, in no certain order: where there is none, there is no secret. */
  anchorsIn(bytes: Uint8Array): number[] {
    const found: number[] = [];
    this.#search.visit(bytes, 0, bytes.length, (_, at) => {
      found.push(at);
      return false;
    });
    return found;
  }

  /**
   * The kind of the first secret that begins in a part of a file's bytes. What it begins with must be
   * in the part; what else is in `bytes` is looked at as far as that takes. Each rule is tried once,
   * however little of the budget is left, so that what many files use up hides no key in another.
   */
  kindIn(
    bytes: Uint8Array,
    from: number,
    to: number,
    budget: LookBudget,
  ): string | undefined {
    let kind: string | undefined;
    const tried = new Set<number>();
    let text = "";
    let [decodedFrom, decodedTo] = [0, 0];
    this.#search.visit(bytes, from, to, (anchor, at) => {
      const end = Math.min(at + BEHIND_BYTES, bytes.length);
      const start = Math.max(0, at - BEFORE_BYTES);
      // Anchors that lie side by side share a text.
      if (start < decodedFrom || end > decodedTo) {
        [decodedFrom, decodedTo] = [start, Math.min(end + DECODED_BYTES, bytes.length)];
        text = latin1(bytes.subarray(decodedFrom, decodedTo));
      }
      const index = this.#ruleOf[anchor]!;
      const rule = this.#rules[index]!;
      if (rule.isCostly) {
        if (!budget.takeTry(index, at - from) && tried.has(index)) return false;
        tried.add(index);
      } else if (!budget.mayMatch(at - from)) return false;
      const begin = at - decodedFrom;
      rule.pattern.lastIndex = begin;
      const match = rule.pattern.exec(rule.isCostly ? text : text.slice(0, begin + TOKEN_BYTES));
      if (match && rule.accept(match)) {
        kind = rule.kind;
        return true;
      }
      if (match && !rule.isCostly) budget.addVain(match[0].length);
      return false;
    });
    return kind;
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
