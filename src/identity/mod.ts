/**
 * Identities of publishers. A publisher is identified by an Ed25519 public key of 32 bytes (RFC
 * 8032).
 *
 * - `key_pair.ts` creates key pairs, signs, and verifies signatures. {@linkcode Signer} is the
 *   interface for signing that other folders use.
 * - `statement.ts` lists what may be signed, and builds the signed bytes.
 * - `key_file.ts` writes and reads the file with the private key: PKCS #8 in PEM, mode 0600. It
 *   refuses a file that other users may read. If a file contains another kind of key, the error
 *   message names the kind.
 * - `public_key_text.ts` formats and parses public keys, and computes the fingerprint that people
 *   compare.
 * - `randomart.ts` draws a public key as a picture of characters.
 *
 * This folder does not choose the path of the key file, does not decide which keys are trusted, and
 * does not define the content of what is signed. Start reading in `key_pair.ts`.
 *
 * @module
 */

export * from "./errors.ts";
export * from "./key_file.ts";
export * from "./key_pair.ts";
export * from "./public_key_text.ts";
export * from "./randomart.ts";
export * from "./statement.ts";
