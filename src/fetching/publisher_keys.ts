/**
 * Looks records of a publisher up under all keys that sign for it. The publisher record, which names
 * these keys, is looked up beside the records themselves, so a reader that remembers the keys needs no
 * further round trip. A reader that learns of a key only then looks under that key in a second round. The
 * peers at the publisher's rendezvous are asked beside the DHT by a reader that does not know the publisher
 * yet, and by each reader whom the DHT leaves without an answer, or with an old one (`rendezvous.ts`).
 *
 * @module
 */

import { equalBytes, toHex } from "../base/mod.ts";
import type { Operations } from "../control/mod.ts";
import { formatPublicKey, parsePublicKey } from "../identity/mod.ts";
import type { SignerFields } from "../package/mod.ts";
import {
  type MutableItem,
  publisherSalt,
  type RendezvousAnswer,
  type SigningKey,
  verifyItem,
} from "../records/mod.ts";
import { isNewerRecord, type Trust } from "../trust/mod.ts";
import { FetchingError } from "./errors.ts";
import { type FindOptions, type FoundRecord, recordNotFound, retryLookup } from "./find_record.ts";
import type { OnShown } from "./head_start.ts";
import { isNetworkError } from "./newest_record.ts";
import { type LookupCounts, lookUpRecord, type RecordLookup } from "./record_lookup.ts";
import { itemsIn, PublisherRendezvous } from "./rendezvous.ts";

/** Maximum number of roots whose publisher records are looked up for one key. */
const MAX_ROOTS = 4;

/** Looks single records up, through a host or with a head start, and asks at rendezvous. */
export type Lookups = Pick<Operations, "lookUp" | "askRendezvous">;

/** The clock, and the signal that ends a lookup. */
export type LookupOptions = Pick<FindOptions, "clock" | "signal">;

/** Looks publisher records up, each once for a command, and has {@linkcode Trust} learn from them. */
export class PublisherRecords {
  readonly trust: Trust;
  /** The questions to the rendezvous of publishers. */
  readonly rendezvous = new PublisherRendezvous();
  readonly #lookups = new Map<string, Promise<RecordLookup>>();

  constructor(trust: Trust) {
    this.trust = trust;
  }

  /**
   * Looks the publisher record of an identity up. A key without a root has none. The rendezvous of the
   * publisher is asked beside the DHT if this home has seen no publisher record of it, and counts if the
   * DHT shows no record, or one that is refused or older than this home has seen.
   *
   * @param options `isAgain`: whether the lookup is repeated if an earlier one has found nothing; `isRoot`:
   * whether the key is known to be a root, so that the record has to exist
   */
  async lookUp(
    operations: Lookups,
    root: Uint8Array,
    { isAgain = false, isRoot = false, ...options }: LookupOptions & {
      isAgain?: boolean;
      isRoot?: boolean;
    },
  ): Promise<RecordLookup> {
    const keyHex = toHex(root);
    const before = this.#lookups.get(keyHex);
    if (before) {
      const outcome = await before;
      if (!isAgain || outcome.kind === "found") return outcome;
    }
    const lookup = this.#lookUp(operations, root, options, isRoot);
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
    options: LookupOptions,
  ): Promise<void> {
    if (!signer) return;
    try {
      await this.lookUp(operations, parsePublicKey(pubkey), { ...options, isRoot: true });
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!isNetworkError(error)) throw error;
    }
  }

  /** Learns from all publisher records of an identity in answers, and returns the newest; if any. */
  learnFrom(answers: readonly RendezvousAnswer[], root: Uint8Array): MutableItem | undefined {
    return this.#learn(itemsIn(answers, { publicKey: root, salt: publisherSalt() }))[0];
  }

  async #lookUp(
    operations: Lookups,
    root: Uint8Array,
    options: LookupOptions,
    isRoot: boolean,
  ): Promise<RecordLookup> {
    const { trust, rendezvous } = this;
    const isFirst = !trust.identity(root)?.newest;
    if (isFirst) rendezvous.ask(operations, root, options);
    const key = { publicKey: root, salt: publisherSalt() };
    const lookup = await lookUpRecord(operations, key, options.signal);
    if (lookup.kind === "found") {
      const isOfRoot = ({ publicKey, salt }: MutableItem) =>
        equalBytes(publicKey, root) && equalBytes(salt, key.salt);
      const items = [lookup.item, ...lookup.others].filter((one) =>
        isOfRoot(one) && verifyItem(one)
      );
      const [newest] = this.#learn(items);
      const seen = trust.identity(root)?.newest?.item;
      if (newest && !(seen && isNewerRecord(seen, newest))) return lookup;
    } else if (!isRoot && !trust.identity(root)) return lookup;
    const answers = await rendezvous.ask(operations, root, options).end();
    const item = this.learnFrom(answers, root);
    if (!item || lookup.kind === "found" && !isNewerRecord(item, lookup.item)) return lookup;
    return { others: [], ...lookup, kind: "found", item };
  }

  /** Returns the records that are not refused, the newest first. */
  #learn(items: readonly MutableItem[]): MutableItem[] {
    return items.filter((item) => this.trust.learnRecord(item).refused === undefined)
      .sort((a, b) => isNewerRecord(a, b) ? -1 : 1);
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
  /**
   * Present if the peers of the publisher's rendezvous have these records. A record counts only if
   * it is readable, so that an unreadable one does not hide another one.
   */
  atRendezvous?: {
    isReadable: (item: MutableItem) => boolean;
    /** Returns the highest `seq` that this home has seen under a key, as far as it knows. */
    seenSeq?: (key: Uint8Array) => number | undefined;
  };
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
      const outcome = await lookUpOnce(operations, records, subject, options, isAgain);
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
  options: LookupOptions,
  isAgain: boolean,
): Promise<Attempt> {
  const { publicKey } = subject;
  const { trust, rendezvous } = records;
  const lookups = new Map<string, Promise<RecordLookup>>();
  const ask = (keys: readonly SigningKey[]) => {
    for (const one of keys) {
      const keyHex = toHex(one.key);
      if (lookups.has(keyHex)) continue;
      const key = { publicKey: one.key, salt: subject.saltOf(one.key) };
      const lookup = lookUpRecord(operations, key, options.signal, subject.onShown?.(one));
      // All lookups are awaited below; one that fails earlier must not end the process.
      lookup.catch(() => {});
      lookups.set(keyHex, lookup);
    }
  };
  if (isAgain) rendezvous.retry(publicKey);
  const isFirst = trust.signingKeys(publicKey) === undefined;
  // The publisher may be asked for by a key that signs for it now, and that was its identity before.
  const roots = [publicKey, ...trust.identitiesOf(publicKey).slice(0, MAX_ROOTS)];
  const looking = roots.map((root) => records.lookUp(operations, root, { ...options, isAgain }));
  if (isFirst) rendezvous.ask(operations, publicKey, options);
  ask(keysOf(trust, subject));
  await Promise.all(looking);
  let keys = keysOf(trust, subject);
  ask(keys);
  const shown = () => Promise.all(keys.map((key) => lookups.get(toHex(key.key))!));
  let answers: readonly RendezvousAnswer[] = [];
  if (isWanting(subject, keys, await shown(), isFirst)) {
    answers = await rendezvous.ask(operations, publicKey, options).end();
  } else {
    // The search for peers takes about as long as the lookup of a list, and the answers come while the
    // manifest is looked up. So only the lookup of the manifest, which is then accepted or refused, waits
    // for them.
    const asking = rendezvous.asked(publicKey);
    answers = (subject.atRendezvous ? asking?.answers : await asking?.moment()) ?? [];
  }
  if (answers.length > 0) {
    for (const root of roots) records.learnFrom(answers, root);
    keys = keysOf(trust, subject);
    ask(keys);
  }
  const found: FoundUnderKey[] = [];
  const sum = { asked: 0, responded: 0, holding: 0, stale: 0, invalid: 0 };
  const errors: Record<string, number> = {};
  for (const [at, lookup] of (await shown()).entries()) {
    const key = keys[at]!;
    for (const count of Object.keys(sum) as (keyof typeof sum)[]) sum[count] += lookup[count];
    for (const [code, count] of Object.entries(lookup.errors)) {
      errors[code] = (errors[code] ?? 0) + count;
    }
    const item = newestOf(subject, key, lookup, answers);
    if (!item) continue;
    const { kind: _, item: __, others: ___, ...counts } = { others: [], item, ...lookup };
    found.push({ key, item, counts });
  }
  return { ...sum, errors, found, keys: keys.length };
}

/**
 * Whether the lookups in the DHT leave something to be wanted that the publisher's rendezvous may have: no
 * record at all, or one that cannot be read or is older than one that this home has seen.
 */
function isWanting(
  { atRendezvous }: Subject,
  keys: readonly SigningKey[],
  lookups: readonly RecordLookup[],
  isFirst: boolean,
): boolean {
  const found = lookups.some(({ kind }) => kind === "found");
  // The peers have no such record, but the publisher record, which leads to other keys.
  if (!atRendezvous) return !found && isFirst;
  const { isReadable, seenSeq } = atRendezvous;
  return !found || lookups.some((lookup, at) =>
    lookup.kind === "found" &&
    (!isReadable(lookup.item) || lookup.item.seq < (seenSeq?.(keys[at]!.key) ?? 0))
  );
}

/** Returns the readable record with the highest `seq`, in the DHT or at the rendezvous. */
function newestOf(
  { saltOf, atRendezvous }: Subject,
  { key }: SigningKey,
  lookup: RecordLookup,
  answers: readonly RendezvousAnswer[],
): MutableItem | undefined {
  const shown = lookup.kind === "found" ? lookup.item : undefined;
  const [met] = itemsIn(answers, { publicKey: key, salt: saltOf(key) })
    .filter((item) => atRendezvous?.isReadable(item));
  if (!met || !shown) return met ?? shown;
  return met.seq > shown.seq || !atRendezvous!.isReadable(shown) ? met : shown;
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
