/**
 * Reads the package list of a followed publisher once and saves the list in the state database, for
 * `search` and for mirroring. `follow_keeper.ts` repeats this periodically.
 *
 * @module
 */

import { eachLimited, LibreseedError, toHex } from "../../base/mod.ts";
import {
  type CatalogContext,
  findRecord,
  lookUpRecord,
  minimalOf,
  readList,
} from "../../fetching/mod.ts";
import { formatPublicKey } from "../../identity/mod.ts";
import type { Catalog, MinimalManifest } from "../../package/mod.ts";
import { announceSalt, manifestSalt } from "../../records/mod.ts";
import type { StateDatabase } from "../../store/mod.ts";

/** Dependencies of reading the list of a followed publisher. */
export interface FollowContext extends CatalogContext {
  state: StateDatabase;
  onWarning: (message: string) => void;
}

/** Number of concurrent lookups of one publisher's manifest records. */
const MAX_LOOKUPS = 8;

/**
 * Reads a publisher's list and, if the list has changed, saves its flags and the manifests of the listed packages. A
 * package without a manifest record is left out, and looked up again at the next refresh.
 *
 * @returns whether the list has changed
 * @throws {HostError} `RECORD_NOT_FOUND` (kind `not-found`), `DHT_UNREACHABLE`, `CATALOG_UNREACHABLE`
 * (kind `network`)
 */
export async function refreshFollow(
  context: FollowContext,
  publicKey: Uint8Array,
): Promise<boolean> {
  const { operations, state, clock } = context;
  const what = `what ${formatPublicKey(publicKey)} publishes`;
  const key = { publicKey, salt: announceSalt(publicKey) };
  const { item } = await findRecord(operations, key, what, context);
  const before = state.follows.list()
    .find((follow) => toHex(follow.publicKey) === toHex(publicKey));
  // The record is not newer than at the last refresh, so the list is unchanged.
  if (before?.seq !== undefined && before.seq >= item.seq) {
    state.follows.touch(publicKey, clock.now());
    return false;
  }
  const list = await readList(context, publicKey, item);
  const { manifests, missing } = list.packages
    ? await fetchManifests(context, publicKey, list.packages)
    : { manifests: soundLines(context, publicKey, list.catalog), missing: 0 };
  // If manifest records are missing, the old `seq` is kept, so that the next refresh reads the list
  // again.
  const seq = missing === 0 ? list.item.seq : before?.seq;
  state.transaction(() => {
    state.follows.settle(publicKey, seq, clock.now(), manifests);
    state.offers.settleAll(publicKey, list.item.seq, list.flags);
  });
  return true;
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
  { operations, state, signal, onWarning }: FollowContext,
  publicKey: Uint8Array,
  packages: ReadonlyMap<string, readonly string[]>,
): Promise<{ manifests: MinimalManifest[]; missing: number }> {
  const known = new Map(
    state.follows.ofPublisher(publicKey).map((one) => [`${one.name}@${one.version}`, one]),
  );
  const wanted = [...packages].flatMap(([name, versions]) =>
    versions.map((version) => ({ name, version }))
  );
  const manifests: MinimalManifest[] = [];
  let missing = 0;
  await eachLimited(wanted, MAX_LOOKUPS, signal, async (next, lookupSignal) => {
    const { name, version } = next;
    const before = known.get(`${name}@${version}`);
    if (before) {
      manifests.push(before);
      return;
    }
    try {
      const key = { publicKey, salt: manifestSalt(name, version) };
      const lookup = await lookUpRecord(operations, key, lookupSignal);
      if (lookup.kind === "found") manifests.push(minimalOf(lookup.item, next));
      else missing++;
    } catch (error) {
      lookupSignal.throwIfAborted();
      if (!(error instanceof LibreseedError)) throw error;
      onWarning(`${name}@${version} was left out: ${error.message}`);
    }
  });
  return { manifests, missing };
}
