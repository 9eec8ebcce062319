/**
 * Scans many small files for secrets together. Scanning files one by one would be slower: the
 * search tables fill the processor's cache, and the reading, hashing and packing between two scans
 * would evict them.
 *
 * @module
 */

import type { Found, SecretDetector } from "./detector.ts";
import { ScanBudget } from "./scan_budget.ts";
import { isBinaryHead, namedFilesOf } from "./rules/mod.ts";
import { textUnitsOf } from "./text_units.ts";

/** Maximum number of bytes in a batch of small files that are scanned together. */
const BATCH_BYTES = 256 * 1024;
/** Maximum length of a file in a batch, in bytes. Longer files are scanned alone. */
const MAX_FILE_BYTES = 64 * 1024;
/** Byte between two files in a batch: a line feed, as assumed before and after a single file. */
const LINE_END = 10;

/** Collects small files, scans them together, and reports the files that contain secrets. */
export class SmallFileBatch {
  readonly #detector: SecretDetector;
  readonly #onFound: (path: string, kind: string) => void;
  readonly #budget: ScanBudget;
  #batch: Uint8Array | undefined;
  #used = 0;
  /** Paths of the files in the batch, and offset of each file's first byte. */
  #paths: string[] = [];
  #starts: number[] = [];

  /**
   * @param onFound is called with the path of a file with a secret, and the kind of the secret
   * @param budget scan budget of the package that contains the files
   */
  constructor(
    detector: SecretDetector,
    onFound: (path: string, kind: string) => void,
    budget = new ScanBudget(),
  ) {
    this.#detector = detector;
    this.#onFound = onFound;
    this.#budget = budget;
  }

  /**
   * Copies a whole file into the batch. The batch is scanned when it is full, or by {@linkcode
   * SmallFileBatch.finish}.
   *
   * @returns `false` if the file must be scanned alone instead: it is long, has a name that
   * suggests credentials, begins like a binary key, or is text in UTF-16 or UTF-32
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

  /** Scans the files in the batch and empties the batch. */
  finish(): void {
    if (!this.#batch) return;
    const batch = this.#batch.subarray(0, this.#used);
    const before = this.#budget.passedBytes;
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
      const kind = this.#detector.kindAtAnchors(inFile, bytes, this.#budget);
      if (kind !== undefined) this.#onFound(this.#paths[file]!, kind);
    }
    this.#budget.passedBytes = before + this.#used;
    this.#used = 0;
    this.#paths = [];
    this.#starts = [];
  }
}
