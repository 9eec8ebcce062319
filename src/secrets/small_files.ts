/**
 * Looks through many small files at a time. The tables of the search fill a processor's cache; between
 * two files that are looked at one by one, whoever reads, hashes and packs them takes it away again.
 *
 * @module
 */

import type { Found, SecretDetector } from "./detector.ts";
import { LookBudget } from "./look_budget.ts";
import { isBinaryHead, namedFilesOf } from "./rules/mod.ts";
import { textUnitsOf } from "./text_units.ts";

/** Bytes that are gathered. */
const BATCH_BYTES = 256 * 1024;
/** A file that is longer is looked at by itself. */
const MAX_FILE_BYTES = 64 * 1024;
/** Stands between two files, as at the beginning and the end of one. */
const LINE_END = 10;

/** Gathers files, and finds those with secrets in them. */
export class SmallFiles {
  readonly #detector: SecretDetector;
  readonly #onFound: (path: string, kind: string) => void;
  readonly #budget: LookBudget;
  #batch: Uint8Array | undefined;
  #used = 0;
  /** Paths of the files in the batch, and where each begins. */
  #paths: string[] = [];
  #starts: number[] = [];

  /** @param budget that of their package */
  constructor(
    detector: SecretDetector,
    onFound: (path: string, kind: string) => void,
    budget = new LookBudget(),
  ) {
    this.#detector = detector;
    this.#onFound = onFound;
    this.#budget = budget;
  }

  /**
   * Takes a whole file, which is copied, and looks at it now or in {@linkcode SmallFiles.finish}.
   *
   * @returns whether it is taken: what is known by its name or its first bytes, and what is not in one
   * byte a character, is not
   */
  take(path: string, bytes: Uint8Array): boolean {
    if (bytes.length > MAX_FILE_BYTES || namedFilesOf(path).length > 0) return false;
    if (isBinaryHead(bytes) || textUnitsOf(bytes).stride > 1) return false;
    if (this.#used + bytes.length + 1 > BATCH_BYTES) this.finish();
    this.#paths.push(path);
    this.#starts.push(this.#used);
    const batch = this.#batch ??= new Uint8Array(BATCH_BYTES);
    batch.set(bytes, this.#used);
    this.#used += bytes.length;
    batch[this.#used++] = LINE_END;
    return true;
  }

  /** Looks at all that was taken. */
  finish(): void {
    if (!this.#batch) return;
    const batch = this.#batch.subarray(0, this.#used);
    const before = this.#budget.passedBytes;
    // Most files have no anchors.
    const found = this.#detector.anchorsIn(batch);
    for (let i = 0, file = 0; i < found.length;) {
      while (file + 1 < this.#starts.length && this.#starts[file + 1]! <= found[i]![1]) file++;
      const start = this.#starts[file]!;
      const end = (this.#starts[file + 1] ?? this.#used) - 1;
      const inFile: Found[] = [];
      for (; i < found.length && found[i]![1] <= end; i++) {
        inFile.push([found[i]![0], found[i]![1] - start]);
      }
      this.#budget.passedBytes = before + start;
      const bytes = batch.subarray(start, end);
      const kind = this.#detector.kindAmong(inFile, bytes, this.#budget);
      if (kind !== undefined) this.#onFound(this.#paths[file]!, kind);
    }
    this.#budget.passedBytes = before + this.#used;
    this.#used = 0;
    this.#paths = [];
    this.#starts = [];
  }
}
