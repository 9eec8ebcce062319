/**
 * Scans files for secrets while the files are read or packed, chunk by chunk. The caller reads the
 * files, and decides what happens to a file that contains a secret.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { concatBytes } from "../base/mod.ts";
import { AnchorSearch } from "./anchor_search.ts";
import { classes, rows } from "./anchor_table.ts";
import { ScanBudget } from "./scan_budget.ts";
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

/**
 * Part of a file around an anchor that a regular expression can see: number of bytes before the
 * anchor, and number of bytes from the anchor's first byte on.
 */
const [BEFORE_BYTES, BEHIND_BYTES] = [256, 8 * 1024];
/**
 * Number of bytes from the anchor on that the regular expression of a rule can see, unless
 * the rule is wide (made for texts of thousands of characters).
 */
const TOKEN_BYTES = 1024;
/**
 * Minimum number of bytes to scan at once. Shorter chunks are collected until their total length
 * reaches this number.
 */
const MIN_CHUNK_BYTES = 64 * 1024;

/** A found anchor: its index in the list of anchors, and the offset of its first byte. */
export type Found = readonly [anchor: number, at: number];

/**
 * Detector of secrets, with all rules. Creating a detector takes some milliseconds and a megabyte,
 * so one detector is used for many files.
 */
export class SecretDetector {
  readonly #search = new AnchorSearch(classes, rows);
  /**
   * The rule of each anchor, and the index of that rule. Created on first use, because most small
   * packages contain no anchor.
   */
  #rules: readonly (readonly [rule: Rule, index: number])[] | undefined;

  /**
   * Starts the scan of a file.
   *
   * @param path path of the file in its package, with `/` between the parts
   * @param sizeBytes length of the file, if known
   * @param budget scan budget of the package that contains the file
   */
  file(path: string, sizeBytes?: number, budget = new ScanBudget()): FileScan {
    return new FileScan(this, namedFilesOf(path), sizeBytes, budget);
  }

  /** Finds all anchors, sorted by offset. Bytes without an anchor contain no secret. */
  anchorsIn(bytes: Uint8Array): Found[] {
    const found: Found[] = [];
    this.#search.visit(bytes, 0, bytes.length, (anchor, at) => {
      found.push([anchor, at]);
      return false;
    });
    return found.sort(([, one], [, other]) => one - other);
  }

  /**
   * Finds a secret whose anchor begins between `from` and `to`, and returns its kind. The rest of
   * the secret may lie anywhere in `bytes`. Each rule is tried at least once even if the budget is
   * used up, so that many anchors in other files cannot hide a key in this file.
   */
  kindIn(bytes: Uint8Array, from: number, to: number, budget: ScanBudget): string | undefined {
    let kind: string | undefined;
    let matcher: AnchorMatcher | undefined;
    this.#search.visit(bytes, from, to, (anchor, at) => {
      matcher ??= new AnchorMatcher(this.#rulesByAnchor(), bytes, from, budget);
      kind = matcher.kindAt(anchor, at);
      return kind !== undefined;
    });
    return kind;
  }

  /** Finds a secret at one of the given anchors, and returns its kind. */
  kindAtAnchors(found: Iterable<Found>, bytes: Uint8Array, budget: ScanBudget): string | undefined {
    const matcher = new AnchorMatcher(this.#rulesByAnchor(), bytes, 0, budget);
    for (const [anchor, at] of found) {
      const kind = matcher.kindAt(anchor, at);
      if (kind !== undefined) return kind;
    }
  }

  #rulesByAnchor(): readonly (readonly [rule: Rule, index: number])[] {
    return this.#rules ??= allRules()
      .flatMap((rule, index) => rule.anchors.map(() => [rule, index] as const));
  }
}

/** Applies the rules of found anchors to one part of a file. */
class AnchorMatcher {
  readonly #rules: readonly (readonly [rule: Rule, index: number])[];
  readonly #bytes: Uint8Array;
  readonly #from: number;
  readonly #budget: ScanBudget;
  /**
   * Indices of the wide rules (those that match thousands of characters) tried in this part of the
   * file.
   */
  readonly #tried = new Set<number>();
  #text = "";
  #textFrom = 0;
  #textTo = 0;

  constructor(
    rules: readonly (readonly [rule: Rule, index: number])[],
    bytes: Uint8Array,
    from: number,
    budget: ScanBudget,
  ) {
    this.#rules = rules;
    this.#bytes = bytes;
    this.#from = from;
    this.#budget = budget;
  }

  /** Returns the kind of the secret at an anchor; `undefined` if there is no secret. */
  kindAt(anchor: number, at: number): string | undefined {
    const [rule, index] = this.#rules[anchor]!;
    const ahead = at - this.#from;
    if (rule.isWide) {
      if (!this.#budget.takeTry(index, ahead) && this.#tried.has(index)) return;
      this.#tried.add(index);
    } else if (!this.#budget.mayMatch(ahead)) return;
    const begin = this.#decode(at, rule.isWide ? BEHIND_BYTES : TOKEN_BYTES);
    rule.pattern.lastIndex = begin;
    const match = rule.pattern.exec(
      rule.isWide ? this.#text : this.#text.slice(0, begin + TOKEN_BYTES),
    );
    if (!match) return;
    if (rule.accept(match)) return rule.kind;
    if (!rule.isWide) this.#budget.addVainMatch(match[0].length);
  }

  /**
   * Decodes the text around an anchor, and returns the position of the anchor in the text. The
   * decoded text is reused for other anchors nearby.
   */
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

/** The scan of one file. The caller passes the file in chunks. */
export class FileScan {
  readonly #detector: SecretDetector;
  readonly #named: readonly NamedFile[];
  readonly #sizeBytes: number | undefined;
  readonly #budget: ScanBudget;
  #kind: string | undefined;
  /** Collected chunks, each of which is too short to be scanned alone. */
  #gathered: Uint8Array[] | undefined;
  #gatheredBytes = 0;
  /** Whether one chunk contained the whole file. */
  #isWhole = false;
  #units: TextUnits | undefined;
  /** Number of bytes of the file that have been taken for scanning. */
  #position = 0;
  /**
   * The last bytes that were read of the file. The bytes before the index `#heldFrom` of this array
   * have been scanned, the rest have not.
   */
  #held: Uint8Array | undefined;
  #heldFrom = 0;
  /**
   * Beginning of the file's text. Kept only if the file's name suggests credentials, as `.env`
   * does.
   */
  #beginning = "";

  constructor(
    detector: SecretDetector,
    named: readonly NamedFile[],
    sizeBytes: number | undefined,
    budget: ScanBudget,
  ) {
    this.#detector = detector;
    this.#named = named;
    this.#sizeBytes = sizeBytes;
    this.#budget = budget;
  }

  /** Scans the next chunk of the file. The caller may overwrite the chunk afterwards. */
  add(chunk: Uint8Array): void {
    if (this.#kind !== undefined || chunk.length === 0) return;
    // Fast path for the usual case: one chunk contains a whole small file.
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

  /** Ends the scan. Returns the kind of the secret in the file; `undefined` if there is none. */
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

  /**
   * Scans a chunk except for its last bytes, where a secret may continue in the next chunk. These
   * bytes are kept and scanned together with the next chunk.
   */
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
