/**
 * Identities: a publisher is an Ed25519 key pair (RFC 8032), and its public key of 32 bytes is its
 * identity.
 *
 * - `key_pair.ts` makes key pairs, signs, and verifies signatures. A {@linkcode Signer} is the part of
 *   a key pair that other rooms get.
 * - `key_file.ts` writes and reads the file of the private key: PKCS #8 in PEM, mode 0600. It refuses
 *   a file that others may read, and names the kind of a key that is not Ed25519.
 * - `public_key_text.ts` writes and reads public keys as text, and gives the fingerprint that people
 *   compare; `randomart.ts` draws it.
 *
 * The room leaves to others where the key file lies, which keys are trusted, and what is signed.
 *
 * Start reading in `key_pair.ts`.
 *
 * @module
 */

export * from "./errors.ts";
export * from "./key_file.ts";
export * from "./key_pair.ts";
export * from "./public_key_text.ts";
export * from "./randomart.ts";
