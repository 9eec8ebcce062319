/**
 * Scans files for secrets as their bytes pass by. The caller reads the files, and refuses those
 * that hold a secret.
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

/** Bytes before an anchor that a regular expression sees, and bytes from the anchor on. */
const [BEFORE_BYTES, BEHIND_BYTES] = [256, 8 * 1024];
/** The same for a rule of short reach: longer than a token, or an address with a password. */
const TOKEN_BYTES = 1024;
/** Shorter chunks are gathered until they have this many bytes together. */
const MIN_CHUNK_BYTES = 64 * 1024;

/** An anchor that was found: its index, and the offset of its first byte. */
export type Found = readonly [anchor: number, at: number];

/**
 * Holds the rules. Making one takes some milliseconds and a megabyte; one detector serves many
 * files.
 */
export class SecretDetector {
  readonly #search = new AnchorSearch(classes, rows);
  /**
   * The rule of each anchor, and that rule's index. Made on first use: most small packages have no
   * anchor.
   */
  #rules: readonly (readonly [rule: Rule, index: number])[] | undefined;

  /**
   * Starts the scan of a file.
   *
   * @param path in the package, with `/` between its parts
   * @param sizeBytes the file's length, if it is known
   * @param budget the budget of the file's package
   */
  file(path: string, sizeBytes?: number, budget = new ScanBudget()): FileScan {
    return new FileScan(this, namedFilesOf(path), sizeBytes, budget);
  }

  /** All anchors in the order of their offsets. Bytes without an anchor hold no secret. */
  anchorsIn(bytes: Uint8Array): Found[] {
    const found: Found[] = [];
    this.#search.visit(bytes, 0, bytes.length, (anchor, at) => {
      found.push([anchor, at]);
      return false;
    });
    return found.sort(([, one], [, other]) => one - other);
  }

  /**
   * The kind of the first secret that begins in a part of a file's bytes. The secret's anchor has
   * to begin in the part; the rest of it may lie elsewhere in `bytes`. Each rule is tried at least
   * once even when the budget is used up, so that a flood of anchors in other files hides no key in
   * this one.
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

  /** The same for a part whose anchors are known. */
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

/** Matches the rules of the anchors in one part of a file. */
class AnchorMatcher {
  readonly #rules: readonly (readonly [rule: Rule, index: number])[];
  readonly #bytes: Uint8Array;
  readonly #from: number;
  readonly #budget: ScanBudget;
  /** Wide rules that were tried in this part. */
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

  /** The kind of the secret at an anchor, or undefined if the anchor begins none. */
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
   * Decodes the text around an anchor, and returns the anchor's place in it. Neighbouring anchors
   * share the text.
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

/** The scan of one file, which arrives in chunks. */
export class FileScan {
  readonly #detector: SecretDetector;
  readonly #named: readonly NamedFile[];
  readonly #sizeBytes: number | undefined;
  readonly #budget: ScanBudget;
  #kind: string | undefined;
  /** Chunks that are too short to be scanned alone. */
  #gathered: Uint8Array[] | undefined;
  #gatheredBytes = 0;
  /** Whether the whole file arrived as one chunk. */
  #isWhole = false;
  #units: TextUnits | undefined;
  /** Bytes of the file that were scanned or are held. */
  #position = 0;
  /** The last bytes of the file so far; those from `#heldFrom` on are not scanned yet. */
  #held: Uint8Array | undefined;
  #heldFrom = 0;
  /** The beginning of the text, kept only for a file with a telling name. */
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

  /** Takes the next chunk. The caller may overwrite the chunk afterwards. */
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

  /** The kind of the secret in the file, or undefined. Ends the scan: no chunk may follow. */
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

  /** Scans a chunk up to near its end. Secrets that begin there wait for the next chunk. */
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
