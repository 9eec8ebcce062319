/**
 * Case folding of file names: on a case-insensitive file system, two names with the same folded
 * form are the same name.
 *
 * @module
 */

import { Buffer } from "node:buffer";

/** The Turkish letter `ı` (dotless i). It does not fold to i, although its upper case is I. */
const DOTLESS_I = 0x131;
/** First code point of the range in which no character has upper or lower case. */
const CASELESS = 0x20000;
/** Number of code points that are added to the fold table at a time. */
const BLOCK = 256;
/**
 * Separator of characters that are folded together as one text. The line feed neither folds nor
 * composes, and no file name contains one.
 */
const SEPARATOR = "\n";
/**
 * Offset that marks a fold of several characters: table entries from this number on are indexes
 * into {@linkcode longFolds}, plus the offset. The offset lies above all code points.
 */
const LONG = 0x110000;
/** Maximum length of one character's fold in UTF-16 code units: three code points. */
const MAX_FOLD_UNITS = 6;
/** Matches characters that may decompose or compose. A text without such characters is in NFC. */
const MAY_COMPOSE = /[\u0300-\uffff]/;

/**
 * Matches the characters because of which a text has to be normalized before folding: U+0345, and
 * the block of letters that contain it. U+0345 is the only combining mark that folds to a letter,
 * and other marks cannot be reordered past a letter. For any other text, folding first and
 * normalizing afterwards gives the same result (The Unicode Standard, section 3.13, D145).
 */
const MAY_CHANGE_ORDER = /[\u0345\u1f00-\u1fff]/;

/**
 * Table of the fold of each code point: a code point, {@linkcode LONG} plus an index, or 0 for an
 * entry that is not computed yet.
 */
const folds = new Uint32Array(CASELESS);
const longFolds: string[] = [];
/** Buffer for folded text, viewed as code units and as bytes. */
const units = new Uint16Array(1024);
const unitBytes = Buffer.from(units.buffer);

/**
 * Returns the folded form of a name. Two names have the same folded form if and only if they are
 * equal after NFC and full case folding (statuses C and F of Unicode's CaseFolding.txt).
 *
 * @param name well-formed Unicode
 */
export function foldName(name: string): string {
  // Fast path for ASCII names, which are the majority: it takes a tenth of the time of the general
  // path below.
  if (/^[\x20-\x7e]*$/.test(name)) return /[A-Z]/.test(name) ? name.toLowerCase() : name;
  // Normalizing is the slowest part, so it is skipped for texts that are in NFC already.
  const folded = foldCase(MAY_CHANGE_ORDER.test(name) ? name.normalize("NFC") : name);
  return MAY_COMPOSE.test(folded) ? folded.normalize("NFC") : folded;
}

/**
 * Folds a text character by character with the table of folds. Converting the case of whole strings
 * with the runtime's functions would take three times as long.
 */
function foldCase(text: string): string {
  let folded = "";
  let used = 0;
  let isSame = true;
  for (let i = 0; i < text.length; i++) {
    let point = text.charCodeAt(i);
    if ((point & 0xfc00) === 0xd800) point = text.codePointAt(i++)!;
    const fold = point < CASELESS ? folds[point] || lookUp(point) : point;
    isSame &&= fold === point;
    if (fold >= LONG) {
      const long = longFolds[fold - LONG]!;
      for (let j = 0; j < long.length; j++) units[used++] = long.charCodeAt(j);
    } else if (fold > 0xffff) {
      units[used++] = 0xd800 + (fold - 0x10000 >> 10);
      units[used++] = 0xdc00 + (fold & 0x3ff);
    } else units[used++] = fold;
    if (used > units.length - MAX_FOLD_UNITS) {
      folded += textOf(used);
      used = 0;
    }
  }
  return isSame ? text : folded + textOf(used);
}

/** Returns the first `length` code units of the buffer as text. */
function textOf(length: number): string {
  // The bytes are UTF-16LE, because every platform of Deno is little-endian.
  return unitBytes.toString("utf16le", 0, length * units.BYTES_PER_ELEMENT);
}

/**
 * Fills the table for the block of a code point, and returns the code point's fold.
 *
 * The runtime has no case folding, so the fold is computed by converting to lower case, to upper
 * case, and to lower case again. Two characters have the same fold if their lower-case forms have
 * the same upper-case form: U+1E9E becomes ß in lower case, and ß becomes SS in upper case. The
 * last conversion makes a lower-case ASCII name its own fold.
 */
function lookUp(point: number): number {
  const first = point - point % BLOCK;
  const characters = Array.from({ length: BLOCK }, (_, i) => String.fromCodePoint(first + i));
  const text = characters.map((character) => isFolded(character) ? character : "").join(SEPARATOR);
  const folded = text.toLowerCase().toUpperCase().toLowerCase().normalize("NFC").split(SEPARATOR);
  for (const [i, character] of characters.entries()) {
    const fold = isFolded(character) ? folded[i]! : character;
    const isLong = fold.length > (fold.codePointAt(0)! > 0xffff ? 2 : 1);
    folds[first + i] = isLong ? LONG + longFolds.push(fold) - 1 : fold.codePointAt(0)!;
  }
  return folds[point]!;
}

/**
 * Whether a character may fold to a different one and can be folded together with other characters
 * in one text.
 */
function isFolded(character: string): boolean {
  return character !== SEPARATOR && character.codePointAt(0) !== DOTLESS_I &&
    character.isWellFormed();
}
