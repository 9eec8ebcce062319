/**
 * Reads what a home has of its own publisher: the signing key's public half, its certificate, the
 * newest publisher record.
 *
 * @module
 */

import { equalBytes, isThere, resolvePath } from "../base/mod.ts";
import {
  type Certificate,
  fingerprint,
  parseCertificateFile,
  type PublicKey,
  readCertificate,
  readKeyFile,
  readPublicKey,
  readPublisherRecord,
} from "../identity/mod.ts";
import { decodePublisherRecord, type MutableItem, type RevokedKey } from "../records/mod.ts";
import { KeysError } from "./errors.ts";
import { type KeyPaths, keyPathsOf } from "./key_directory.ts";
import { passphrasesFor } from "./passphrases.ts";
import { readSignedRecord } from "./publisher_record_file.ts";
import type { KeySurroundings } from "./root_key.ts";

/** The signing key of a home, without its private half. */
export interface OwnKey {
  /** 32 bytes. */
  publicKey: PublicKey;
  /** The certificate of `publicKey`; absent if it has no root. */
  certificate?: Certificate;
  /** Whether the private half is in the home. Otherwise the SSH agent has it. */
  hasFile: boolean;
  isEncrypted: boolean;
}

/**
 * Reads the signing key of a home; `undefined` if there is none. A certificate without a key file is
 * that of a key in the SSH agent.
 *
 * @throws {IdentityError} the errors of key files and certificates
 */
export async function readOwnKey(
  paths: KeyPaths,
  at: KeySurroundings,
): Promise<OwnKey | undefined> {
  const certificate = await isThere(paths.certificate)
    ? parseCertificateFile(await Deno.readTextFile(paths.certificate))
    : undefined;
  if (!await isThere(paths.key)) {
    return certificate &&
      { publicKey: certificate.key, certificate, hasFile: false, isEncrypted: false };
  }
  const passphrases = (path: string) => passphrasesFor(at, path);
  const { publicKey, isEncrypted } = await readPublicKey(paths.key, at.own, passphrases);
  if (certificate && !equalBytes(certificate.key, publicKey)) {
    throw new KeysError(
      "failed",
      "KEY_CHANGE_INVALID",
      `The certificate ${paths.certificate} is for another key than ${paths.key}. Move one of them away`,
      { detail: { path: paths.certificate } },
    );
  }
  return { publicKey, ...(certificate && { certificate }), hasFile: true, isEncrypted };
}

/** Asks for the passphrase of the home's key, and returns it if it is the right one. */
export async function unlockOwnKey(path: string, at: KeySurroundings): Promise<string> {
  let last = "";
  await readKeyFile(path, at.own, async function* () {
    for await (const passphrase of passphrasesFor(at, path)) yield last = passphrase;
  });
  return last;
}

/**
 * Reads the newest publisher record that the home knows; `undefined` if it knows none.
 *
 * @throws {KeysError} `RECORD_INVALID`
 */
export async function storedRecord(
  { record }: KeyPaths,
  root: PublicKey,
): Promise<MutableItem | undefined> {
  const bytes = await readPublisherRecord(record);
  return bytes && readSignedRecord(bytes, root, `in ${record}`);
}

/**
 * Returns the revocation of a home's signing key in the publisher record beside it; `undefined` if there is
 * none.
 *
 * @throws {KeysError} `RECORD_INVALID`
 */
export async function ownRevocation(
  keyPath: string,
  { root, key }: Pick<Certificate, "root" | "key">,
): Promise<RevokedKey | undefined> {
  const item = await storedRecord(keyPathsOf(keyPath), root);
  if (!item) return undefined;
  return decodePublisherRecord(item.value).revokedKeys.find((one) => equalBytes(one.key, key));
}

/**
 * Returns the certificate of a key in the SSH agent, from the home's certificates: its own file, which
 * `key certify` leaves there, or that of the home's signing key. `undefined` if the home has none at
 * all: the key is its own identity.
 *
 * @throws {IdentityError} `CERTIFICATE_INVALID`, also if the home's certificate is for another key
 */
export async function certificateOf(
  keyPath: string,
  publicKey: PublicKey,
): Promise<Certificate | undefined> {
  const paths = keyPathsOf(keyPath);
  const own = resolvePath(paths.directory, certificateNameOf(publicKey));
  return await readCertificate(own, publicKey) ??
    await readCertificate(paths.certificate, publicKey);
}

/** Returns the name of the file in `keys` with the certificate of a key that is not the home's own. */
export function certificateNameOf(publicKey: PublicKey): string {
  return `${fingerprint(publicKey)}.cert`;
}
