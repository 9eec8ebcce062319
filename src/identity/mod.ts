/**
 * Who somebody is: Ed25519 key pairs, public keys as text, key files. Trust in keys is decided
 * elsewhere.
 *
 * @module
 */

export * from "./errors.ts";
export * from "./key_file.ts";
export * from "./key_pair.ts";
export * from "./public_key_text.ts";
export * from "./randomart.ts";
