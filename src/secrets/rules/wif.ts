/**
 * Recognises Bitcoin private keys in the wallet import format (WIF): base58 with a checksum. The
 * checksum rules out other texts.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";

const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/** Possible first bytes of a decoded key, which name its network: main network, test network. */
const VERSIONS = [0x80, 0xef];
/**
 * Length of a decoded key in bytes: version (1), key (32), checksum (4). A key for a compressed
 * public key has one more byte.
 */
const [PLAIN_BYTES, COMPRESSED_BYTES] = [37, 38];
/**
 * Minimum number of distinct bytes of a real key. Sample keys, such as the number 1, have fewer.
 */
const MIN_DISTINCT = 8;
/** Matches the beginnings of sample keys in the documentation of Bitcoin and its libraries. */
const EXAMPLES = /^(?:5Kd3NBUAdU|5HueCGU8rM|5KJvsngHeM|KxFC1jmwwC|L1aW4aubDF)/;

/** Whether a text is a Bitcoin private key, and not a well-known sample. */
export function isWif(text: string): boolean {
  if (EXAMPLES.test(text)) return false;
  let number = 0n;
  for (const char of text) {
    const digit = BASE58.indexOf(char);
    if (digit < 0) return false;
    number = number * 58n + BigInt(digit);
  }
  const hex = number.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : "0" + hex, "hex");
  if (bytes.length !== PLAIN_BYTES && bytes.length !== COMPRESSED_BYTES) return false;
  const payload = bytes.subarray(0, -4);
  return VERSIONS.includes(bytes[0]!) &&
    sha256(sha256(payload)).subarray(0, 4).equals(bytes.subarray(-4)) &&
    new Set(payload.subarray(1, 33)).size >= MIN_DISTINCT;
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}
