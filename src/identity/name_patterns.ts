/**
 * Patterns of package names, by which a certificate limits what its key may sign. `*` stands for any
 * run of characters but `/`, every other character for itself: `b-*`, `@scope/*`.
 *
 * @module
 */

/** Maximum number of patterns of a certificate. */
const MAX_PATTERNS = 8;
/** Maximum length of all patterns of a certificate together, characters. */
const MAX_CHARACTERS = 128;
/** A package name whose characters may be `*`. */
const PATTERN = /^(?:@[a-z0-9._*-]+\/)?[a-z0-9._*-]+$/;

/**
 * Whether a value is a list of patterns that a certificate may have: 1 to 8, of 128 characters
 * together, each greater than the one before in the order of UTF-16 code units. So equal lists have
 * equal bytes.
 */
export function areNamePatterns(value: unknown): value is string[] {
  return Array.isArray(value) && value.length >= 1 && value.length <= MAX_PATTERNS &&
    value.every((one, i) =>
      typeof one === "string" && PATTERN.test(one) && (i === 0 || value[i - 1] < one)
    ) &&
    value.join("").length <= MAX_CHARACTERS;
}

/** Whether a pattern stands for a name. Time is at most the product of both lengths. */
export function matchesName(pattern: string, name: string): boolean {
  let [p, n] = [0, 0];
  // The last `*`, and how many characters of the name precede what follows it.
  let [star, afterStar] = [-1, 0];
  while (n < name.length) {
    if (pattern[p] === "*") {
      [star, afterStar] = [p++, n];
    } else if (pattern[p] === name[n]) {
      p++;
      n++;
    } else if (star >= 0 && name[afterStar] !== "/") {
      p = star + 1;
      n = ++afterStar;
    } else {
      return false;
    }
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}
