/**
 * The signer of a publisher, as the rooms see it that have things signed.
 *
 * @module
 */

import type { Certificate } from "./certificate.ts";
import type { PublicKey } from "./key_pair.ts";
import type { Statement } from "./statement.ts";

/**
 * An object that signs statements: a `KeyPair`, or a proxy for the thread that has the key.
 */
export interface Signer {
  /** The Ed25519 public key that verifies the signatures, 32 bytes. DHT items lie under it. */
  readonly publicKey: PublicKey;
  /**
   * The root key's certificate for `publicKey`. If absent, the key is its own identity, and what it
   * signs has the format `libreseed/1`.
   */
  readonly certificate?: Certificate;
  /**
   * The publisher record that lies beside the key, serialised as in `src/records/item_bytes.ts`.
   * Unchecked; absent if there is none.
   */
  readonly publisherRecord?: Uint8Array;
  /**
   * Returns the Ed25519 signature (RFC 8032 section 5.1.6) of a statement's bytes, 64 bytes. Equal
   * statements have equal signatures.
   *
   * @throws {IdentityError} `STATEMENT_INVALID`
   */
  sign(statement: Statement): Promise<Uint8Array>;
}

/** Returns the identity for which a signer signs: the root key that certified it, or its own key. */
export function identityOf(
  { publicKey, certificate }: Pick<Signer, "publicKey" | "certificate">,
): PublicKey {
  return certificate?.root ?? publicKey;
}
