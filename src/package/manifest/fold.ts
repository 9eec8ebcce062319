/**
 * When two names are the same name to a file system that does not tell case apart.
 *
 * @module
 */

/** Letter of Turkish and its kin. It is no lower case of I, though its own upper case is I. */
const DOTLESS_I = "\u0131";

/**
 * U+0345, the one combining mark that folds to a letter, which others then do not pass any more, and the
 * block of the letters that have it in them. Folding any other text and normalizing it then gives the
 * same as when it was normalized before, too (The Unicode Standard, section 3.13, D145).
 */
const MAY_CHANGE_ORDER = /[\u0345\u1f00-\u1fff]/;

/**
 * Key of a name: two names have the same key if and only if they are equal after NFC and full case
 * folding, statuses C and F of Unicode's CaseFolding.txt.
 *
 * @param name well-formed Unicode
 */
export function foldName(name: string): string {
  // Most names are ASCII, where this is a tenth of the work.
  if (/^[\x20-\x7e]*$/.test(name)) return /[A-Z]/.test(name) ? name.toLowerCase() : name;
  // Normalizing takes the most time.
  const text = MAY_CHANGE_ORDER.test(name) ? name.normalize("NFC") : name;
  const folded = text.includes(DOTLESS_I)
    ? text.split(DOTLESS_I).map(foldCase).join(DOTLESS_I)
    : foldCase(text);
  return folded.normalize("NFC");
}

/**
 * The runtime has no case folding. Two texts without a dotless i fold to the same if their lower cases
 * have the same upper case: lower case first takes U+1E9E to ß, upper case then takes ß to SS. Lower
 * case again makes the key of a name that is ASCII, as most are, the name itself.
 */
function foldCase(text: string): string {
  return text.toLowerCase().toUpperCase().toLowerCase();
}
