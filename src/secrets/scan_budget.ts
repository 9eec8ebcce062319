/**
 * Limits the work of scanning one package for secrets. Without a limit, a file full of anchors
 * (texts at which a regular expression is tried) would take seconds per megabyte, and so would many
 * small files.
 *
 * @module
 */

/**
 * Limits on trying one wide rule (a pattern that may match thousands of characters) in one package:
 * the number of free tries, and the number of scanned bytes that earn another try. A try without a
 * match takes 60 to 80 μs.
 */
const [FREE_TRIES, BYTES_PER_TRY] = [256, 2048];
/**
 * Limit on false matches of rules for short texts in one package: this number of characters plus
 * the number of scanned bytes. Without a limit, overlapping false tokens could cause each character
 * to be matched a thousand times.
 */
const FREE_VAIN_CHARS = 128 * 1024;

/**
 * Counts the work of scanning one package for secrets, and compares the counted work with the
 * limits.
 */
export class ScanBudget {
  /** Number of times that each wide rule was tried in the package, by the index of the rule. */
  readonly #tries: number[] = [];
  #vainChars = 0;
  /** Number of bytes of the package that have been scanned. */
  passedBytes = 0;

  /** Total number of tries of all wide rules (patterns that may match thousands of characters). */
  get tries(): number {
    return this.#tries.reduce((sum, tries) => sum + tries, 0);
  }

  /**
   * Counts a try of a wide rule, if the limit allows one more; returns whether it does.
   *
   * @param aheadBytes number of bytes scanned in addition to `passedBytes`
   */
  takeTry(rule: number, aheadBytes: number): boolean {
    const tries = this.#tries[rule] ?? 0;
    if (tries >= FREE_TRIES + (this.passedBytes + aheadBytes) / BYTES_PER_TRY) return false;
    this.#tries[rule] = tries + 1;
    return true;
  }

  /** Whether the limit on false matches still allows trying rules for short texts. */
  mayMatch(aheadBytes: number): boolean {
    return this.#vainChars <= FREE_VAIN_CHARS + this.passedBytes + aheadBytes;
  }

  /** Counts the characters of a false match: a text that matched a rule but is not a secret. */
  addVainMatch(chars: number): void {
    this.#vainChars += chars;
  }
}
