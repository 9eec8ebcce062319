/**
 * The format of a backup: keys, certificates and records of one home, under a passphrase.
 *
 * A file is `libreseed-backup:v1`, a line feed, a salt of 16 bytes, an initialisation vector of 12 bytes,
 * and the output of AES-256-GCM (NIST SP 800-38D) with its tag of 16 bytes at the end. The key is PBKDF2
 * (RFC 8018) of the passphrase's UTF-8 bytes with HMAC-SHA-256 and 600,000 iterations. The bytes before
 * the ciphertext are authenticated with it. The content is JSON: `keys`, an object of the files in
 * `keys` by name, and `state`, what else the home has; both in base64.
 *
 * @module
 */

import { createCipheriv, createDecipheriv, pbkdf2Sync, randomBytes } from "node:crypto";
import { concatBytes, equalBytes, fromBase64, fromUtf8, toBase64, utf8 } from "../base/mod.ts";
import { KeysError } from "./errors.ts";

/** Content of a backup. */
export interface Backup {
  /** The files in `keys`, by name. */
  keys: ReadonlyMap<string, Uint8Array>;
  /** Everything else of the home, in a form of its writer. */
  state: Uint8Array;
}

/** Maximum size of a backup, bytes. A record has 1 kB, so this suffices for a quarter of a million. */
export const MAX_BACKUP_BYTES: number = 512 * 2 ** 20;

const MAGIC = utf8("libreseed-backup:v1\n");
/** The beginning of a backup in a format that only newer programs know. */
const NEWER_MAGIC = /^libreseed-backup:v(?!1\n)[1-9][0-9]{0,5}\n/;
const SALT_BYTES = 16;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const ITERATIONS = 600_000;
const HEADER_BYTES = MAGIC.length + SALT_BYTES + IV_BYTES;
/** Names that a file of a backup may have: it must not lead out of the directory. */
const NAME = /^[a-z0-9][a-z0-9.-]{0,99}$/;

/** Encrypts a backup. */
export function sealBackup({ keys, state }: Backup, passphrase: string): Uint8Array {
  const files = Object.fromEntries([...keys].map(([name, bytes]) => [name, toBase64(bytes)]));
  const content = utf8(JSON.stringify({ keys: files, state: toBase64(state) }));
  const [salt, iv] = [randomBytes(SALT_BYTES), randomBytes(IV_BYTES)];
  const header = concatBytes(MAGIC, salt, iv);
  const cipher = createCipheriv("aes-256-gcm", keyOf(passphrase, salt), iv);
  cipher.setAAD(header);
  return concatBytes(header, cipher.update(content), cipher.final(), cipher.getAuthTag());
}

/**
 * Decrypts a backup. Returns `undefined` for a wrong passphrase, which cannot be told from damage.
 *
 * @throws {KeysError} `BACKUP_INVALID` for a file of another format
 */
export function openBackup(bytes: Uint8Array, passphrase: string): Backup | undefined {
  checkIsBackup(bytes);
  const header = bytes.subarray(0, HEADER_BYTES);
  const [salt, iv] = [
    header.subarray(MAGIC.length, -IV_BYTES),
    header.subarray(-IV_BYTES),
  ];
  const decipher = createDecipheriv("aes-256-gcm", keyOf(passphrase, salt), iv, {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(header);
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  let content: Uint8Array;
  try {
    content = concatBytes(
      decipher.update(bytes.subarray(HEADER_BYTES, -TAG_BYTES)),
      decipher.final(),
    );
  } catch {
    return undefined;
  }
  return contentOf(content);
}

/**
 * Refuses bytes that are no backup, before a passphrase is asked for.
 *
 * @throws {KeysError} `BACKUP_INVALID`, `NEWER_FORMAT`
 */
export function checkIsBackup(bytes: Uint8Array): void {
  if (NEWER_MAGIC.test(new TextDecoder("latin1").decode(bytes.subarray(0, 32)))) {
    throw new KeysError(
      "failed",
      "NEWER_FORMAT",
      "The backup has a format that a newer libreseed has written. Upgrade this program to read it",
    );
  }
  const isBackup = bytes.length >= HEADER_BYTES + TAG_BYTES &&
    equalBytes(bytes.subarray(0, MAGIC.length), MAGIC);
  if (!isBackup) throw invalid("it does not begin as one, or is cut short");
}

function contentOf(bytes: Uint8Array): Backup {
  const { keys, state } = JSON.parse(fromUtf8(bytes));
  const files = new Map<string, Uint8Array>();
  for (const [name, text] of Object.entries(keys)) {
    if (!NAME.test(name)) throw invalid("it has a file of an impossible name");
    files.set(name, fromBase64(String(text))!);
  }
  return { keys: files, state: fromBase64(String(state))! };
}

function keyOf(passphrase: string, salt: Uint8Array): Uint8Array {
  return new Uint8Array(pbkdf2Sync(utf8(passphrase), salt, ITERATIONS, KEY_BYTES, "sha256"));
}

function invalid(why: string): KeysError {
  return new KeysError("failed", "BACKUP_INVALID", `The file is no backup of libreseed: ${why}`);
}
