/**
 * Publishers with a root key and signing keys, for tests: certificates, manifests, publisher records.
 *
 * @module
 */

import { join } from "node:path";
import {
  certificatePathOf,
  type Clock,
  publisherKeyPath,
  publisherRecordPathOf,
  toBase64,
  utf8,
} from "../../src/base/mod.ts";
import {
  type Certificate,
  formatCertificateFile,
  formatPublicKey,
  generateKeyPair,
  type KeyPair,
  keyPairFromSeed,
  type Signer,
  statementOf,
  writeKeyFile,
} from "../../src/identity/mod.ts";
import { type MinimalManifest, serializeMinimal, signerFields } from "../../src/package/mod.ts";
import {
  encodeItem,
  encodePublisherRecord,
  type MutableItem,
  type PublisherRecord,
  publisherSalt,
  signItem,
} from "../../src/records/mod.ts";
import { StateDatabase } from "../../src/store/mod.ts";
import { Trust } from "../../src/trust/mod.ts";
import { temporaryHome } from "./temporary_home.ts";

/** The limits that a test sets in a certificate. */
export type CertificateLimits = Partial<Pick<Certificate, "fromMs" | "untilMs" | "names">>;

/** A signing key with its certificate. It signs as the launcher does for a home. */
export type CertifiedKey = Signer & { certificate: Certificate; pair: KeyPair };

/** A publisher with a root key. */
export class TestIdentity {
  readonly root: KeyPair;
  readonly #seed: number | undefined;
  #keys = 0;

  /**
   * @param seed number from which all keys of the publisher follow, 0 to 255; without it they are
   * random
   */
  constructor(seed?: number) {
    this.#seed = seed;
    this.root = this.#newKey();
  }

  /** The public key of the root, as `ed25519:BASE64`. */
  get text(): string {
    return formatPublicKey(this.root.publicKey);
  }

  /**
   * Has the root key certify a key, by default a new one. Without limits, the key signs all names at
   * any time.
   */
  async certify(limits: CertificateLimits = {}, pair = this.#newKey()): Promise<CertifiedKey> {
    const fields = { key: pair.publicKey, fromMs: 0, ...limits };
    const signature = await this.root.sign(statementOf(fields));
    return {
      pair,
      publicKey: pair.publicKey,
      certificate: { root: this.root.publicKey, ...fields, signature },
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

  #newKey(): KeyPair {
    if (this.#seed === undefined) return generateKeyPair();
    return keyPairFromSeed(
      new Uint8Array(32).fill(200).fill(this.#seed, 0, 1).fill(this.#keys++, 1, 2),
    );
  }
}

/** Writes key, certificate and publisher record into a home, as `keygen` does. */
export async function writeIdentity(
  home: string,
  { pair, certificate }: CertifiedKey,
  record: MutableItem,
): Promise<void> {
  const keyPath = publisherKeyPath(home);
  await Deno.remove(keyPath).catch(() => {});
  await writeKeyFile(keyPath, pair);
  await Deno.writeTextFile(certificatePathOf(keyPath), formatCertificateFile(certificate));
  await Deno.writeFile(publisherRecordPathOf(keyPath), encodeItem(record));
}

/** Makes the knowledge of keys of a home that a test has opened. */
export function trustOf(state: StateDatabase, clock: Clock): Trust {
  return new Trust({ state: () => state, clock });
}

/** Opens a new home and makes its knowledge of keys: `await using home = await temporaryTrust(clock);` */
export async function temporaryTrust(clock: Clock) {
  const home = await temporaryHome();
  const state = StateDatabase.open(join(home.path, "state.db"), clock);
  return {
    state,
    trust: trustOf(state, clock),
    async [Symbol.asyncDispose]() {
      state.close();
      await home.remove();
    },
  };
}

/**
 * Signs a minimal manifest of an archive that does not exist. A certificate that does not allow it is no
 * obstacle, as it is none to a thief.
 *
 * @param archive number from which its hash and infohash follow
 */
export async function minimalBy(
  signer: Signer,
  timestamp: number,
  { name = "hello", version = "1.0.0", archive = 1 } = {},
): Promise<MinimalManifest> {
  const digits = archive.toString(16).padStart(2, "0");
  const unsigned = {
    ...signerFields(signer),
    ...{ name, version, length: 1000, timestamp },
    archiveSha256: `sha256:${digits.repeat(32)}`,
    btih: digits.repeat(20),
  };
  const text = serializeMinimal(unsigned as MinimalManifest);
  const json = utf8(text.slice(0, -1));
  const signature = await signer.sign({ kind: "minimal manifest", json });
  return { ...unsigned, signature: `ed25519:${toBase64(signature)}` };
}

/** Returns the first 16 bytes of the hash of the archive with a number, as in good lists. */
export function goodHash(archive: number): Uint8Array {
  return new Uint8Array(16).fill(archive);
}
