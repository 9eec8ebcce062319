/**
 * Makes publishers with a root key, for fixtures.
 *
 * @module
 */

import { certificatePathOf, publisherKeyPath, publisherRecordPathOf } from "../../src/base/mod.ts";
import {
  type Certificate,
  formatCertificateFile,
  type KeyPair,
  keyPairFromSeed,
  type Signer,
  statementOf,
  writeKeyFile,
} from "../../src/identity/mod.ts";
import {
  encodeItem,
  encodePublisherRecord,
  type MutableItem,
  type PublisherRecord,
  publisherSalt,
  signItem,
} from "../../src/records/mod.ts";

/** A publisher with a root key, and the key that signs for it. */
export interface CertifiedPublisher {
  root: KeyPair;
  signing: KeyPair;
  certificate: Certificate;
  /** Signs with the signing key, as the launcher does for a home. */
  signer: Signer;
}

/**
 * Makes a publisher whose root key certifies one signing key.
 *
 * @param seed first byte of both keys' seeds: publishers of different numbers are different
 * @param limits of the certificate; without them the key signs all names, at any time
 */
export async function certifiedPublisher(
  seed: number,
  limits: Partial<Pick<Certificate, "fromMs" | "untilMs" | "names">> & { key?: KeyPair } = {},
): Promise<CertifiedPublisher> {
  const { key, ...times } = limits;
  const root = keyPairFromSeed(new Uint8Array(32).fill(200).fill(seed, 0, 1));
  const signing = key ?? keyPairFromSeed(new Uint8Array(32).fill(201).fill(seed, 0, 1));
  const fields = { key: signing.publicKey, fromMs: 0, ...times };
  const signature = await root.sign(statementOf(fields));
  const certificate = { root: root.publicKey, ...fields, signature };
  const { publicKey } = signing;
  return {
    ...{ root, signing, certificate },
    signer: { publicKey, certificate, sign: (statement) => signing.sign(statement) },
  };
}

/** Writes key, certificate and publisher record into a home, as `keygen` does. */
export async function writeIdentity(
  home: string,
  { signing, certificate }: CertifiedPublisher,
  record?: { bytes: Uint8Array },
): Promise<void> {
  const keyPath = publisherKeyPath(home);
  await Deno.remove(keyPath).catch(() => {});
  await writeKeyFile(keyPath, signing);
  await Deno.writeTextFile(certificatePathOf(keyPath), formatCertificateFile(certificate));
  const path = publisherRecordPathOf(keyPath);
  if (record) await Deno.writeFile(path, record.bytes);
}

/**
 * Makes the publisher record of a root key.
 *
 * @param record by default, the signing key is in force and none is revoked
 */
export async function publisherRecordOf(
  { root, certificate: { key, fromMs, untilMs, names } }: CertifiedPublisher,
  seq: number,
  record: Partial<PublisherRecord> = {},
): Promise<{ item: MutableItem; bytes: Uint8Array }> {
  const own = {
    key,
    fromMs,
    ...(untilMs !== undefined && { untilMs }),
    ...(names && { names }),
  };
  const value = encodePublisherRecord({
    timestampMs: seq,
    signingKeys: [own],
    revokedKeys: [],
    ...record,
  });
  const item = await signItem(root, { salt: publisherSalt(), seq, value });
  return { item, bytes: encodeItem(item) };
}
