/**
 * Looks records of a publisher up under all keys that sign for it. The publisher record, which names
 * these keys, is looked up beside the records themselves, so a reader that remembers the keys needs no
 * further round trip. A reader that learns of a key only then looks under that key in a second round.
 *
 * @module
 */

import { equalBytes, toHex } from "../base/mod.ts";
import type { Operations } from "../control/mod.ts";
import { formatPublicKey, parsePublicKey } from "../identity/mod.ts";
import type { SignerFields } from "../package/mod.ts";
import { publisherSalt, type SigningKey, verifyItem } from "../records/mod.ts";
import type { Trust } from "../trust/mod.ts";
import { FetchingError } from "./errors.ts";
import { type FindOptions, type FoundRecord, recordNotFound, retryLookup } from "./find_record.ts";
import type { OnShown } from "./head_start.ts";
import { isNetworkError } from "./newest_record.ts";
import { type LookupCounts, lookUpRecord, type RecordLookup } from "./record_lookup.ts";

/** Maximum number of roots whose publisher records are looked up for one key. */
const MAX_ROOTS = 4;

/** Looks single records up, through a host or with a head start. */
export type Lookups = Pick<Operations, "lookUp">;

/** Looks publisher records up, each once for a command, and has {@linkcode Trust} learn from them. */
export class PublisherRecords {
  readonly trust: Trust;
  readonly #lookups = new Map<string, Promise<RecordLookup>>();

  constructor(trust: Trust) {
    this.trust = trust;
  }

  /**
   * Looks the publisher record of an identity up. A key without a root has none.
   *
   * @param isAgain whether the lookup is repeated if an earlier one has found nothing
   */
  async lookUp(
    operations: Lookups,
    root: Uint8Array,
    signal?: AbortSignal,
    isAgain = false,
  ): Promise<RecordLookup> {
    const keyHex = toHex(root);
    const before = this.#lookups.get(keyHex);
    if (before) {
      const outcome = await before;
      if (!isAgain || outcome.kind === "found") return outcome;
    }
    const lookup = this.#lookUp(operations, root, signal);
    this.#lookups.set(keyHex, lookup);
    lookup.catch(() => this.#lookups.delete(keyHex));
    return await lookup;
  }

  /**
   * Looks up the publisher record of the identity for which a manifest is signed, so that a newcomer learns
   * of a revocation before it accepts the manifest. If the record is not found, what this home knows of
   * the keys counts.
   */
  async learnOf(
    operations: Lookups,
    { signer, pubkey }: SignerFields,
    signal?: AbortSignal,
  ): Promise<void> {
    if (!signer) return;
    try {
      await this.lookUp(operations, parsePublicKey(pubkey), signal);
    } catch (error) {
      signal?.throwIfAborted();
      if (!isNetworkError(error)) throw error;
    }
  }

  async #lookUp(operations: Lookups, root: Uint8Array, signal?: AbortSignal) {
    const lookup = await lookUpRecord(
      operations,
      { publicKey: root, salt: publisherSalt() },
      signal,
    );
    if (lookup.kind !== "found") return lookup;
    for (const item of [lookup.item, ...lookup.others]) {
      const isOfRoot = equalBytes(item.publicKey, root) && equalBytes(item.salt, publisherSalt());
      if (isOfRoot && verifyItem(item)) this.trust.learnRecord(item);
    }
    return lookup;
  }
}

/** Records of a publisher to look up, one under each key. */
export interface Subject {
  /** The publisher's identity, 32 bytes. */
  publicKey: Uint8Array;
  /** Name of the records in error messages, such as "hello@1.0.0 of ed25519:…". */
  label: string;
  /** Returns the salt of the record that lies under a key. */
  saltOf: (key: Uint8Array) => Uint8Array;
  /** Whether a key that signs for the publisher may have signed such a record. Default: every key. */
  mayHave?: (key: SigningKey) => boolean;
  /**
   * Whether to look under revoked keys, too: what one of them has signed may be good, or has to be named as
   * revoked.
   */
  withRevoked?: boolean;
  /** A key that signs for the publisher by a certificate that the caller has seen. */
  hint?: SigningKey;
  /** Returns a listener for the records that nodes show before the lookup under a key has ended. */
  onShown?: (key: SigningKey) => OnShown | undefined;
}

/** A record that was found under a key. */
export interface FoundUnderKey extends FoundRecord {
  key: SigningKey;
}

/**
 * Looks records up under all keys of a publisher until at least one is found.
 *
 * @returns the found records, in the order of the keys in the publisher record; those of revoked keys
 * come last
 * @throws {FetchingError} `RECORD_NOT_FOUND` (kind `not-found`) or `DHT_UNREACHABLE` (kind `network`)
 */
export async function findUnderKeys(
  operations: Lookups,
  records: PublisherRecords,
  subject: Subject,
  options: FindOptions,
): Promise<[FoundUnderKey, ...FoundUnderKey[]]> {
  let isAgain = false;
  const { outcome, misses } = await retryLookup(
    async () => {
      const outcome = await lookUpOnce(operations, records, subject, options.signal, isAgain);
      isAgain = true;
      return outcome;
    },
    ({ found }) => found.length > 0,
    options,
  );
  const [first, ...rest] = outcome.found;
  if (first) return [first, ...rest];
  const { publicKey, label } = subject;
  if (outcome.keys > 0) throw recordNotFound(label, outcome, misses);
  throw new FetchingError(
    "not-found",
    "RECORD_NOT_FOUND",
    `No key signs ${label} now: ${
      formatPublicKey(publicKey)
    } has certified none for it that is in force`,
  );
}

/** Sum of the lookups of one attempt. */
interface Attempt extends LookupCounts {
  found: FoundUnderKey[];
  /** Number of keys under which the record was looked up. */
  keys: number;
}

async function lookUpOnce(
  operations: Lookups,
  records: PublisherRecords,
  subject: Subject,
  signal: AbortSignal | undefined,
  isAgain: boolean,
): Promise<Attempt> {
  const lookups = new Map<string, Promise<RecordLookup>>();
  const ask = (keys: readonly SigningKey[]) => {
    for (const one of keys) {
      const keyHex = toHex(one.key);
      if (lookups.has(keyHex)) continue;
      const key = { publicKey: one.key, salt: subject.saltOf(one.key) };
      const lookup = lookUpRecord(operations, key, signal, subject.onShown?.(one));
      // All lookups are awaited below; one that fails earlier must not end the process.
      lookup.catch(() => {});
      lookups.set(keyHex, lookup);
    }
  };
  // The publisher may be asked for by a key that signs for it now, and that was its identity before.
  const roots = records.trust.identitiesOf(subject.publicKey).slice(0, MAX_ROOTS);
  const looking = [subject.publicKey, ...roots].map((root) =>
    records.lookUp(operations, root, signal, isAgain)
  );
  ask(keysOf(records.trust, subject));
  await Promise.all(looking);
  const keys = keysOf(records.trust, subject);
  ask(keys);
  const found: FoundUnderKey[] = [];
  const sum = { asked: 0, responded: 0, holding: 0, stale: 0, invalid: 0 };
  const errors: Record<string, number> = {};
  for (const key of keys) {
    const lookup = await lookups.get(toHex(key.key))!;
    for (const count of Object.keys(sum) as (keyof typeof sum)[]) sum[count] += lookup[count];
    for (const [code, count] of Object.entries(lookup.errors)) {
      errors[code] = (errors[code] ?? 0) + count;
    }
    if (lookup.kind !== "found") continue;
    const { kind: _, item, others: __, ...counts } = lookup;
    found.push({ key, item, counts });
  }
  return { ...sum, errors, found, keys: keys.length };
}

/** Returns the keys under which a publisher's records may lie, as far as this home knows now. */
function keysOf(
  trust: Trust,
  { publicKey, mayHave = () => true, withRevoked = false, hint }: Subject,
): SigningKey[] {
  const known = trust.signingKeys(publicKey);
  const hinted = hint && !trust.revocationOfKey(publicKey, hint.key) ? [hint] : undefined;
  const keys = (known ?? hinted ?? [{ key: publicKey, fromMs: 0 }]).filter(mayHave);
  if (!withRevoked) return keys;
  const revoked = (trust.identity(publicKey)?.revoked ?? [])
    .filter(({ key }) => !keys.some((one) => equalBytes(one.key, key)));
  return [...keys, ...revoked.map(({ key }) => ({ key, fromMs: 0 }))];
}
