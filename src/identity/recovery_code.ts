/**
 * Recovery codes: the text form of a root key that people write on paper. A code has 14 groups of
 * five characters of base32 (the alphabet of Crockford: digits and lower-case letters without `i`,
 * `l`, `o`, `u`).
 *
 * The first four characters of a group hold 20 bits. Groups 1 to 13 hold the 32 bytes of the Ed25519
 * seed (RFC 8032) and four zero bits, group 14 the first 20 bits of the SHA-256 of
 * `libreseed:recovery-code` and the seed. The fifth character is a check character over the field of
 * 32 elements (polynomial x⁵+x²+1): with α = 2, the sum of α·c₁, α²·c₂, α³·c₃, α⁴·c₄, the check
 * character, and αⁿ for group n is 0. So one wrong character, two exchanged neighbours and exchanged
 * groups are noticed, and the error names the group.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { concatBytes, utf8 } from "../base/mod.ts";
import { IdentityError } from "./errors.ts";

/** Number of groups in a recovery code. */
export const RECOVERY_GROUPS = 14;
/** Number of characters in a group. */
const GROUP_CHARACTERS = 5;
const DATA_CHARACTERS = GROUP_CHARACTERS - 1;
const SEED_BYTES = 32;
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
/** Letters that people write for a digit that looks alike. */
const ALIKE: Readonly<Record<string, string>> = { i: "1", l: "1", o: "0" };
const CHECK_PREFIX = "libreseed:recovery-code";

/**
 * Returns the groups of the recovery code of a seed, five characters each.
 *
 * @param seed Ed25519 seed, 32 bytes
 */
export function recoveryGroups(seed: Uint8Array): string[] {
  if (seed.length !== SEED_BYTES) throw new RangeError(`a seed has ${SEED_BYTES} bytes`);
  const groups: string[] = [];
  const values = valuesOf(seed);
  for (let at = 0; at < values.length; at += DATA_CHARACTERS) {
    const data = values.slice(at, at + DATA_CHARACTERS);
    const check = sumOf(data, groups.length + 1);
    groups.push([...data, check].map((value) => ALPHABET[value]).join(""));
  }
  return groups;
}

/**
 * Reads a recovery code. Upper case, hyphens and white space are accepted.
 *
 * @returns the Ed25519 seed, 32 bytes
 * @throws {IdentityError} `RECOVERY_CODE_INVALID` with the number of the first wrong group; the
 * message quotes nothing of the code
 */
export function seedOfRecoveryCode(text: string): Uint8Array {
  const characters = [...text.toLowerCase().replace(/[\s-]+/g, "")];
  const expected = RECOVERY_GROUPS * GROUP_CHARACTERS;
  const wrongLength = groupOfWrongLength(text);
  if (wrongLength !== undefined) {
    throw invalid(`group ${wrongLength} does not have ${GROUP_CHARACTERS} characters`, wrongLength);
  }
  const values: number[] = [];
  for (let group = 1; group <= RECOVERY_GROUPS; group++) {
    const end = group * GROUP_CHARACTERS;
    if (end > characters.length) break;
    const read = characters.slice(end - GROUP_CHARACTERS, end)
      .map((one) => ALPHABET.indexOf(ALIKE[one] ?? one));
    const data = read.slice(0, DATA_CHARACTERS);
    if (read.includes(-1)) {
      throw invalid(`group ${group} has a character that no code has`, group);
    }
    if (sumOf(data, group) !== read[DATA_CHARACTERS]) {
      throw invalid(`group ${group} has a wrong character`, group);
    }
    values.push(...data);
  }
  if (characters.length !== expected) {
    throw invalid(`it has ${characters.length} characters, and a code has ${expected}`);
  }
  const seed = bytesOf(values);
  if (!valuesOf(seed).every((value, at) => value === values[at])) {
    throw invalid("several groups are wrong, or are those of different codes");
  }
  return seed;
}

/** Returns the number of the first group of another length, if the text separates 14 groups. */
function groupOfWrongLength(text: string): number | undefined {
  const groups = text.trim().split(/[\s-]+/);
  if (groups.length !== RECOVERY_GROUPS) return undefined;
  const at = groups.findIndex((group) => group.length !== GROUP_CHARACTERS);
  return at === -1 ? undefined : at + 1;
}

/** Returns the data characters of a code as numbers of five bits. */
function valuesOf(seed: Uint8Array): number[] {
  const check = createHash("sha256").update(concatBytes(utf8(CHECK_PREFIX), seed)).digest();
  const bits = [...seed].map(bitsOf).join("") + "0000" + [...check].map(bitsOf).join("");
  const count = RECOVERY_GROUPS * DATA_CHARACTERS;
  return Array.from({ length: count }, (_, at) => parseInt(bits.slice(at * 5, at * 5 + 5), 2));
}

/** Returns the seed in the data characters of a code, 32 bytes. */
function bytesOf(values: readonly number[]): Uint8Array {
  const bits = values.map((value) => value.toString(2).padStart(5, "0")).join("");
  return Uint8Array.from(
    { length: SEED_BYTES },
    (_, at) => parseInt(bits.slice(at * 8, at * 8 + 8), 2),
  );
}

function bitsOf(byte: number): string {
  return byte.toString(2).padStart(8, "0");
}

/** Returns the check character of a group as a number. */
function sumOf(data: readonly number[], group: number): number {
  return data.reduce((sum, value, at) => sum ^ timesPower(value, at + 1), timesPower(1, group));
}

/** Multiplies an element of the field of 32 elements by a power of α. */
function timesPower(value: number, exponent: number): number {
  let product = value;
  for (let i = 0; i < exponent; i++) {
    product = product & 16 ? (product << 1) ^ 0b100101 : product << 1;
  }
  return product;
}

function invalid(why: string, group?: number): IdentityError {
  return new IdentityError(
    "usage",
    "RECOVERY_CODE_INVALID",
    `The recovery code is not valid: ${why}. Compare it with what you wrote down`,
    { detail: { ...(group !== undefined && { group }) } },
  );
}
