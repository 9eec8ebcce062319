/**
 * Reads and writes the file that holds a publisher's key pair: PKCS #8 in PEM, accessible to its
 * owner only. The caller chooses the path.
 *
 * @module
 */

import { dirname } from "node:path";
import { fromUtf8, utf8 } from "../base/mod.ts";
import { IdentityError } from "./errors.ts";
import { describeForeignKey } from "./foreign_key.ts";
import { fromPkcs8Pem, type KeyPair, toPkcs8Pem } from "./key_pair.ts";

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
  let file: Deno.FsFile | undefined;
  try {
    await makeDirectory(dirname(path));
    file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
    await writeAll(file, utf8(toPkcs8Pem(pair)));
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
 * Reads a key file. Follows no symbolic link at `path`: another program could exchange its target.
 *
 * @param own user id of this process; `null` on systems without user ids (Windows)
 * @throws {IdentityError} `KEY_NOT_FOUND`, `KEY_IS_LINK`, `KEY_NOT_REGULAR_FILE`,
 * `KEY_READABLE_BY_OTHERS` (any bit of mode 0077, except on Windows, which has no such bits),
 * `KEY_NOT_OURS`, `KEY_INVALID`, `KEY_UNREADABLE`
 */
export async function readKeyFile(
  path: string,
  own: number | null = Deno.uid(),
): Promise<KeyPair> {
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
    bytes = await readUpTo(file, MAX_KEY_FILE_BYTES + 1);
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
  try {
    return fromPkcs8Pem(fromUtf8(bytes));
  } catch (cause) {
    const foreign = describeForeignKey(bytes, path);
    throw foreign
      ? invalid(path, `It is ${foreign.what}. ${foreign.mend}`, cause)
      : invalid(path, messageOf(cause), cause);
  }
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

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}

async function readUpTo(file: Deno.FsFile, limitBytes: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(limitBytes);
  let length = 0;
  while (length < limitBytes) {
    const read = await file.read(buffer.subarray(length));
    if (read === null) break;
    length += read;
  }
  return buffer.subarray(0, length);
}

/**
 * Flushes a directory, so that the name of a new file survives a power cut. Does nothing on
 * Windows, which cannot open directories.
 */
async function syncDirectory(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  const directory = await Deno.open(path);
  try {
    await directory.sync();
  } finally {
    directory.close();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
