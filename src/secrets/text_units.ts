/**
 * Detects text in UTF-16 or UTF-32, which Windows editors and shells write, and converts it to one
 * byte per character. Without the conversion, the zero bytes between the characters would hide
 * secrets.
 *
 * @module
 */

/** Position of the significant byte among the bytes that encode one ASCII character. */
export interface TextUnits {
  /** Number of bytes per character: 2 in UTF-16, 4 in UTF-32, 1 in other encodings. */
  stride: 1 | 2 | 4;
  /** Index of the significant byte within a character; the other bytes are zero. */
  offset: number;
}

/** Number of characters to examine if there is no byte order mark. */
const SAMPLE_CHARS = 32;
/** Minimum number of characters to detect an encoding without a byte order mark. */
const MIN_CHARS = 8;

const oneByte: TextUnits = { stride: 1, offset: 0 };

/**
 * Detects the encoding of a text from the byte order mark (Unicode 15, section 23.8) or, if there
 * is none, from the positions of zero bytes.
 */
export function textUnitsOf(head: Uint8Array): TextUnits {
  // Fast path: most files begin with two bytes that cannot begin a text in UTF-16 or UTF-32.
  if (head[0]! > 0 && head[0]! < 0xfe && head[1] !== 0) return oneByte;
  const begins = (...bytes: number[]) => bytes.every((byte, i) => head[i] === byte);
  if (begins(0xff, 0xfe, 0, 0)) return { stride: 4, offset: 0 };
  if (begins(0, 0, 0xfe, 0xff)) return { stride: 4, offset: 3 };
  if (begins(0xff, 0xfe)) return { stride: 2, offset: 0 };
  if (begins(0xfe, 0xff)) return { stride: 2, offset: 1 };
  for (const offset of [0, 1]) {
    if (isEachSecond(head, offset)) return { stride: 2, offset };
  }
  return oneByte;
}

/**
 * Converts text to one byte per character: keeps the significant byte of each character, and drops
 * the other bytes.
 *
 * @param position offset of the first given byte in the file
 */
export function toLatin1(
  bytes: Uint8Array,
  { stride, offset }: TextUnits,
  position: number,
): Uint8Array {
  if (stride === 1) return bytes;
  const first = (offset + stride - position % stride) % stride;
  const text = new Uint8Array(Math.max(0, Math.ceil((bytes.length - first) / stride)));
  for (let i = 0, at = first; i < text.length; i++, at += stride) text[i] = bytes[at]!;
  return text;
}

/** Whether bytes alternate between characters and zeros, with the first character at `offset`. */
function isEachSecond(head: Uint8Array, offset: number): boolean {
  const chars = Math.min(SAMPLE_CHARS, head.length >> 1);
  for (let i = 0; i < chars; i++) {
    const char = head[2 * i + offset]!;
    if (head[2 * i + 1 - offset] !== 0 || char < 9) return false;
  }
  return chars >= MIN_CHARS;
}
