/**
 * Damages bytes for fuzzing: bit flips, insertions, deletions, splices of two inputs, and wrong
 * lengths. The same random numbers produce the same damage.
 *
 * @module
 */

import { concatBytes, utf8 } from "../../src/base/mod.ts";

/** Returns a random number from 0 (inclusive) to 1 (exclusive). */
export type Random = () => number;

/** Maximum length of a damaged input in bytes, so that the time of each test is bounded. */
export const MAX_INPUT_BYTES = 96 * 1024;

/** Bytes and texts that parsers of bencode, JSON, YAML, tar, URIs and HTTP tend to mishandle. */
const TOKENS: readonly Uint8Array[] = [
  ...["i", "e", "l", "d", ":", "-", "+", ".", "0", "-3:", "d-3:", "00:", "0:", "i-0e", "i00e"],
  ...["i9007199254740992e", "99999999999:", "4294967296:", "le", "de", "1:ade", "9:__proto__"],
  ...[
    "{",
    "}",
    "[",
    "]",
    '"',
    "\\",
    "\\u0000",
    '"__proto__":',
    '"constructor":1,',
    "null",
    "1e999",
  ],
  ...["-1", "&a", "*a", "!!js", "---\n", "\t", "\n", "\r\n", "%", "%00", "%2e%2e", "../", "/", "@"],
  ...["+", "&xt=urn:btih:", "sha256:", "ed25519:", "\ufeff", "\u202e", "\0", "ustar", "0000777"],
  ...[
    "9223372036854775807",
    "Transfer-Encoding: chunked\r\n",
    "Content-Length: -1\r\n",
    "\r\n\r\n",
  ],
].map(utf8).concat([
  Uint8Array.of(0xff),
  Uint8Array.of(0xc0, 0x80),
  Uint8Array.of(0x80, 0, 0, 0, 0xff, 0xff, 0xff, 0xff),
  Uint8Array.of(0x1f, 0x8b, 8, 0),
]);

/** Makes a damaged copy of `input`. Splices take parts of `others`. */
export function mutate(
  input: Uint8Array,
  others: readonly Uint8Array[],
  random: Random,
): Uint8Array {
  let bytes: Uint8Array = input.slice();
  const times = 1 + Math.floor(random() ** 2 * 6);
  for (let i = 0; i < times; i++) {
    const damage = DAMAGES[below(DAMAGES.length, random)]!;
    bytes = damage(bytes, others, random);
  }
  return bytes.length > MAX_INPUT_BYTES ? bytes.subarray(0, MAX_INPUT_BYTES) : bytes;
}

function below(bound: number, random: Random): number {
  return Math.floor(random() * bound);
}

type Damage = (bytes: Uint8Array, others: readonly Uint8Array[], random: Random) => Uint8Array;

const DAMAGES: readonly Damage[] = [
  flipBit,
  setByte,
  insertToken,
  insertToken,
  remove,
  truncate,
  repeat,
  splice,
  corruptLength,
  corruptLength,
  nest,
];

function flipBit(bytes: Uint8Array, _others: readonly Uint8Array[], random: Random): Uint8Array {
  if (bytes.length > 0) bytes[below(bytes.length, random)]! ^= 1 << below(8, random);
  return bytes;
}

function setByte(bytes: Uint8Array, _others: readonly Uint8Array[], random: Random): Uint8Array {
  if (bytes.length > 0) bytes[below(bytes.length, random)] = below(256, random);
  return bytes;
}

function insertToken(
  bytes: Uint8Array,
  _others: readonly Uint8Array[],
  random: Random,
): Uint8Array {
  const at = below(bytes.length + 1, random);
  const token = TOKENS[below(TOKENS.length, random)]!;
  return concatBytes(bytes.subarray(0, at), token, bytes.subarray(at));
}

function remove(bytes: Uint8Array, _others: readonly Uint8Array[], random: Random): Uint8Array {
  const at = below(bytes.length + 1, random);
  const count = 1 + below(random() < 0.8 ? 8 : bytes.length, random);
  return concatBytes(bytes.subarray(0, at), bytes.subarray(at + count));
}

function truncate(bytes: Uint8Array, _others: readonly Uint8Array[], random: Random): Uint8Array {
  return bytes.slice(0, below(bytes.length + 1, random));
}

function repeat(bytes: Uint8Array, _others: readonly Uint8Array[], random: Random): Uint8Array {
  const at = below(bytes.length + 1, random);
  const part = bytes.subarray(at, at + 1 + below(64, random));
  const copies = Array.from({ length: 1 + below(random() < 0.9 ? 4 : 400, random) }, () => part);
  return concatBytes(bytes.subarray(0, at), ...copies, bytes.subarray(at));
}

function splice(bytes: Uint8Array, others: readonly Uint8Array[], random: Random): Uint8Array {
  const other = others[below(others.length, random)] ?? bytes;
  return concatBytes(
    bytes.subarray(0, below(bytes.length + 1, random)),
    other.subarray(below(other.length + 1, random)),
  );
}

const [DIGIT_0, DIGIT_9] = [0x30, 0x39];
const LENGTHS = ["0", "1", "-1", "-3", "01", "7", "255", "65536", "999999999", "4294967297", "1e3"];

/** Replaces a run of digits, such as a length in bencode, tar, JSON or HTTP, by another number. */
function corruptLength(
  bytes: Uint8Array,
  _others: readonly Uint8Array[],
  random: Random,
): Uint8Array {
  const isDigit = (at: number) => bytes[at]! >= DIGIT_0 && bytes[at]! <= DIGIT_9;
  const from = below(bytes.length + 1, random);
  let start = from;
  while (start < bytes.length && !isDigit(start)) start++;
  if (start === bytes.length) return bytes;
  let end = start;
  while (end < bytes.length && isDigit(end)) end++;
  const lie = utf8(LENGTHS[below(LENGTHS.length, random)]!);
  return concatBytes(bytes.subarray(0, start), lie, bytes.subarray(end));
}

const OPENINGS = ["l", "d1:a", "[", '{"a":', "- ", "{a: ", "&a [", "* "].map(utf8);

/** Puts many opening brackets without closing ones before the input. */
function nest(bytes: Uint8Array, _others: readonly Uint8Array[], random: Random): Uint8Array {
  if (random() < 0.5) return bytes;
  const opening = OPENINGS[below(OPENINGS.length, random)]!;
  const deep = Array.from(
    { length: 1 + below(random() < 0.9 ? 40 : 8_000, random) },
    () => opening,
  );
  const at = below(bytes.length + 1, random);
  return concatBytes(bytes.subarray(0, at), ...deep, bytes.subarray(at));
}
