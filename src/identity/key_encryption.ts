/**
 * Private keys under a passphrase: PKCS #8 `EncryptedPrivateKeyInfo` (RFC 5958 section 3) in PEM, as
 * openssl writes and reads it. libreseed writes PBES2 (RFC 8018) with PBKDF2, HMAC-SHA-256, 600,000
 * iterations, a salt of 16 bytes, and AES-256 in CBC mode; it reads all that node:crypto reads.
 *
 * A line before the PEM block names the public key, so that reading it needs no passphrase.
 *
 * @module
 */

import { createCipheriv, createPrivateKey, pbkdf2Sync, randomBytes } from "node:crypto";
import { concatBytes, fromHex, toBase64, utf8 } from "../base/mod.ts";
import { IdentityError } from "./errors.ts";
import { fromPkcs8Pem, type KeyPair, toPkcs8Der } from "./key_pair.ts";
import { formatPublicKey, parsePublicKey } from "./public_key_text.ts";

/**
 * Number of iterations of PBKDF2. They take some 0.2 s, which an attacker pays for each passphrase
 * that it tries.
 */
const ITERATIONS = 600_000;
const SALT_BYTES = 16;
const IV_BYTES = 16;
const KEY_BYTES = 32;

// The DER encoding of the fields around salt, initialisation vector and ciphertext. All have a fixed
// length, because an Ed25519 private key has. The number of iterations is 0x0927c0.
const BEFORE_SALT = fromHex(
  "3081a4306006092a864886f70d01050d3053303206092a864886f70d01050c30250410",
)!;
const BEFORE_IV = fromHex("02030927c0300c06082a864886f70d02090500301d060960864801650304012a0410")!;
const BEFORE_CIPHERTEXT = fromHex("0440")!;

const BEGIN = "-----BEGIN ENCRYPTED PRIVATE KEY-----";
const END = "-----END ENCRYPTED PRIVATE KEY-----";
const HEADER = "libreseed public key: ";

/** Whether the text of a key file has a private key under a passphrase. */
export function isEncryptedKey(text: string): boolean {
  return text.split("\n").some((line) => line.trimEnd() === BEGIN);
}

/**
 * Encrypts a key pair with a passphrase.
 *
 * @param passphrase any text; its UTF-8 bytes count
 */
export function encryptKey(pair: KeyPair, passphrase: string): string {
  const [salt, iv] = [randomBytes(SALT_BYTES), randomBytes(IV_BYTES)];
  const key = pbkdf2Sync(utf8(passphrase), salt, ITERATIONS, KEY_BYTES, "sha256");
  const cipher = createCipheriv("aes-256-cbc", key, iv);
  const ciphertext = concatBytes(cipher.update(toPkcs8Der(pair)), cipher.final());
  const der = concatBytes(BEFORE_SALT, salt, BEFORE_IV, iv, BEFORE_CIPHERTEXT, ciphertext);
  const lines = toBase64(der).match(/.{1,64}/g)!;
  return [`${HEADER}${formatPublicKey(pair.publicKey)}`, BEGIN, ...lines, END, ""].join("\n");
}

/**
 * Decrypts the private key in the text of a key file. Returns `undefined` for a wrong passphrase. A
 * damaged file cannot be told from a wrong passphrase.
 *
 * @throws {IdentityError} `KEY_INVALID` for a key of another algorithm, and for another key than the
 * one in the line before it
 */
export function decryptKey(text: string, passphrase: string): KeyPair | undefined {
  const block = text.slice(text.indexOf(BEGIN));
  let pem: string;
  try {
    const key = createPrivateKey({ key: block, format: "pem", passphrase });
    pem = key.export({ format: "pem", type: "pkcs8" }).toString();
  } catch {
    return undefined;
  }
  const pair = fromPkcs8Pem(pem);
  const named = publicKeyBeside(text);
  if (named && formatPublicKey(named) !== formatPublicKey(pair.publicKey)) {
    throw new IdentityError(
      "failed",
      "KEY_INVALID",
      `The line before the key names ${formatPublicKey(named)}, and the key is ${
        formatPublicKey(pair.publicKey)
      }. Remove the line`,
    );
  }
  return pair;
}

/** Returns the public key that the line before an encrypted key names; `undefined` without one. */
export function publicKeyBeside(text: string): Uint8Array | undefined {
  const line = text.split("\n").find((one) => one.startsWith(HEADER));
  try {
    return line === undefined ? undefined : parsePublicKey(line.slice(HEADER.length).trim());
  } catch {
    return undefined;
  }
}
