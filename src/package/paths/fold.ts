/**
 * Case folding of names: two names with the same key are one name on a case-insensitive file system.
 *
 * @module
 */

import { Buffer } from "node:buffer";

/** `ı`, a letter of Turkish. It does not fold to i, though its upper case is I. */
const DOTLESS_I = 0x131;
/** First code point from which on no character has case. */
const CASELESS = 0x20000;
/** Number of code points that the table gets at a time. */
const BLOCK = 256;
/** Separates characters in one text: it neither folds nor composes, and no name has it. */
const SEPARATOR = "\n";
/** Above all code points: this plus an index into {@linkcode longFolds}. */
const LONG = 0x110000;
/** Maximum length of a fold in code units: three code points. */
const MAX_FOLD_UNITS = 6;
/** Characters that may decompose or compose. Text without any of them is in NFC. */
const MAY_COMPOSE = /[\u0300-\uffff]/;

/**
 * Characters before which a text has to be normalized and then folded: U+0345, and the block of letters
 * that contain it. U+0345 is the one combining mark that folds to a letter, past which other marks
 * cannot be reordered. Any other text gives the same result if it is only folded and then normalized
 * (The Unicode Standard, section 3.13, D145).
 */
const MAY_CHANGE_ORDER = /[\u0345\u1f00-\u1fff]/;

/**
 * The fold of each code point: a code point, or {@linkcode LONG} or more; 0 before it is looked up.
 */
const folds = new Uint32Array(CASELESS);
const longFolds: string[] = [];
/** Buffer for folded text, as code units and as bytes. */
const units = new Uint16Array(1024);
const unitBytes = Buffer.from(units.buffer);

/**
 * Returns the key of a name. Two names have the same key if and only if they are equal after NFC and
 * full case folding (statuses C and F of Unicode's CaseFolding.txt).
 *
 * @param name well-formed Unicode
 */
export function foldName(name: string): string {
  // Fast path: most names are ASCII, for which this takes a tenth of the time.
  if (/^[\x20-\x7e]*$/.test(name)) return /[A-Z]/.test(name) ? name.toLowerCase() : name;
  // Normalizing takes most of the time, so it is skipped where it changes nothing.
  const folded = foldCase(MAY_CHANGE_ORDER.test(name) ? name.normalize("NFC") : name);
  return MAY_COMPOSE.test(folded) ? folded.normalize("NFC") : folded;
}

/** Folds character by character. The runtime's changes of case would take three times as long. */
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

/** The first `length` code units of the buffer as text. */
function textOf(length: number): string {
  // Every platform of Deno is little-endian.
  return unitBytes.toString("utf16le", 0, length * units.BYTES_PER_ELEMENT);
}

/**
 * Fills the table for the block of a code point, and returns the code point's fold.
 *
 * The runtime has no case folding, so it is made of changes of case. Two characters fold to the same
 * text if their lower cases have the same upper case: lower case maps U+1E9E to ß, then upper case maps
 * ß to SS. A last change to lower case gives lower-case ASCII names themselves as their key.
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

/** Whether a character may fold to another one and can stand in a text with others. */
function isFolded(character: string): boolean {
  return character !== SEPARATOR && character.codePointAt(0) !== DOTLESS_I &&
    character.isWellFormed();
}
