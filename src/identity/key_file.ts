/**
 * Reads and writes the file that holds a publisher's key pair: PKCS #8 in PEM, accessible to its
 * owner only. The caller chooses the path.
 *
 * @module
 */

import { dirname } from "node:path";
import { fromUtf8, messageOf, readFully, syncDirectory, utf8, writeAll } from "../base/mod.ts";
import { IdentityError } from "./errors.ts";
import { describeForeignKey } from "./foreign_key.ts";
import { decryptKey, isEncryptedKey, publicKeyBeside } from "./key_encryption.ts";
import { fromPkcs8Pem, type KeyPair, type PublicKey, toPkcs8Pem } from "./key_pair.ts";

/** Maximum size of a key file, in bytes. A real Ed25519 PEM file is far smaller. */
const MAX_KEY_FILE_BYTES = 16 * 1024;
/** User id of root. */
const ROOT_UID = 0;

/**
 * Writes a new key file with mode 0600. Creates a missing directory with mode 0700. When the
 * promise resolves, the file is flushed to the disk. Never overwrites a file, because losing a key
 * means losing the publisher's identity.
 *
 * @throws {IdentityError} `KEY_EXISTS`, `KEY_UNWRITABLE`
 */
export async function writeKeyFile(path: string, pair: KeyPair): Promise<void> {
  await writePrivateFile(path, utf8(toPkcs8Pem(pair)));
}

/**
 * Writes a new file with a secret, as {@linkcode writeKeyFile} writes a key.
 *
 * @throws {IdentityError} `KEY_EXISTS`, `KEY_UNWRITABLE`
 */
export async function writePrivateFile(path: string, bytes: Uint8Array): Promise<void> {
  let file: Deno.FsFile | undefined;
  try {
    await makeDirectory(dirname(path));
    file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
    await writeAll(file, bytes);
    await file.sync();
    await syncDirectory(dirname(path));
  } catch (cause) {
    const opened = file !== undefined;
    if (!opened && cause instanceof Deno.errors.AlreadyExists) {
      throw new IdentityError(
        "failed",
        "KEY_EXISTS",
        `There is already something at ${path}, and a key is never overwritten. Move it away to make a new one.`,
        { cause, detail: { path } },
      );
    }
    // Remove an incomplete key file: since key files are never overwritten, it would make the next
    // attempt fail.
    if (opened) await Deno.remove(path).catch(() => {});
    throw new IdentityError(
      "failed",
      "KEY_UNWRITABLE",
      `The key file ${path} cannot be written: ${messageOf(cause)}`,
      { cause, detail: { path } },
    );
  } finally {
    file?.close();
  }
}

/**
 * Gives passphrases to try for the encrypted key file at a path, one after the other. It throws if it
 * has none.
 */
export type Passphrases = (path: string) => AsyncIterable<string>;

/**
 * Reads the key in a key file.
 *
 * @param passphrases asked if the key is encrypted
 * @throws {IdentityError} the errors of {@linkcode readPrivateFile}; `KEY_INVALID`,
 * `PASSPHRASE_NEEDED`, `PASSPHRASE_WRONG`
 */
export async function readKeyFile(
  path: string,
  own: number | null = Deno.uid(),
  passphrases?: Passphrases,
): Promise<KeyPair> {
  const bytes = await readKeyBytes(path, own);
  try {
    const text = fromUtf8(bytes);
    if (!isEncryptedKey(text)) return fromPkcs8Pem(text);
    if (!passphrases) throw passphraseNeeded(path);
    for await (const passphrase of passphrases(path)) {
      const pair = decryptKey(text, passphrase);
      if (pair) return pair;
    }
  } catch (cause) {
    if (cause instanceof IdentityError && cause.code.startsWith("PASSPHRASE_")) throw cause;
    const foreign = describeForeignKey(bytes, path);
    throw foreign
      ? invalid(path, `It is ${foreign.what}. ${foreign.mend}`, cause)
      : invalid(path, messageOf(cause), cause);
  }
  throw new IdentityError(
    "failed",
    "PASSPHRASE_WRONG",
    `The passphrase does not decrypt the key ${path}. Nothing was changed`,
    { detail: { path } },
  );
}

/**
 * Reads the public key of a key file. An encrypted key that names its public key needs no passphrase.
 *
 * @throws {IdentityError} the errors of {@linkcode readKeyFile}
 */
export async function readPublicKey(
  path: string,
  own: number | null = Deno.uid(),
  passphrases?: Passphrases,
): Promise<{ publicKey: PublicKey; pair?: KeyPair; isEncrypted: boolean }> {
  const bytes = await readKeyBytes(path, own);
  const text = new TextDecoder().decode(bytes);
  const isEncrypted = isEncryptedKey(text);
  const named = isEncrypted ? publicKeyBeside(text) : undefined;
  if (named) return { publicKey: named, isEncrypted };
  const pair = await readKeyFile(path, own, passphrases);
  return { publicKey: pair.publicKey, pair, isEncrypted };
}

/** Creates the error `PASSPHRASE_NEEDED`. */
export function passphraseNeeded(path: string): IdentityError {
  return new IdentityError(
    "usage",
    "PASSPHRASE_NEEDED",
    `${path} is encrypted. Run the command in a terminal, or name a file with the passphrase ` +
      "by LIBRESEED_PASSPHRASE_FILE",
    { detail: { path } },
  );
}

/**
 * Reads a file that should hold a key, as {@linkcode readPrivateFile}. A file without one that others can
 * read is no secret: the user has named a wrong file, and its mode should stay.
 */
async function readKeyBytes(path: string, own: number | null): Promise<Uint8Array> {
  try {
    return await readPrivateFile(path, own);
  } catch (error) {
    const isOpen = error instanceof IdentityError && error.code === "KEY_READABLE_BY_OTHERS";
    if (!isOpen || await mayHoldKey(path)) throw error;
    throw invalid(path, "It holds no private key.", error);
  }
}

/** Whether a file looks like a private key, also of another program, or cannot be opened. */
async function mayHoldKey(path: string): Promise<boolean> {
  using file = await Deno.open(path).catch(() => undefined);
  if (!file) return true;
  const bytes = await readKeyLength(file);
  return new TextDecoder().decode(bytes).includes("PRIVATE KEY-----") ||
    describeForeignKey(bytes, path) !== undefined;
}

/**
 * Reads a file with a private key. Follows no symbolic link at `path`: another program could exchange
 * its target.
 *
 * @param own user id of this process; `null` on systems without user ids (Windows)
 * @throws {IdentityError} `KEY_NOT_FOUND`, `KEY_IS_LINK`, `KEY_NOT_REGULAR_FILE`,
 * `KEY_READABLE_BY_OTHERS` (any bit of mode 0077, except on Windows, which has no such bits),
 * `KEY_NOT_OURS`, `KEY_UNREADABLE`, `KEY_INVALID` for a file that is too large
 */
export async function readPrivateFile(
  path: string,
  own: number | null = Deno.uid(),
): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    // Check the type before opening the file: opening a FIFO would block until another process
    // opens the other end.
    const there = await Deno.lstat(path);
    checkIsKeyFile(path, there);
    using file = await Deno.open(path);
    const opened = await file.stat();
    checkIsKeyFile(path, opened);
    // Opening follows a link that took the place of the file after `lstat`. On Windows the numbers
    // are not compared, because this has not been tried there.
    if (Deno.build.os !== "windows" && (opened.ino !== there.ino || opened.dev !== there.dev)) {
      throw new Error("it was replaced while it was opened; try again");
    }
    await checkOwner(path, opened, own);
    bytes = await readKeyLength(file);
  } catch (cause) {
    if (cause instanceof IdentityError) throw cause;
    if (cause instanceof Deno.errors.NotFound) {
      throw new IdentityError(
        "not-found",
        "KEY_NOT_FOUND",
        `There is no key at ${path}. Make one with \`libreseed keygen\`.`,
        { cause, detail: { path } },
      );
    }
    throw new IdentityError(
      "failed",
      "KEY_UNREADABLE",
      `The key file ${path} cannot be read: ${messageOf(cause)}`,
      { cause, detail: { path } },
    );
  }
  if (bytes.length > MAX_KEY_FILE_BYTES) throw invalid(path, "It is too large for one.");
  return bytes;
}

/** Reads a file up to one byte beyond {@linkcode MAX_KEY_FILE_BYTES}. */
async function readKeyLength(file: Deno.FsFile): Promise<Uint8Array> {
  const buffer = new Uint8Array(MAX_KEY_FILE_BYTES + 1);
  return buffer.subarray(0, await readFully(file, buffer));
}

/**
 * Checks that a key file belongs to this user. Root may read the key of the user to whom the
 * directory of the key belongs, so that `sudo libreseed` and containers work.
 */
async function checkOwner(path: string, info: Deno.FileInfo, own: number | null): Promise<void> {
  if (own === null || info.uid === own) return;
  if (own === ROOT_UID && info.uid === (await Deno.stat(dirname(path))).uid) return;
  throw new IdentityError(
    "failed",
    "KEY_NOT_OURS",
    `The key ${path} belongs to user ${info.uid}, and this process runs as user ${own}. ` +
      "Run the command as that user, or name another home with --home.",
    { detail: { path, uid: info.uid, own } },
  );
}

function isLink(path: string): IdentityError {
  return new IdentityError(
    "failed",
    "KEY_IS_LINK",
    `${path} is a symbolic link, so it is not read as a key. Move the key file itself there.`,
    { detail: { path } },
  );
}

function checkIsKeyFile(path: string, info: Deno.FileInfo): void {
  if (info.isSymlink) throw isLink(path);
  if (!info.isFile) {
    throw new IdentityError(
      "failed",
      "KEY_NOT_REGULAR_FILE",
      `${path} is not a regular file, so it is not read as a key.`,
      { detail: { path } },
    );
  }
  if (Deno.build.os !== "windows" && ((info.mode ?? 0) & 0o077) !== 0) {
    const mode = (info.mode! & 0o777).toString(8).padStart(4, "0");
    throw new IdentityError(
      "failed",
      "KEY_READABLE_BY_OTHERS",
      `Others than its owner have access to the key ${path} (mode ${mode}). Run: chmod 600 ${path}`,
      { detail: { path, mode } },
    );
  }
}

function invalid(path: string, why: string, cause?: unknown): IdentityError {
  return new IdentityError(
    "failed",
    "KEY_INVALID",
    `${path} is not a key file that libreseed can use. ${why}`,
    {
      cause,
      detail: { path },
    },
  );
}

/**
 * Creates a directory, if it is missing. Wraps the error, so that an `AlreadyExists` of the
 * directory is not mistaken for an existing key file.
 */
async function makeDirectory(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new Error(messageOf(cause), { cause });
  }
}
