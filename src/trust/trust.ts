/**
 * {@linkcode Trust}: a home's knowledge of publishers' keys, and the decisions that follow from it.
 *
 * @module
 */

import { compareBytes, equalBytes, isoDay, isOfFuture, isoTime, toHex } from "../base/mod.ts";
import { fingerprint, formatPublicKey, parsePublicKey, type PublicKey } from "../identity/mod.ts";
import {
  certificateOf,
  type MinimalManifest,
  parseSha256,
  type SignerFields,
  signingKeyOf,
} from "../package/mod.ts";
import {
  decodePublisherRecord,
  GOOD_HASH_BYTES,
  type MutableItem,
  type PublisherRecord,
  type SigningKey,
} from "../records/mod.ts";
import type { IdentitiesTable, StoredRevocation } from "../store/mod.ts";
import { TrustError } from "./errors.ts";
import { Knowledge, type KnowledgeOptions } from "./knowledge.ts";
import { isNewerRecord, problemOfTimes } from "./record_order.ts";
import { describeRevocation } from "./words.ts";

/**
 * Maximum number of keys of one identity that are remembered from manifests, since the owner of a root
 * key can certify any number.
 */
const MAX_PROOFS = 64;
/** Age of the newest sight of a publisher record at which a reader says so (ms). */
const OLD_MS = 30 * 86_400_000;

/** Dependencies of {@linkcode Trust}. */
export interface TrustOptions extends KnowledgeOptions {
  /** Called with messages about damaged lines of `trust.log`, and about publisher records that are odd. */
  onWarning?: (message: string) => void;
  /** Called once for each identity whose publisher record has not been seen for 30 days. */
  onNotice?: (message: string) => void;
}

/** A key that its publisher has revoked. */
export type Revocation = StoredRevocation;

/** The parts of a manifest, full or minimal, that {@linkcode Trust.check} needs. */
export type Signed = SignerFields & { name: string; version: string };

/** The result of learning a publisher record. */
export interface Learned {
  /** Whether the record is the newest one that this home knows. */
  isNewest: boolean;
  /** Why the record is refused, without a full stop. Its revocations hold all the same. */
  refused?: string;
}

/** An identity with all that this home knows of it. */
export interface KnownIdentity {
  /** Public key of the root, 32 bytes. */
  root: PublicKey;
  /** The newest publisher record that this home has seen, signed, and its content. */
  newest?: { item: MutableItem; record: PublisherRecord };
  /** Time at which this home first knew the identity, Unix milliseconds. */
  sinceMs: number;
  /** Time at which the DHT last showed the newest publisher record, Unix milliseconds. */
  seenMs?: number;
  /** Every key that a publisher record of the identity has ever revoked. */
  revoked: Revocation[];
}

/** Decides whether what a key has signed is accepted, and keeps what it learns about keys. */
export class Trust {
  readonly #options: TrustOptions;
  readonly #knowledge: Knowledge;
  /** Messages that the user was given. */
  readonly #told = new Set<string>();

  constructor(options: TrustOptions) {
    this.#options = options;
    this.#knowledge = new Knowledge(options);
  }

  /**
   * Takes a publisher record that a lookup has found, also one that is older than the newest known: its
   * revocations are kept for ever.
   *
   * @param item a verified item with the salt of publisher records
   */
  learnRecord(item: MutableItem): Learned {
    const root = item.publicKey;
    let record: PublisherRecord;
    try {
      record = decodePublisherRecord(item.value);
    } catch (error) {
      return this.#refuse(root, (error as Error).message);
    }
    const nowMs = this.#options.clock.now();
    const before = this.#table.get(root)?.item;
    if (!before || !isSame(item, before)) {
      const problem = problemOfTimes(item, record, nowMs);
      const isNews = !problem && (!before || isNewerRecord(item, before)) ||
        record.revokedKeys.some(({ key }) => {
          const known = this.#table.revocation(root, key);
          return !known || isNewerRecord(item, known.item);
        });
      if (isNews) this.#knowledge.add({ seenMs: nowMs, item });
      if (before?.seq === item.seq) this.#warnOfTwo(root, item.seq);
      if (problem) return this.#refuse(root, problem);
    }
    const newest = this.#table.get(root)?.item;
    const isNewest = newest !== undefined && isSame(item, newest);
    if (isNewest) this.#table.setSeen(root, nowMs);
    return { isNewest };
  }

  /**
   * Remembers by a minimal manifest that its key signs for its identity.
   *
   * @param manifest a manifest whose signature was verified
   */
  remember(manifest: MinimalManifest): void {
    const certificate = certificateOf(manifest);
    if (!certificate) return;
    const proofs = this.#table.proofs(certificate.root);
    const before = proofs.find((one) => equalBytes(signingKeyOf(one), certificate.key));
    const isKnown = before
      ? certificateOf(before)!.fromMs >= certificate.fromMs
      : proofs.length >= MAX_PROOFS;
    if (isKnown) return;
    this.#knowledge.add({ seenMs: this.#options.clock.now(), manifest });
  }

  /**
   * Takes the list of good archives that the newest publisher record of an identity names.
   *
   * @param infoHash infohash of the list's torrent, 20 bytes
   * @param hashes the content of the list, 16 bytes each
   */
  learnGoodList(root: PublicKey, infoHash: Uint8Array, hashes: readonly Uint8Array[]): void {
    this.#table.setGood(root, infoHash, hashes);
  }

  /**
   * Returns the infohash of the list of good archives, 20 bytes, that decides about an identity's
   * archives and that this home has not fetched yet; `undefined` if nothing is missing.
   */
  missingGoodList(root: PublicKey): Uint8Array | undefined {
    const stored = this.#table.get(root);
    const goodList = stored?.item && decodePublisherRecord(stored.item.value).goodList;
    const isFetched = goodList && stored?.goodList && equalBytes(stored.goodList, goodList);
    return isFetched ? undefined : goodList;
  }

  /**
   * Throws if a package is not to be accepted: its key is revoked and the archive is not in the
   * publisher's list of good archives, or its certificate begins in the future. Verifies no signature.
   *
   * @param signed the manifest that says which archive is meant: the minimal manifest if there is one,
   * since it vouches for its archive, or else the full manifest in the archive
   * @param archiveSha256 SHA-256 of the archive: `sha256:` and 64 hexadecimal digits
   * @throws {TrustError} `KEY_REVOKED`, `CERTIFICATE_NOT_YET` (kind `verification`)
   */
  check(signed: Signed, archiveSha256: string): void {
    const certificate = certificateOf(signed);
    const label = `${signed.name}@${signed.version} of ${signed.pubkey}`;
    const nowMs = this.#options.clock.now();
    if (certificate && isOfFuture(certificate.fromMs, nowMs)) {
      throw new TrustError(
        "verification",
        "CERTIFICATE_NOT_YET",
        `${label} is signed by a key that its publisher has certified from ${
          isoTime(certificate.fromMs)
        } on, and it is ${isoTime(nowMs)} here. If this machine's clock is right, try again then`,
        { detail: { name: signed.name, version: signed.version, fromMs: certificate.fromMs } },
      );
    }
    const revocation = this.revocationOf(signed);
    if (revocation && !this.#isGood(revocation.root, archiveSha256)) {
      throw this.#revoked(signed, revocation);
    }
    if (certificate) this.#tellAge(certificate.root);
  }

  /** Whether {@linkcode check} accepts a minimal manifest. */
  accepts(minimal: MinimalManifest): boolean {
    return this.refusalOf(minimal) === undefined;
  }

  /** Returns the error of {@linkcode check} for a minimal manifest; `undefined` if it is accepted. */
  refusalOf(minimal: MinimalManifest): TrustError | undefined {
    try {
      this.check(minimal, minimal.archiveSha256);
      return undefined;
    } catch (error) {
      if (error instanceof TrustError) return error;
      throw error;
    }
  }

  /** Returns the revocation of the key that signed a manifest; `undefined` if the key is not revoked. */
  revocationOf(signed: SignerFields): Revocation | undefined {
    return this.revocationOfKey(parsePublicKey(signed.pubkey), signingKeyOf(signed));
  }

  /**
   * Returns the revocation of a key; `undefined` if it is not revoked.
   *
   * @param identity the identity for which the key has signed; the key itself if it signed for itself
   */
  revocationOfKey(identity: PublicKey, key: PublicKey): Revocation | undefined {
    if (!equalBytes(identity, key)) return this.#table.revocation(identity, key);
    for (const root of this.identitiesOf(key)) {
      const revocation = this.#table.revocation(root, key);
      if (revocation) return revocation;
    }
  }

  /**
   * Returns the identities for which a key signs, the one that this home has met first in front, as far as
   * the key has proven that by a manifest. The
   * certificate of a root alone proves nothing: any root could certify, and then revoke, a stranger's
   * key.
   */
  identitiesOf(key: PublicKey): PublicKey[] {
    return this.#table.proofsOfKey(key).map(({ pubkey }) => parsePublicKey(pubkey));
  }

  /** Tells the user once that a publisher who was asked for by its only key has an identity now. */
  tellIdentity(key: PublicKey, root: PublicKey): void {
    this.#sayOnce(
      this.#options.onNotice,
      `${formatPublicKey(key)} signs for the identity ${formatPublicKey(root)} (${
        fingerprint(root)
      }) now: name, pin and follow that one from now on, since it outlives its keys`,
    );
  }

  /**
   * Tells the user once if this home has never seen the publisher record of an identity, after a lookup.
   * Nodes may withhold the record, so that a newcomer learns of no revocation.
   */
  tellUnseen(root: PublicKey): void {
    if (this.#table.get(root)?.item) return;
    this.#sayOnce(
      this.#options.onNotice,
      `the publisher record of ${
        formatPublicKey(root)
      } was not found, so no revoked keys are known ` +
        "here: nobody keeps it in the DHT, or nodes withhold it",
    );
  }

  /** Lists all revoked keys that this home knows. */
  revocations(): Revocation[] {
    return this.#table.revocations();
  }

  /** Returns what this home knows of an identity; `undefined` if it has never met it. */
  identity(root: PublicKey): KnownIdentity | undefined {
    const stored = this.#table.get(root);
    if (!stored) return undefined;
    const { item, sinceMs, seenMs } = stored;
    return {
      root,
      ...(item && { newest: { item, record: decodePublisherRecord(item.value) } }),
      sinceMs,
      ...(seenMs !== undefined && { seenMs }),
      revoked: this.#table.revocations(root),
    };
  }

  /** Lists all identities that this home has met, the longest known first. */
  identities(): KnownIdentity[] {
    return this.#table.list().map(({ root }) => this.identity(root)!);
  }

  /**
   * Returns the keys that sign for an identity now, in the order of the newest publisher record; if this
   * home has seen none, those that have proven it, with the newest certificate first. Leaves out keys
   * that are revoked or certified from a future time on. `undefined` if no key is known, so that the
   * key in question may be its own identity.
   */
  signingKeys(root: PublicKey): SigningKey[] | undefined {
    const newest = this.identity(root)?.newest;
    const known: SigningKey[] = newest?.record.signingKeys ??
      this.#table.proofs(root).map((one) => certificateOf(one)!)
        .sort((a, b) => b.fromMs - a.fromMs || compareBytes(a.key, b.key));
    if (!newest && known.length === 0) return undefined;
    const nowMs = this.#options.clock.now();
    return known.filter(({ key, fromMs }) =>
      !isOfFuture(fromMs, nowMs) && !this.#table.revocation(root, key)
    );
  }

  get #table(): IdentitiesTable {
    return this.#knowledge.table;
  }

  #isGood(root: PublicKey, archiveSha256: string): boolean {
    const hash = parseSha256(archiveSha256)!.subarray(0, GOOD_HASH_BYTES);
    const stored = this.#table.get(root);
    if (!stored?.item) return false;
    const { good, goodList } = decodePublisherRecord(stored.item.value);
    if (good) return good.some((one) => equalBytes(one, hash));
    if (!goodList || !stored.goodList || !equalBytes(goodList, stored.goodList)) return false;
    return this.#table.hasGood(root, hash);
  }

  #revoked({ name, version, pubkey, signer }: Signed, revocation: Revocation): TrustError {
    const { root, key, sinceMs, reason } = revocation;
    const identity = formatPublicKey(root);
    const missing = this.missingGoodList(root);
    const isOldIdentity = signer === undefined;
    return new TrustError(
      "verification",
      "KEY_REVOKED",
      `${name}@${version} of ${pubkey} is refused: ${describeRevocation(revocation)}` +
        (isOldIdentity ? `, by ${identity}, for which it signed. ` : ". ") +
        (missing
          ? `The publisher's list of good archives (${toHex(missing)}) could not be read here. `
          : "The archive is not among those that the publisher lists as good. ") +
        `Take another version of the publisher: ${identity}/${name}`,
      {
        detail: {
          name,
          version,
          identity,
          key: formatPublicKey(key),
          sinceMs,
          ...(reason !== undefined && { reason }),
          ...(missing && { goodList: toHex(missing) }),
        },
      },
    );
  }

  #tellAge(root: PublicKey): void {
    const { onNotice, clock } = this.#options;
    const stored = this.#table.get(root);
    const seenMs = stored?.seenMs ?? stored?.sinceMs;
    if (seenMs === undefined || clock.now() - seenMs < OLD_MS) return;
    this.#sayOnce(
      onNotice,
      `the publisher record of ${formatPublicKey(root)} was last seen on ${
        isoDay(seenMs)
      }: keys that were revoked since then are not known here`,
    );
  }

  #warnOfTwo(root: PublicKey, seq: number): void {
    this.#sayOnce(
      this.#options.onWarning,
      `${formatPublicKey(root)} has signed two publisher records with the number ${seq}: ` +
        "the one whose bytes are greater counts, and the revocations of both. Somebody else may " +
        "have the root key",
    );
  }

  #refuse(root: PublicKey, why: string): Learned {
    this.#sayOnce(
      this.#options.onWarning,
      `the publisher record of ${formatPublicKey(root)} is refused: ${why}`,
    );
    return { isNewest: false, refused: why };
  }

  #sayOnce(say: ((message: string) => void) | undefined, message: string): void {
    if (this.#told.has(message)) return;
    this.#told.add(message);
    say?.(message);
  }
}

function isSame(a: MutableItem, b: MutableItem): boolean {
  return a.seq === b.seq && equalBytes(a.value, b.value);
}
