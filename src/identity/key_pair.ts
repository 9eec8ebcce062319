/**
 * Ed25519 (RFC 8032) key pairs and signatures, based on node:crypto. This file converts keys from
 * and to bytes and PEM text; `key_file.ts` reads and writes key files.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { concatBytes, fromHex } from "../base/mod.ts";
import { IdentityError } from "./errors.ts";
import { type Statement, statementBytes } from "./statement.ts";

/** Length of an Ed25519 public key, in bytes. */
export const PUBLIC_KEY_BYTES = 32;
/** Length of an Ed25519 signature, in bytes. */
export const SIGNATURE_BYTES = 64;
/** Length of an Ed25519 seed, in bytes. RFC 8032 calls the seed the private key. */
const SEED_BYTES = 32;

// DER encodings of Ed25519 public keys (SPKI) and private keys (PKCS #8), without the last 32
// bytes: the public key, or the seed (RFC 8410 sections 4 and 7).
const SPKI_PREFIX = fromHex("302a300506032b6570032100")!;
const PKCS8_PREFIX = fromHex("302e020100300506032b657004220420")!;

/** An Ed25519 public key, 32 bytes. */
export type PublicKey = Uint8Array;

let privateKeyOf: (pair: KeyPair) => KeyObject;

/** An Ed25519 key pair, which is a `Signer` (`signer.ts`). Printing or serialising a key pair does not reveal the private key. */
export class KeyPair {
  readonly publicKey: PublicKey;
  readonly #privateKey: KeyObject;

  static {
    privateKeyOf = (pair) => pair.#privateKey;
  }

  /**
   * @param privateKey an Ed25519 private key, as {@linkcode keyPairFromSeed} and {@linkcode
   * generateKeyPair} create it
   */
  constructor(privateKey: KeyObject) {
    const spki = createPublicKey(privateKey).export({ format: "der", type: "spki" });
    this.publicKey = new Uint8Array(spki.subarray(SPKI_PREFIX.length));
    this.#privateKey = privateKey;
  }

  // deno-lint-ignore require-await -- an invalid statement has to reject, not to throw
  async sign(statement: Statement): Promise<Uint8Array> {
    return this.signBytes(statementBytes(statement, this.publicKey));
  }

  /**
   * Returns the Ed25519 signature of any bytes, 64 bytes. A publisher's key signs by
   * {@linkcode KeyPair.sign} only.
   */
  signBytes(message: Uint8Array): Uint8Array {
    return new Uint8Array(sign(null, message, this.#privateKey));
  }
}

/** Generates a key pair from random numbers of the operating system. */
export function generateKeyPair(): KeyPair {
  return new KeyPair(generateKeyPairSync("ed25519").privateKey);
}

/**
 * Derives the key pair of a seed (RFC 8032 section 5.1.5).
 *
 * @param seed 32 bytes
 * @throws {IdentityError} `KEY_INVALID` if the seed does not have 32 bytes
 */
export function keyPairFromSeed(seed: Uint8Array): KeyPair {
  if (seed.length !== SEED_BYTES) {
    throw new IdentityError(
      "usage",
      "KEY_INVALID",
      `An Ed25519 seed has ${SEED_BYTES} bytes, this one has ${seed.length}.`,
    );
  }
  const der = Buffer.from(concatBytes(PKCS8_PREFIX, seed));
  return new KeyPair(createPrivateKey({ key: der, format: "der", type: "pkcs8" }));
}

/** Returns the Ed25519 seed of a key pair, 32 bytes: the private key of RFC 8032. */
export function seedOf(pair: KeyPair): Uint8Array {
  return toPkcs8Der(pair).slice(PKCS8_PREFIX.length);
}

/** Encodes a key pair as PKCS #8 in DER (RFC 8410 section 7), 48 bytes. It is a secret. */
export function toPkcs8Der(pair: KeyPair): Uint8Array {
  return new Uint8Array(privateKeyOf(pair).export({ format: "der", type: "pkcs8" }));
}

/**
 * Encodes a key pair as PKCS #8 in PEM (RFC 8410 section 7). The text contains the private key in
 * the clear.
 */
export function toPkcs8Pem(pair: KeyPair): string {
  return privateKeyOf(pair).export({ format: "pem", type: "pkcs8" }).toString();
}

/**
 * Decodes the output of {@linkcode toPkcs8Pem} or of `openssl genpkey -algorithm ed25519`.
 *
 * @throws {IdentityError} `KEY_INVALID` if the text is not an Ed25519 private key. The message
 * quotes nothing of the text.
 */
export function fromPkcs8Pem(text: string): KeyPair {
  let key: KeyObject;
  try {
    // Deno's parser refuses blank lines at the end, which keys have that were kept as secrets of a CI.
    key = createPrivateKey({ key: text.trimEnd(), format: "pem", type: "pkcs8" });
  } catch {
    throw new IdentityError("failed", "KEY_INVALID", "The text is not a PKCS #8 key in PEM form.");
  }
  if (key.asymmetricKeyType !== "ed25519") {
    throw new IdentityError(
      "failed",
      "KEY_INVALID",
      `The key is for ${key.asymmetricKeyType}; an Ed25519 key is needed.`,
    );
  }
  return new KeyPair(key);
}

/**
 * Whether a signature of a message is valid for a public key (RFC 8032 section 5.1.7). Never
 * throws: returns `false` for a key or signature of wrong length, and for a key that is not a point
 * on the curve.
 *
 * @param publicKey 32 bytes
 * @param message any length
 * @param signature 64 bytes
 */
export function verifySignature(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (publicKey.length !== PUBLIC_KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
  try {
    const der = Buffer.from(concatBytes(SPKI_PREFIX, publicKey));
    const key = createPublicKey({ key: der, format: "der", type: "spki" });
    return verify(null, message, key, signature);
  } catch {
    return false;
  }
}
