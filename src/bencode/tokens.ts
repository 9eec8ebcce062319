/**
 * The special bytes of bencode (BEP 3), and the maximum depth of nesting.
 *
 * @module
 */

/** Maximum depth of nested lists and dictionaries, for the encoder and the strict decoder. */
export const MAX_DEPTH = 16;

export const DIGIT_0 = 0x30;
export const DIGIT_9 = 0x39;
/** The colon, which separates the length of a byte string from its content. */
export const COLON = 0x3a;
export const MINUS = 0x2d;
/** First byte of a bencoded dictionary. */
export const LETTER_D = 0x64;
/** Last byte of a bencoded dictionary, list or integer. */
export const LETTER_E = 0x65;
/** First byte of a bencoded integer. */
export const LETTER_I = 0x69;
/** First byte of a bencoded list. */
export const LETTER_L = 0x6c;
