/**
 * Finds the info dictionary in the bytes of a `.torrent` (BEP 3), without building anything from them.
 * npm:bencode reads a negative length as a step back, and would loop for ever over a stranger's four
 * bytes (`d-3:`); it is given only what is well-formed here. What is in the dictionary is not looked at.
 *
 * @module
 */

const MAX_DEPTH = 32;
/** Digits of a byte string's length; the longest `.torrent` has fewer bytes. */
const MAX_LENGTH_DIGITS = 9;
const MAX_NUMBER_DIGITS = 20;
const [DIGIT_0, DIGIT_9, COLON, MINUS] = [0x30, 0x39, 0x3a, 0x2d];
const [LETTER_D, LETTER_E, LETTER_I, LETTER_L] = [0x64, 0x65, 0x69, 0x6c];
/** `info` as a bencoded byte string. */
const INFO_KEY = Uint8Array.of(0x34, COLON, 0x69, 0x6e, 0x66, 0x6f);

/**
 * The bencoded info dictionary.
 *
 * @param torrent the whole file
 * @returns a view of its bytes; `undefined` if `torrent` is not one well-formed dictionary of at most
 * 32 levels that fills it and has exactly one `info`, a dictionary
 */
export function findInfoDictionary(torrent: Uint8Array): Uint8Array | undefined {
  if (torrent[0] !== LETTER_D) return undefined;
  let info: Uint8Array | undefined;
  let at = 1;
  while (torrent[at] !== LETTER_E) {
    const value = endOfByteString(torrent, at);
    const end = value === undefined ? undefined : endOfValue(torrent, value, 1);
    if (value === undefined || end === undefined) return undefined;
    if (isInfoKey(torrent, at, value)) {
      if (info !== undefined || torrent[value] !== LETTER_D) return undefined;
      info = torrent.subarray(value, end);
    }
    at = end;
  }
  return at === torrent.length - 1 ? info : undefined;
}

function isInfoKey(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start === INFO_KEY.length && INFO_KEY.every((byte, i) => bytes[start + i] === byte);
}

/** Where the value that begins at `start` ends; `undefined` if there is no well-formed one. */
function endOfValue(bytes: Uint8Array, start: number, depth: number): number | undefined {
  if (depth > MAX_DEPTH) return undefined;
  const kind = bytes[start];
  if (kind === LETTER_I) return endOfNumber(bytes, start);
  if (kind !== LETTER_L && kind !== LETTER_D) return endOfByteString(bytes, start);
  let at = start + 1;
  while (bytes[at] !== LETTER_E) {
    const value = kind === LETTER_D ? endOfByteString(bytes, at) : at;
    const end = value === undefined ? undefined : endOfValue(bytes, value, depth + 1);
    if (end === undefined) return undefined;
    at = end;
  }
  return at + 1;
}

function endOfNumber(bytes: Uint8Array, start: number): number | undefined {
  const digits = bytes[start + 1] === MINUS ? start + 2 : start + 1;
  const end = endOfDigits(bytes, digits, MAX_NUMBER_DIGITS);
  return end === digits || bytes[end] !== LETTER_E ? undefined : end + 1;
}

function endOfByteString(bytes: Uint8Array, start: number): number | undefined {
  const colon = endOfDigits(bytes, start, MAX_LENGTH_DIGITS);
  if (colon === start || bytes[colon] !== COLON) return undefined;
  let length = 0;
  for (let at = start; at < colon; at++) length = length * 10 + bytes[at]! - DIGIT_0;
  const end = colon + 1 + length;
  return end > bytes.length ? undefined : end;
}

function endOfDigits(bytes: Uint8Array, start: number, most: number): number {
  let at = start;
  while (at - start < most && bytes[at]! >= DIGIT_0 && bytes[at]! <= DIGIT_9) at++;
  return at;
}
