/**
 * Ed25519 (RFC 8032) key pairs and signatures, over node:crypto. Where a key comes from (a file, a
 * seed) is known here only as bytes and PEM text; files are in `key_file.ts`.
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

/** Length of an Ed25519 public key. */
export const PUBLIC_KEY_BYTES = 32;
/** Length of an Ed25519 signature. */
export const SIGNATURE_BYTES = 64;
/** Length of an Ed25519 seed (RFC 8032 calls it the private key). */
const SEED_BYTES = 32;

// DER of everything that comes before the 32 bytes of the key (RFC 8410 sections 4 and 7).
const SPKI_PREFIX = fromHex("302a300506032b6570032100")!;
const PKCS8_PREFIX = fromHex("302e020100300506032b657004220420")!;

/** An Ed25519 public key, 32 bytes. */
export type PublicKey = Uint8Array;

/** Signs bytes for one public key: a {@linkcode KeyPair}, or an object that asks another process. */
export interface Signer {
  /** The Ed25519 public key, 32 bytes. */
  readonly publicKey: PublicKey;
  /** The Ed25519 signature of the message (RFC 8032 section 5.1.6), 64 bytes. */
  sign(message: Uint8Array): Uint8Array;
}

let privateKeyOf: (pair: KeyPair) => KeyObject;

/** An Ed25519 key pair. Printing or serialising one does not show the private half. */
export class KeyPair implements Signer {
  readonly publicKey: PublicKey;
  readonly #privateKey: KeyObject;

  static {
    privateKeyOf = (pair) => pair.#privateKey;
  }

  /** @param privateKey an Ed25519 private key; {@linkcode keyPairFromSeed} and the like make it */
  constructor(privateKey: KeyObject) {
    const spki = createPublicKey(privateKey).export({ format: "der", type: "spki" });
    this.publicKey = new Uint8Array(spki.subarray(SPKI_PREFIX.length));
    this.#privateKey = privateKey;
  }

  /** The Ed25519 signature of the message, 64 bytes. The same message always gets the same one. */
  sign(message: Uint8Array): Uint8Array {
    return new Uint8Array(sign(null, message, this.#privateKey));
  }
}

/** A new key pair from the system's random numbers. */
export function generateKeyPair(): KeyPair {
  return new KeyPair(generateKeyPairSync("ed25519").privateKey);
}

/**
 * The key pair of a seed (RFC 8032 section 5.1.5).
 *
 * @param seed 32 bytes
 * @throws {IdentityError} `KEY_INVALID` if it is not 32 bytes
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

/** The key pair as PKCS #8 in PEM (RFC 8410 section 7). This is the secret itself. */
export function toPkcs8Pem(pair: KeyPair): string {
  return privateKeyOf(pair).export({ format: "pem", type: "pkcs8" }).toString();
}

/**
 * The reverse of {@linkcode toPkcs8Pem}; also reads what `openssl genpkey -algorithm ed25519` writes.
 *
 * @throws {IdentityError} `KEY_INVALID` if the text is not an Ed25519 private key. The message does
 * not repeat any of the text.
 */
export function fromPkcs8Pem(text: string): KeyPair {
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: text, format: "pem", type: "pkcs8" });
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
 * Whether the signature is the key's over the message (RFC 8032 section 5.1.7). Never throws: a key
 * or a signature of the wrong length, or a key that is no point of the curve, is `false`.
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
