/**
 * UTF-16 and UTF-32, which editors and shells of Windows write: in them, each character of a secret
 * is one byte among zeros.
 *
 * @module
 */

/** Which bytes of a text carry its ASCII characters. */
export interface TextUnits {
  /** Bytes of each character. */
  stride: 1 | 2 | 4;
  /** Index within a character of the byte that counts, from the start of the file. */
  offset: number;
}

/** Characters that are examined where no byte order mark names the encoding. */
const SAMPLE_CHARS = 32;
/** Minimum characters for a decision without a byte order mark. */
const MIN_CHARS = 8;

const oneByte: TextUnits = { stride: 1, offset: 0 };

/**
 * Detects the encoding by the byte order mark (Unicode 15, section 23.8) or, without one, by the
 * positions of zeros.
 */
export function textUnitsOf(head: Uint8Array): TextUnits {
  // Fast path: most files begin with two characters of one byte each.
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
 * The text with one byte for each character.
 *
 * @param position offset of the first byte in the file
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

/** Whether every second byte is a character and the others are zeros. */
function isEachSecond(head: Uint8Array, offset: number): boolean {
  const chars = Math.min(SAMPLE_CHARS, head.length >> 1);
  for (let i = 0; i < chars; i++) {
    const char = head[2 * i + offset]!;
    if (head[2 * i + 1 - offset] !== 0 || char < 9) return false;
  }
  return chars >= MIN_CHARS;
}
