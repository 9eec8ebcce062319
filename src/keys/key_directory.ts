/**
 * The directory `keys` of a home, and the one way in which its files change: all files of a change are
 * written to a directory beside them, which gets the name `change` when it is complete. From then on
 * the change counts. Its files move to their places, also after a kill, before anything reads them. So
 * a kill at any point leaves the old state or the new one.
 *
 * @module
 */

import {
  certificatePathOf,
  directoryOf,
  isThere,
  publisherRecordPathOf,
  resolvePath,
  syncDirectory,
  utf8,
} from "../base/mod.ts";
import { KeysError } from "./errors.ts";

/** Paths of the files in the directory `keys` of a home. */
export interface KeyPaths {
  directory: string;
  /** The signing key, PKCS #8 in PEM. */
  key: string;
  /** The certificate of the signing key. */
  certificate: string;
  /** The newest publisher record that this home knows, as `src/records/item_bytes.ts` writes it. */
  record: string;
  /** The root key, if it may stay in the home. */
  root: string;
}

/** Returns the paths beside a key file. */
export function keyPathsOf(keyPath: string): KeyPaths {
  const directory = directoryOf(keyPath);
  return {
    directory,
    key: keyPath,
    certificate: certificatePathOf(keyPath),
    record: publisherRecordPathOf(keyPath),
    root: resolvePath(directory, "root.key"),
  };
}

/** The name of a complete change whose files may not be at their places yet. */
const CHANGE = "change";
/** Names of changes that are being written. */
const UNFINISHED = /^\.change-/;
const LOCK = ".lock";

/** The files of a change: names in the directory `keys`, and their contents. */
export type ChangedFiles = ReadonlyMap<string, Uint8Array>;

/**
 * The lock of a directory of keys. Whoever holds it may change the files. The operating system
 * releases it when the process ends.
 */
export class KeyDirectory implements Disposable {
  readonly #path: string;
  readonly #lock: Deno.FsFile;

  private constructor(path: string, lock: Deno.FsFile) {
    this.#path = path;
    this.#lock = lock;
  }

  /**
   * Locks the directory, makes it (mode 0700) if it is missing, and completes a change that a killed
   * process has left.
   *
   * @throws {KeysError} `KEYS_BUSY`, `KEYS_UNWRITABLE`
   */
  static async open(path: string): Promise<KeyDirectory> {
    try {
      await Deno.mkdir(path, { recursive: true, mode: 0o700 });
      const lock = await openLock(path);
      if (!await lock.tryLock(true)) {
        lock.close();
        throw new KeysError(
          "in-use",
          "KEYS_BUSY",
          `Another libreseed process changes the keys in ${path}. Try again when it has ended`,
          { detail: { path } },
        );
      }
      const directory = new KeyDirectory(path, lock);
      await completeChange(path);
      await removeUnfinished(path);
      return directory;
    } catch (error) {
      throw errorAt(path, error);
    }
  }

  /**
   * Writes files (mode 0600), all of them or none, and flushes them to the disk.
   *
   * @throws {KeysError} `KEYS_UNWRITABLE`; then nothing was changed
   */
  async change(files: ChangedFiles): Promise<void> {
    try {
      const written = await Deno.makeTempDir({ dir: this.#path, prefix: ".change-" });
      const owner = await Deno.stat(this.#path);
      for (const [name, bytes] of files) await writeNew(resolvePath(written, name), bytes, owner);
      await syncDirectory(written);
      await Deno.rename(written, resolvePath(this.#path, CHANGE));
      await syncDirectory(this.#path);
      await completeChange(this.#path);
    } catch (error) {
      throw errorAt(this.#path, error);
    }
  }

  [Symbol.dispose](): void {
    this.#lock.close();
  }
}

/**
 * Completes a change that a killed process has left in a directory of keys, so that its files can be
 * read. Waits for a process that is doing so.
 *
 * @throws {KeysError} `KEYS_UNWRITABLE`
 */
export async function settleKeys(path: string): Promise<void> {
  if (!await isThere(resolvePath(path, CHANGE))) return;
  try {
    const lock = await openLock(path);
    try {
      await lock.lock(true);
      await completeChange(path);
    } finally {
      lock.close();
    }
  } catch (error) {
    throw errorAt(path, error);
  }
}

/** Returns the contents of a change from texts and bytes. */
export function changedFiles(files: Record<string, string | Uint8Array>): ChangedFiles {
  return new Map(
    Object.entries(files).map(([name, content]) =>
      [name, typeof content === "string" ? utf8(content) : content] as const
    ),
  );
}

async function completeChange(path: string): Promise<void> {
  const change = resolvePath(path, CHANGE);
  if (!await isThere(change)) return;
  for (const { name } of await Array.fromAsync(Deno.readDir(change))) {
    await Deno.rename(resolvePath(change, name), resolvePath(path, name));
  }
  await syncDirectory(path);
  await Deno.remove(change);
}

async function removeUnfinished(path: string): Promise<void> {
  for (const { name } of await Array.fromAsync(Deno.readDir(path))) {
    if (UNFINISHED.test(name)) await Deno.remove(resolvePath(path, name), { recursive: true });
  }
}

async function openLock(path: string): Promise<Deno.FsFile> {
  return await Deno.open(resolvePath(path, LOCK), {
    read: true,
    write: true,
    create: true,
    mode: 0o600,
  });
}

/** Writes a new file, which belongs to the owner of the directory also if root writes it. */
async function writeNew(path: string, bytes: Uint8Array, owner: Deno.FileInfo): Promise<void> {
  const file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
  try {
    if ((await file.stat()).uid !== owner.uid) await Deno.chown(path, owner.uid, owner.gid);
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    await file.sync();
  } finally {
    file.close();
  }
}

function errorAt(path: string, error: unknown): KeysError {
  if (error instanceof KeysError) return error;
  return new KeysError(
    "failed",
    "KEYS_UNWRITABLE",
    `The keys in ${path} cannot be changed: ${error instanceof Error ? error.message : error}`,
    { cause: error, detail: { path } },
  );
}
