/**
 * Identities of publishers. A publisher is identified by an Ed25519 public key of 32 bytes (RFC
 * 8032): that of its root key, or, without one, of its only key.
 *
 * - `key_pair.ts` creates key pairs, signs, and verifies signatures. {@linkcode Signer}
 *   (`signer.ts`) is the interface for signing that other folders use.
 * - `certificate.ts` reads, writes and verifies certificates, by which a root key, the identity that
 *   outlives its keys, has signing keys sign for it; `name_patterns.ts` limits them to some names.
 * - `statement.ts` lists what may be signed, and builds the signed bytes.
 * - `key_file.ts` writes and reads the file with the private key: PKCS #8 in PEM, mode 0600. It
 *   refuses a file that other users may read. If a file contains another kind of key, the error
 *   message names the kind.
 * - `key_encryption.ts` encrypts and decrypts private keys with a passphrase.
 * - `recovery_code.ts` writes a root key as groups of letters for paper, and reads them.
 * - `public_key_text.ts` formats and parses public keys, and computes the fingerprint that people
 *   compare.
 * - `randomart.ts` draws a public key as a picture of characters.
 *
 * This folder does not choose the path of the key file, does not decide which keys are trusted, and
 * does not define the content of what is signed. Start reading in `key_pair.ts`.
 *
 * @module
 */

export {
  type Certificate,
  certificateFromJson,
  type CertificateJson,
  certificateToJson,
  CLOCK_TOLERANCE_MS,
  coversName,
  coversTime,
  statementOf,
  verifyCertificate,
} from "./certificate.ts";
export {
  formatCertificateFile,
  parseCertificateFile,
  readCertificate,
  readPublisherRecord,
} from "./certificate_file.ts";
export * from "./errors.ts";
export { encryptKey, isEncryptedKey } from "./key_encryption.ts";
export * from "./key_file.ts";
export * from "./key_pair.ts";
export { areNamePatterns, matchesName } from "./name_patterns.ts";
export * from "./public_key_text.ts";
export * from "./randomart.ts";
export { RECOVERY_GROUPS, recoveryGroups, seedOfRecoveryCode } from "./recovery_code.ts";
export * from "./signer.ts";
export * from "./statement.ts";
