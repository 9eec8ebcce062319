/**
 * Limits what scanning the files of one package may cost. Text that is made of anchors must not
 * take seconds per megabyte, in one file or in many small ones.
 *
 * @module
 */

/**
 * Tries of a wide rule, one whose pattern may match thousands of characters, in one package: how many
 * are free, and for how many scanned bytes one more is granted. A try without a match takes 60 to
 * 80 μs.
 */
const [FREE_TRIES, BYTES_PER_TRY] = [256, 2048];
/**
 * Characters that the other rules may match in vain in one package, in addition to the number of
 * bytes scanned. Tokens that overlap would otherwise have each character matched a thousand times.
 */
const FREE_VAIN_CHARS = 128 * 1024;

/** Cost of one package's scan so far, and its limits. */
export class ScanBudget {
  /** Tries, by the index of the rule. */
  readonly #tries: number[] = [];
  #vainChars = 0;
  /** Bytes of the package that were scanned. */
  passedBytes = 0;

  /** Tries of all wide rules. */
  get tries(): number {
    return this.#tries.reduce((sum, tries) => sum + tries, 0);
  }

  /**
   * Whether a wide rule may be tried once more. Counts the try if it may.
   *
   * @param aheadBytes bytes scanned beyond `passedBytes`
   */
  takeTry(rule: number, aheadBytes: number): boolean {
    const tries = this.#tries[rule] ?? 0;
    if (tries >= FREE_TRIES + (this.passedBytes + aheadBytes) / BYTES_PER_TRY) return false;
    this.#tries[rule] = tries + 1;
    return true;
  }

  /** Whether the other rules may still be tried. */
  mayMatch(aheadBytes: number): boolean {
    return this.#vainChars <= FREE_VAIN_CHARS + this.passedBytes + aheadBytes;
  }

  /** Counts the characters of a match that turned out to be no secret. */
  addVainMatch(chars: number): void {
    this.#vainChars += chars;
  }
}
