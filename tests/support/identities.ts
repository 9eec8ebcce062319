/**
 * Publishers with a root key and signing keys, for tests: certificates, manifests, publisher records.
 *
 * @module
 */

import {
  type Certificate,
  generateKeyPair,
  type KeyPair,
  type Signer,
  statementOf,
} from "../../src/identity/mod.ts";
import { type MinimalManifest, signMinimal } from "../../src/package/mod.ts";
import {
  encodePublisherRecord,
  type MutableItem,
  type PublisherRecord,
  publisherSalt,
  signItem,
} from "../../src/records/mod.ts";

/** The limits that a test sets in a certificate. */
export type CertificateLimits = Pick<Certificate, "fromMs" | "untilMs" | "names">;

/** A signing key with its certificate. */
export type CertifiedKey = Signer & { certificate: Certificate; pair: KeyPair };

/** A publisher with a root key. */
export class TestIdentity {
  readonly root: KeyPair = generateKeyPair();

  /** Has the root key certify a key, by default a new one. */
  async certify(limits: CertificateLimits, pair = generateKeyPair()): Promise<CertifiedKey> {
    const statement = statementOf({ key: pair.publicKey, ...limits });
    const signature = await this.root.sign(statement);
    const certificate = { root: this.root.publicKey, key: pair.publicKey, ...limits, signature };
    return {
      pair,
      publicKey: pair.publicKey,
      certificate,
      sign: (statement) => pair.sign(statement),
    };
  }

  /** Signs a publisher record. Members that are absent are empty; its time is its `seq`. */
  record({ seq, ...fields }: { seq: number } & Partial<PublisherRecord>): Promise<MutableItem> {
    const record = { timestampMs: seq, signingKeys: [], revokedKeys: [], ...fields };
    return signItem(this.root, {
      salt: publisherSalt(),
      seq,
      value: encodePublisherRecord(record),
    });
  }
}

/**
 * Signs a minimal manifest of an archive that does not exist.
 *
 * @param archive number from which its hash and infohash follow
 */
export function minimalBy(
  signer: Signer,
  timestamp: number,
  { name = "hello", version = "1.0.0", archive = 1 } = {},
): Promise<MinimalManifest> {
  const digits = archive.toString(16).padStart(2, "0");
  return signMinimal({
    name,
    version,
    archiveSha256: `sha256:${digits.repeat(32)}`,
    btih: digits.repeat(20),
    length: 1000,
    timestamp,
  }, signer);
}

/** Returns the first 16 bytes of the hash of the archive with a number, as in good lists. */
export function goodHash(archive: number): Uint8Array {
  return new Uint8Array(16).fill(archive);
}
