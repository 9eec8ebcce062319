/**
 * How much looking at the files of one package may take. Text that is made of anchors must not take
 * seconds a megabyte, in one file or in many small ones.
 *
 * @module
 */

/**
 * How often a rule that looks far is tried in a package, and for how many bytes one more time. A try takes
 * 60 to 80 μs where it comes to nothing.
 */
const [FREE_TRIES, BYTES_PER_TRY] = [256, 2048];
/**
 * How many characters the other rules may match in vain in a package, beside as many as have been passed.
 * Tokens that stand for one another's tails would have each character looked at a thousand times.
 */
const FREE_VAIN_CHARS = 128 * 1024;

/** The budget that one package has used up. */
export class LookBudget {
  /** Tries, by the index of the rule. */
  readonly #tries: number[] = [];
  #vainChars = 0;
  /** Bytes of the package that have been looked at. */
  passedBytes = 0;

  /** Tries of all rules that look far. */
  get tries(): number {
    return this.#tries.reduce((sum, tries) => sum + tries, 0);
  }

  /**
   * Whether a rule that looks far may be tried once more, which counts.
   *
   * @param aheadBytes how much more than `passedBytes` has been looked at
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

  /** Takes in that one of the others matched what is no secret. */
  addVain(chars: number): void {
    this.#vainChars += chars;
  }
}
