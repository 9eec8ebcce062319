/**
 * Text forms of public keys for manifests and for people.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { fromBase64, fromHex, toBase64, utf8 } from "../base/mod.ts";
import { IdentityError } from "./errors.ts";
import { describeForeignKey, fromOpensshPublicKey } from "./foreign_key.ts";
import { PUBLIC_KEY_BYTES, type PublicKey } from "./key_pair.ts";

const PREFIX = "ed25519:";

/** Formats a public key: `ed25519:` and the key in base64, 52 characters together. */
export function formatPublicKey(key: PublicKey): string {
  return PREFIX + toBase64(key);
}

/**
 * Parses a public key.
 *
 * @param text `ed25519:` and 44 characters of base64, or 64 hexadecimal digits in upper or lower
 * case
 * @returns the key, 32 bytes
 * @throws {IdentityError} `KEY_INVALID` for anything else
 */
export function parsePublicKey(text: string): PublicKey {
  const key = text.startsWith(PREFIX) ? fromBase64(text.slice(PREFIX.length)) : fromHex(text);
  if (key?.length !== PUBLIC_KEY_BYTES) {
    // Shorten the quoted text: it may come from a stranger and be of any length.
    const shown = JSON.stringify(text.length > 80 ? text.slice(0, 80) + "…" : text);
    throw new IdentityError(
      "usage",
      "KEY_INVALID",
      `${shown} is not a public key of libreseed. ${howToWrite(text)}`,
    );
  }
  return key;
}

/**
 * Returns advice for an error message: the correct way to write the public key that the text seems
 * to be.
 */
function howToWrite(text: string): string {
  const openssh = fromOpensshPublicKey(text);
  if (openssh) return `It is an OpenSSH public key; write it as ${formatPublicKey(openssh)}`;
  const meant = fromBase64(text);
  if (meant?.length === PUBLIC_KEY_BYTES) return `Write ${formatPublicKey(meant)} if it is one`;
  const foreign = describeForeignKey(utf8(text.slice(0, 1_000)), "FILE");
  const what = foreign && text !== "" ? `It looks like ${foreign.what}. ` : "";
  return `${what}Write ed25519: and 44 characters of base64, or 64 hexadecimal digits`;
}

/**
 * Short form of a public key for people to compare: the first 16 hexadecimal digits of the key's
 * SHA-256, as `0123-4567-89ab-cdef`. 64 bits suffice to tell keys apart, but not to resist an
 * attacker who searches for a key with the same short form, so pins store the whole key.
 */
export function fingerprint(key: PublicKey): string {
  const hex = createHash("sha256").update(key).digest("hex").slice(0, 16);
  return hex.match(/.{4}/g)!.join("-");
}
