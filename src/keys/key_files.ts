/**
 * Changes of the files with private keys that leave the keys as they are: puts them under a passphrase,
 * takes it away, and moves the root key out of the home.
 *
 * @module
 */

import { equalBytes, fromUtf8, isThere, resolvePath, syncDirectory } from "../base/mod.ts";
import {
  encryptKey,
  isEncryptedKey,
  type KeyPair,
  readKeyFile,
  readPrivateFile,
  toPkcs8Pem,
  writePrivateFile,
} from "../identity/mod.ts";
import { KeysError } from "./errors.ts";
import { changedFiles, KeyDirectory, keyPathsOf } from "./key_directory.ts";
import { checkNewFile } from "./new_identity.ts";
import { newPassphrase, passphrasesFor } from "./passphrases.ts";
import type { KeySurroundings } from "./root_key.ts";

/** Names of the files in `keys` that hold private keys. */
const PRIVATE_KEY = /^(?:publisher|root|old-[0-9a-f-]+)\.key$/;

/**
 * Encrypts or decrypts all private keys in a home. All of them change, or none. Returns the paths of the
 * changed files.
 *
 * @throws {KeysError} `KEY_CHANGE_INVALID` if there is nothing to change, `KEYS_BUSY`,
 * `KEYS_UNWRITABLE`; {@linkcode IdentityError} for passphrases and key files
 */
export async function setPassphrase(
  keyPath: string,
  what: "encrypt" | "decrypt",
  at: KeySurroundings,
): Promise<string[]> {
  const { directory: path } = keyPathsOf(keyPath);
  using directory = await KeyDirectory.open(path);
  const names = await privateKeysIn(path);
  if (names.length === 0) throw noKey(keyPath);
  const wanted: string[] = [];
  for (const name of names) {
    const isEncrypted = isEncryptedKey(
      fromUtf8(await readPrivateFile(resolvePath(path, name), at.own)),
    );
    if (isEncrypted === (what === "decrypt")) wanted.push(name);
  }
  if (wanted.length === 0) throw nothingTo(what, path);
  const pairs = new Map<string, KeyPair>();
  for (const name of wanted) {
    const file = resolvePath(path, name);
    pairs.set(name, await readKeyFile(file, at.own, (one) => passphrasesFor(at, one)));
  }
  const passphrase = what === "encrypt"
    ? await newPassphrase(at, `the keys in ${path}`)
    : undefined;
  const texts = [...pairs].map(([name, pair]) =>
    [name, passphrase === undefined ? toPkcs8Pem(pair) : encryptKey(pair, passphrase)] as const
  );
  await directory.change(changedFiles(Object.fromEntries(texts)));
  return wanted.map((name) => resolvePath(path, name));
}

/**
 * Moves the root key from the home to a new file outside of it. The copy is on the disk before the
 * original goes.
 *
 * @throws {KeysError} `NO_ROOT`, `FILE_EXISTS`, `BAD_ARGUMENTS` for a file in the home, `KEYS_BUSY`;
 * {@linkcode IdentityError} `KEY_UNWRITABLE`
 */
export async function moveRoot(
  keyPath: string,
  target: string,
  at: KeySurroundings,
): Promise<string[]> {
  const paths = keyPathsOf(keyPath);
  using _ = await KeyDirectory.open(paths.directory);
  if (!await isThere(paths.root)) {
    throw new KeysError(
      "not-found",
      "NO_ROOT",
      `This home has no root key to move: there is nothing at ${paths.root}`,
      { detail: { path: paths.root } },
    );
  }
  await checkNewFile(target, paths.directory);
  const bytes = await readPrivateFile(paths.root, at.own);
  await writePrivateFile(target, bytes);
  if (!equalBytes(await readPrivateFile(target, at.own), bytes)) {
    throw new KeysError(
      "failed",
      "KEYS_UNWRITABLE",
      `${target} does not have what was written to it, so the root key stays in ${paths.root}`,
    );
  }
  await Deno.remove(paths.root);
  await syncDirectory(paths.directory);
  return [target];
}

/** Returns the names of the files with private keys in a directory of keys, sorted. */
export async function privateKeysIn(directory: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(directory));
  return entries.map(({ name }) => name).filter((name) => PRIVATE_KEY.test(name)).sort();
}

/** Creates the error for a home without keys. */
export function noKey(keyPath: string): KeysError {
  return new KeysError(
    "not-found",
    "KEY_NOT_FOUND",
    `There is no key at ${keyPath}. Make one with \`libreseed keygen\``,
    { detail: { path: keyPath } },
  );
}

function nothingTo(what: "encrypt" | "decrypt", path: string): KeysError {
  const message = what === "encrypt"
    ? `The keys in ${path} are encrypted already. For another passphrase decrypt them first`
    : `No key in ${path} is encrypted`;
  return new KeysError("failed", "KEY_CHANGE_INVALID", message, { detail: { path } });
}
