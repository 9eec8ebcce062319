/**
 * The facts about a publisher's keys in its home, for `key show` and `key list`.
 *
 * @module
 */

import { isThere, resolvePath } from "../base/mod.ts";
import type { Certificate, PublicKey } from "../identity/mod.ts";
import { keyPathsOf, settleKeys } from "./key_directory.ts";
import { readOwnKey, storedRecord } from "./own_key.ts";
import { encodeItem } from "../records/mod.ts";
import type { KeySurroundings } from "./root_key.ts";

/** The keys of a home, without any private half. */
export interface KeyFacts {
  /** The signing key, 32 bytes; absent if the home has none. */
  publicKey?: PublicKey;
  certificate?: Certificate;
  /** The newest publisher record that the home knows, serialised; its signature was verified. */
  record?: Uint8Array;
  /** Path of the file with the signing key; absent if the SSH agent has it, or there is none. */
  path?: string;
  /** Whether the file is encrypted. */
  isEncrypted: boolean;
  /** Path of the root key, if it lies in the home. */
  rootPath?: string;
  /** Paths of the signing keys that were replaced. */
  oldPaths: string[];
}

const OLD_KEY = /^old-[0-9a-f-]+\.key$/;

/**
 * Reads what a home has of its publisher's keys. A home without keys is no error.
 *
 * @throws {KeysError} `RECORD_INVALID`, `KEYS_UNWRITABLE`; the errors of key files and certificates
 */
export async function keyFacts(keyPath: string, at: KeySurroundings): Promise<KeyFacts> {
  const paths = keyPathsOf(keyPath);
  await settleKeys(paths.directory);
  const own = await readOwnKey(paths, at);
  const item = own?.certificate && await storedRecord(paths, own.certificate.root);
  const names = await isThere(paths.directory)
    ? (await Array.fromAsync(Deno.readDir(paths.directory))).map(({ name }) => name)
    : [];
  return {
    ...(own && { publicKey: own.publicKey }),
    ...(own?.certificate && { certificate: own.certificate }),
    ...(item && { record: encodeItem(item) }),
    ...(own?.hasFile && { path: paths.key }),
    isEncrypted: own?.isEncrypted ?? false,
    ...(await isThere(paths.root) && { rootPath: paths.root }),
    oldPaths: names.filter((name) => OLD_KEY.test(name)).sort().map((name) =>
      resolvePath(paths.directory, name)
    ),
  };
}
