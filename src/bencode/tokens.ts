/**
 * The bytes that bencode (BEP 3) is made of, and the depth that this program writes and reads.
 *
 * @module
 */

/** Deepest nesting of lists and dictionaries that is encoded or strictly decoded. */
export const MAX_DEPTH = 16;

export const DIGIT_0 = 0x30;
export const DIGIT_9 = 0x39;
/** Ends the length of a byte string. */
export const COLON = 0x3a;
export const MINUS = 0x2d;
/** Begins a dictionary. */
export const LETTER_D = 0x64;
/** Ends a dictionary, a list or an integer. */
export const LETTER_E = 0x65;
/** Begins an integer. */
export const LETTER_I = 0x69;
/** Begins a list. */
export const LETTER_L = 0x6c;
