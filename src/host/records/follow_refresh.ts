/**
 * Reads the package list of a followed publisher once and saves in the state database what is followed of it,
 * for `search` and for mirroring. `follow_keeper.ts` repeats this periodically.
 *
 * @module
 */

import {
  eachLimited,
  equalBytes,
  type FlagsByName,
  LibreseedError,
  NO_FLAGS,
  toHex,
} from "../../base/mod.ts";
import {
  type CatalogContext,
  findUnderKeys,
  followedOf,
  type FoundUnderKey,
  listsAtRendezvous,
  lookUpRecord,
  ManifestLookups,
  mayBeFollowed,
  minimalOf,
  OfferCache,
  PublisherRecords,
  readList,
} from "../../fetching/mod.ts";
import { formatPublicKey } from "../../identity/mod.ts";
import { type Catalog, type MinimalManifest, signingKeyOf } from "../../package/mod.ts";
import {
  announceSalt,
  decodeAnnounceRecord,
  manifestSalt,
  type MutableItem,
} from "../../records/mod.ts";
import type { FollowedList, FollowScope, StateDatabase } from "../../store/mod.ts";
import type { Trust } from "../../trust/mod.ts";

/** Dependencies of reading the list of a followed publisher. */
export interface FollowContext extends CatalogContext {
  state: StateDatabase;
  trust: Trust;
  onWarning: (message: string) => void;
}

/** Number of concurrent lookups of one publisher's manifest records. */
const MAX_LOOKUPS = 8;

/**
 * Reads a publisher's lists, one for each key that signs for it, and, if one has changed, saves its flags and
 * the manifests of the listed packages that are followed. A package without a manifest record is left out,
 * and looked up again at the next refresh. A package whose key is revoked is left out, unless the publisher
 * lists its archive as good.
 *
 * @returns whether a list has changed and was saved. Nothing is saved if the user has changed meanwhile what is
 * followed: then the lists are read again
 * @throws {FetchingError} `RECORD_NOT_FOUND` (kind `not-found`), `DHT_UNREACHABLE`, `CATALOG_UNREACHABLE`
 * (kind `network`)
 */
export async function refreshFollow(
  context: FollowContext,
  publicKey: Uint8Array,
): Promise<boolean> {
  const { operations, state, trust, clock } = context;
  const followNow = () => state.follows.list().find((one) => equalBytes(one.publicKey, publicKey));
  const follow = followNow();
  const scopes = follow?.scopes ?? [];
  const isAsBefore = () => JSON.stringify(followNow()?.scopes ?? []) === JSON.stringify(scopes);
  const before = new Map(follow?.lists.map(({ key, seq }) => [toHex(key), seq]));
  const found = await findUnderKeys(operations, new PublisherRecords(trust), {
    publicKey,
    label: `what ${formatPublicKey(publicKey)} publishes`,
    saltOf: announceSalt,
    ...listsAtRendezvous((key) => before.get(toHex(key))),
  }, context);
  const stored = state.follows.ofPublisher(publicKey);
  const isUnchanged = ({ key, item }: FoundUnderKey) =>
    (before.get(toHex(key.key)) ?? -1) >= item.seq;
  const isSame = found.length === before.size && found.every(isUnchanged) &&
    stored.every((one) => trust.accepts(one));
  if (isSame) {
    if (isAsBefore()) state.follows.touch(publicKey, clock.now());
    return false;
  }
  const reading = { ...context, publisher: publicKey };
  const lists: FollowedList[] = [];
  const read: ({ key: Uint8Array } & ReadFlags)[] = [];
  const manifests = new Map<string, MinimalManifest>();
  for (const one of found) {
    const { key } = one.key;
    const list = isUnchanged(one)
      ? { seq: before.get(toHex(key)), manifests: ofKey(stored, key), read: undefined }
      : await readOne(reading, one, {
        ...{ scopes, stored: ofKey(stored, key), seqBefore: before.get(toHex(key)) },
        hasOthers: found.length > 1,
      });
    if (list.seq !== undefined) lists.push({ key, seq: list.seq });
    if (list.read) read.push({ key, ...list.read });
    for (const minimal of list.manifests) {
      const label = `${minimal.name}@${minimal.version}`;
      // The first key in the publisher record decides if two keys list one version.
      if (!manifests.has(label) && isOf(minimal, publicKey, trust) && trust.accepts(minimal)) {
        manifests.set(label, minimal);
      }
    }
  }
  const offers = new OfferCache(trust, state.offers);
  return state.transaction(() => {
    if (!isAsBefore()) return false;
    for (const { key, seq, flags, only: name } of read) {
      if (name === undefined) state.offers.settleAll([key], seq, flags);
      else state.offers.settle(key, name, { seq, flags: flags.get(name) ?? NO_FLAGS });
    }
    const flagsOf = (name: string) => offers.lastSeen(publicKey, name).flags;
    const followed = followedOf(scopes, [...manifests.values()], flagsOf);
    state.follows.settle(publicKey, lists, clock.now(), followed);
    return true;
  });
}

/**
 * Whether a manifest is of a publisher, or was signed by the followed key for its new identity. That is the
 * one that this home has met first: a thief of the key can certify it by another root.
 */
function isOf(minimal: MinimalManifest, publicKey: Uint8Array, trust: Trust): boolean {
  const followed = formatPublicKey(publicKey);
  if (minimal.pubkey === followed) return true;
  const [first] = trust.identitiesOf(publicKey);
  return minimal.signer?.key === followed &&
    (first === undefined || minimal.pubkey === formatPublicKey(first));
}

function ofKey(manifests: readonly MinimalManifest[], key: Uint8Array): MinimalManifest[] {
  return manifests.filter((one) => equalBytes(signingKeyOf(one), key));
}

/** The flags in a list. */
interface ReadFlags {
  seq: number;
  flags: FlagsByName;
  /** The only package whose flags were read; absent if those of all were. */
  only?: string;
}

/** The list of one key. */
interface ReadList {
  /** Sequence number of the announce record whose list is stored whole; absent if none is. */
  seq: number | undefined;
  manifests: readonly MinimalManifest[];
  /** Flags in the list that was read just now. */
  read?: ReadFlags;
}

/** Knowledge of the home before the list of one key is read. */
interface Before {
  /** Packages and ranges of the publisher that are followed. */
  scopes: readonly FollowScope[];
  /** Stored manifests of the key. */
  stored: readonly MinimalManifest[];
  /** Sequence number of the stored list; absent if none is stored whole. */
  seqBefore: number | undefined;
  /** Whether the publisher has other lists, so that a failure keeps what is stored. */
  hasOthers: boolean;
}

/** Reads the list of one key. */
async function readOne(
  context: FollowContext,
  { key: { key }, item }: FoundUnderKey,
  { scopes, stored, seqBefore, hasOthers }: Before,
): Promise<ReadList> {
  try {
    const indexed = await readIndexed(context, key, item, scopes);
    if (indexed) return indexed;
    const list = await readList(context, key, item);
    const { manifests, missing } = list.packages
      ? await fetchManifests(context, key, list.packages, { scopes, stored })
      : {
        manifests: soundLines(context, key, list.catalog)
          .filter((one) => mayBeFollowed(scopes, one)),
        missing: 0,
      };
    // If manifest records are missing, the old `seq` is kept, so that the next refresh reads the list
    // again.
    const { seq } = list.item;
    return {
      seq: missing === 0 ? seq : seqBefore,
      manifests,
      read: { seq, flags: list.flags },
    };
  } catch (error) {
    context.signal?.throwIfAborted();
    if (!hasOthers || !(error instanceof LibreseedError)) throw error;
    context.onWarning(`a list of packages was not read: ${error.message}`);
    return { seq: seqBefore, manifests: stored };
  }
}

/**
 * Reads the one package that is followed from the index of a catalog, without the rest of the catalog.
 *
 * @returns `undefined` if the whole list has to be read: several packages are followed, the record names no
 * index, or not all manifests can be read from the index
 */
async function readIndexed(
  context: FollowContext,
  key: Uint8Array,
  item: MutableItem,
  scopes: readonly FollowScope[],
): Promise<ReadList | undefined> {
  const [name, ...others] = new Set(scopes.map((scope) => scope.name));
  if (name === undefined || others.length > 0) return undefined;
  const { packages, catalogInfoHash } = decodeAnnounceRecord(item.value);
  if (packages || !catalogInfoHash) return undefined;
  const list = await readList(context, key, item, name);
  if (!list.index) return undefined;
  const manifests = await list.index.manifestsOf(name).catch((error) => {
    context.signal?.throwIfAborted();
    if (error instanceof LibreseedError) return [];
    throw error;
  });
  if (manifests.length < (list.packages.get(name)?.length ?? 0)) return undefined;
  const { seq } = list.item;
  return {
    seq,
    manifests: manifests.filter((one) => mayBeFollowed(scopes, one)),
    read: { seq, flags: list.flags, only: name },
  };
}

function soundLines(
  { onWarning }: FollowContext,
  publicKey: Uint8Array,
  { manifests, dropped }: Catalog,
): MinimalManifest[] {
  if (dropped.length > 0) {
    onWarning(
      `${dropped.length} lines of the catalog of ${
        formatPublicKey(publicKey)
      } were left out; the first: ${dropped[0]}`,
    );
  }
  return manifests;
}

async function fetchManifests(
  context: FollowContext,
  publicKey: Uint8Array,
  packages: ReadonlyMap<string, readonly string[]>,
  { scopes, stored }: Pick<Before, "scopes" | "stored">,
): Promise<{ manifests: MinimalManifest[]; missing: number }> {
  const { operations, trust, signal, onWarning, publisher = publicKey } = context;
  const known = new Map(stored.map((one) => [`${one.name}@${one.version}`, one]));
  const wanted = [...packages].flatMap(([name, versions]) =>
    versions.map((version) => ({ name, version }))
  ).filter((one) => mayBeFollowed(scopes, one));
  const manifests: MinimalManifest[] = [];
  let missing = 0;
  await eachLimited(wanted, MAX_LOOKUPS, signal, async (next, lookupSignal) => {
    const { name, version } = next;
    const before = known.get(`${name}@${version}`);
    if (before) {
      manifests.push(before);
      return;
    }
    // The peers of the rendezvous have records that the DHT has not.
    const wanted = { publicKey: publisher, name, version };
    const options = { ...context, signal: lookupSignal };
    const lookups = new ManifestLookups(operations, trust, wanted, options);
    try {
      const key = { publicKey, salt: manifestSalt(name, version) };
      const lookup = await lookUpRecord(lookups, key, lookupSignal);
      if (lookup.kind === "found") manifests.push(minimalOf(lookup.item, next));
      else missing++;
    } catch (error) {
      lookupSignal.throwIfAborted();
      if (!(error instanceof LibreseedError)) throw error;
      onWarning(`${name}@${version} was left out: ${error.message}`);
    } finally {
      lookups.end();
    }
  });
  return { manifests, missing };
}
