/**
 * Saves the keys of a home, without the root key, in one file, and restores them into a home that has
 * none.
 *
 * @module
 */

import { isThere, messageOf, resolvePath } from "../base/mod.ts";
import { IdentityError, writePrivateFile } from "../identity/mod.ts";
import {
  type Backup,
  checkIsBackup,
  MAX_BACKUP_BYTES,
  openBackup,
  sealBackup,
} from "./backup_file.ts";
import { KeysError } from "./errors.ts";
import { KeyDirectory, keyPathsOf } from "./key_directory.ts";
import { noKey, privateKeysIn } from "./key_files.ts";
import { checkNewFile } from "./new_identity.ts";
import { newPassphrase, passphrasesFor } from "./passphrases.ts";
import type { KeySurroundings } from "./root_key.ts";

/** Names of the files in `keys` that a backup has, beside private keys. */
const PUBLIC_FILE = /^(?:publisher|[0-9a-f-]+)\.(?:cert|record)$/;
const ROOT_KEY = "root.key";

/**
 * Writes a backup to a new file (mode 0600), encrypted by a passphrase.
 *
 * @param state what the home has besides its keys
 * @throws {KeysError} `KEY_NOT_FOUND`, `FILE_EXISTS`, `KEYS_BUSY`; {@linkcode IdentityError} for
 * passphrases and `KEY_UNWRITABLE`
 */
export async function writeBackup(
  keyPath: string,
  target: string,
  state: Uint8Array,
  at: KeySurroundings,
): Promise<string[]> {
  const { directory: path } = keyPathsOf(keyPath);
  using _ = await KeyDirectory.open(path);
  await checkNewFile(target);
  const secrets = (await privateKeysIn(path)).filter((name) => name !== ROOT_KEY);
  const entries = await Array.fromAsync(Deno.readDir(path));
  const others = entries.map(({ name }) => name).filter((name) => PUBLIC_FILE.test(name)).sort();
  if (secrets.length + others.length === 0) throw noKey(keyPath);
  const keys = new Map<string, Uint8Array>();
  for (const name of [...secrets, ...others]) {
    keys.set(name, await Deno.readFile(resolvePath(path, name)));
  }
  const passphrase = await newPassphrase(at, `the backup ${target}`);
  await writePrivateFile(target, sealBackup({ keys, state }, passphrase));
  return [target];
}

/**
 * Reads and decrypts a backup for a home without keys.
 *
 * @throws {KeysError} `BACKUP_INVALID`, `HAS_ROOT` if the home has keys; {@linkcode IdentityError} for
 * passphrases
 */
export async function readBackup(
  keyPath: string,
  source: string,
  at: KeySurroundings,
): Promise<Backup> {
  await refuseKeys(keyPath);
  const bytes = await readFile(source);
  checkIsBackup(bytes);
  for await (const passphrase of passphrasesFor(at, source)) {
    const backup = openBackup(bytes, passphrase);
    if (backup) return backup;
  }
  throw new IdentityError(
    "failed",
    "PASSPHRASE_WRONG",
    `The passphrase does not decrypt the backup ${source}, or the file is damaged. Nothing was changed`,
    { detail: { path: source } },
  );
}

/**
 * Writes the keys of a backup into a home without keys, all or none.
 *
 * @throws {KeysError} `HAS_ROOT`, `KEYS_BUSY`, `KEYS_UNWRITABLE`
 */
export async function restoreKeys(keyPath: string, { keys }: Backup): Promise<string[]> {
  const { directory: path } = keyPathsOf(keyPath);
  using directory = await KeyDirectory.open(path);
  await refuseKeys(keyPath);
  await directory.change(keys);
  return [...keys.keys()].map((name) => resolvePath(path, name));
}

async function refuseKeys(keyPath: string): Promise<void> {
  const { key, certificate, root } = keyPathsOf(keyPath);
  for (const path of [key, certificate, root]) {
    if (!await isThere(path)) continue;
    throw new KeysError(
      "failed",
      "HAS_ROOT",
      `This home has keys already: there is something at ${path}. Restore into another home (--home)`,
      { detail: { path } },
    );
  }
}

async function readFile(path: string): Promise<Uint8Array> {
  try {
    const { isFile, size } = await Deno.stat(path);
    if (!isFile || size > MAX_BACKUP_BYTES) throw new Error("it is no file of a possible size");
    return await Deno.readFile(path);
  } catch (cause) {
    const isMissing = cause instanceof Deno.errors.NotFound;
    const message = isMissing
      ? `There is no backup ${path}. Check the path`
      : `The backup ${path} cannot be read: ${messageOf(cause)}`;
    throw new KeysError(isMissing ? "not-found" : "failed", "BACKUP_INVALID", message, {
      cause,
      detail: { path },
    });
  }
}
