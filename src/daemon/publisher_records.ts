/**
 * The records that are about a publisher and not about one package: what it publishes (the announce
 * record, which is how ranges are resolved), and its entry in the index of a name.
 *
 * @module
 */

import semver from "semver";
import { type Clock, equalBytes, LibreseedError, toHex } from "../base/mod.ts";
import { formatPublicKey, type Signer } from "../identity/mod.ts";
import {
  announceFits,
  announceSalt,
  decodeAnnounceRecord,
  encodeAnnounceRecord,
  nextSeq,
  signItem,
  signNameIndexEntry,
} from "../records/mod.ts";
import type { SeedDirectory } from "../store/mod.ts";
import { lookUpStore, readNameIndex } from "./name_index.ts";
import { entryToJson, itemFromJson, itemToJson, type Operations } from "./operations.ts";

/** What writing these records works with. */
export interface PublisherContext {
  operations: Operations;
  seeds: SeedDirectory;
  clock: Clock;
  signal?: AbortSignal;
  /** Hears what is not as it should be. */
  onWarning?: (message: string) => void;
}

/**
 * Adds packages to the publisher's announce record, which is how ranges are resolved. What the DHT
 * lists already stays listed: another machine of the publisher may have put it.
 */
export async function updateAnnounceRecord(
  context: PublisherContext,
  keys: Signer,
  added: readonly { name: string; version: string }[],
  nowMs: number,
): Promise<void> {
  const { operations, seeds, signal, onWarning } = context;
  const { publicKey } = keys;
  const salt = announceSalt(publicKey);
  const found = await operations.lookUp(
    { publicKey: toHex(publicKey), salt: toHex(salt) },
    { signal },
  );
  const stored = found.item && itemFromJson(found.item);
  const packages = new Map<string, string[]>();
  const list = (name: string, version: string) => {
    const versions = packages.get(name) ?? [];
    if (!versions.includes(version)) packages.set(name, [...versions, version]);
  };
  if (stored) {
    const record = decodeAnnounceRecord(stored.value);
    for (const [name, versions] of record.packages ?? []) {
      for (const version of versions) list(name, version);
    }
  }
  const publisher = formatPublicKey(publicKey);
  for (const entry of await seeds.list()) {
    if (entry.problem === undefined && entry.minimal.pubkey === publisher) {
      list(entry.name, entry.version);
    }
  }
  for (const { name, version } of added) list(name, version);
  if (!announceFits({ packages, timestampMs: nowMs })) {
    onWarning?.(
      "the list of all packages does not fit into one record; ranges resolve to what it listed last, exact versions are found as ever",
    );
    return;
  }
  const seq = nextSeq(nowMs, stored?.seq);
  const value = encodeAnnounceRecord({ packages, timestampMs: nowMs });
  const same = stored && sameList(stored.value, packages);
  const item = same ? stored : signItem(keys, { salt, seq, value });
  const outcome = await operations.store(
    { item: itemToJson(item), record: { kind: "announce" } },
    { signal },
  );
  if (outcome.holding === 0) {
    onWarning?.(
      "no node took the list of this publisher's packages; `libreseed announce` tries again",
    );
  }
}

/** Sees to it that the index of the name lists this publisher with its latest version. */
export async function updateNameIndex(
  { operations, clock, signal, onWarning }: PublisherContext,
  keys: Signer,
  { name, version }: { name: string; version: string },
): Promise<void> {
  const nowMs = clock.now();
  try {
    const { entries } = await readNameIndex(lookUpStore(operations), name, clock, signal);
    const before = entries.find(({ publicKey }) => equalBytes(publicKey, keys.publicKey));
    const isLatest = before === undefined || !semver.valid(before.version) ||
      semver.gte(version, before.version);
    const entry = before && !(isLatest && before.version !== version)
      ? before
      : signNameIndexEntry(keys, name, {
        version,
        firstSeenMs: before?.firstSeenMs ?? nowMs,
        timestampMs: nowMs,
      });
    const { outcome } = await operations.indexName({ name, entry: entryToJson(entry) }, { signal });
    if (outcome.holding === 0) onWarning?.(`no node took the index of ${name}`);
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof LibreseedError)) throw error;
    // By its publisher's key the package is found all the same.
    onWarning?.(`${name} is not in the index of its name yet: ${error.message}`);
  }
}

function sameList(value: Uint8Array, packages: ReadonlyMap<string, string[]>): boolean {
  const { packages: there, timestampMs } = decodeAnnounceRecord(value);
  if (!there) return false;
  return equalBytes(
    encodeAnnounceRecord({ packages: there, timestampMs }),
    encodeAnnounceRecord({ packages, timestampMs }),
  );
}
