/**
 * From a bare name to a package: the publisher that is pinned for it, or the one that the policy
 * chooses among those in the name's index.
 *
 * @module
 */

import semver from "semver";
import { LibreseedError, toHex } from "../base/mod.ts";
import type { PublisherPolicy } from "../config/mod.ts";
import { fingerprint, formatPublicKey } from "../identity/mod.ts";
import type { NameIndexEntry } from "../records/mod.ts";
import type { Pin, StateDatabase } from "../store/mod.ts";
import { DaemonError } from "./errors.ts";
import type { FindOptions } from "./find_item.ts";
import { lookUpStore, type ReadIndex, readNameIndex } from "./name_index.ts";
import type { Operations } from "./operations.ts";
import { type Resolved, resolvePackage } from "./resolve.ts";
import { checkDowngrade, checkPin, rankPublishers } from "./trust.ts";

/** What resolving by name works with. */
export interface NamesContext {
  operations: Operations;
  state: StateDatabase;
  finding: FindOptions;
  policy: PublisherPolicy;
  /** This home's own publisher, 32 bytes, if it has one. */
  ownKey?: Uint8Array;
  onNotice?: (message: string) => void;
  onDetail?: (message: string) => void;
}

/** Which package, perhaps without its publisher. */
export interface WantedByName {
  publicKey?: Uint8Array;
  name: string;
  range?: string;
}

/**
 * Finds the package that is meant. With a key in `wanted`, that publisher's; else the pinned
 * publisher's; else the one that the policy chooses.
 *
 * @throws {DaemonError} `NAME_NOT_FOUND` (kind `not-found`), `PUBLISHER_CHANGED`, `DOWNGRADE`,
 * `PUBLISHER_NOT_TRUSTED` (kind `verification`), and what {@linkcode resolvePackage} throws
 */
export async function resolveByName(
  context: NamesContext,
  wanted: WantedByName,
): Promise<Resolved & { publicKey: Uint8Array }> {
  const { operations, state, finding } = context;
  const { name, range } = wanted;
  if (wanted.publicKey) {
    const { publicKey } = wanted;
    return { ...await resolvePackage(operations, { publicKey, name, range }, finding), publicKey };
  }
  const pins = state.pins.list(name);
  const candidates = await candidatesFor(context, wanted, pins);
  let missing: unknown;
  for (const publicKey of candidates) {
    checkPin(name, publicKey, pins);
    try {
      const resolved = await resolvePackage(operations, { publicKey, name, range }, finding);
      const { version } = resolved.minimal;
      checkDowngrade({ name, version, range }, publicKey, pins);
      return { ...resolved, publicKey };
    } catch (error) {
      if (!(error instanceof LibreseedError) || error.kind !== "not-found") throw error;
      missing = error;
      context.onDetail?.(`${formatPublicKey(publicKey)}: ${error.message}`);
    }
  }
  if (pins.length > 0) await refuseOthers(context, name, pins);
  throw missing ?? nameNotFound(name);
}

/** Pins the publisher of a package that was got, and remembers the version. */
export function rememberPublisher(
  { state, finding, onNotice }: Pick<NamesContext, "state" | "finding" | "onNotice">,
  { name, version }: { name: string; version: string },
  publicKey: Uint8Array,
): void {
  const pins = state.pins.list(name);
  const isNew = pins.length === 0;
  const pin = pins.find((one) => toHex(one.publicKey) === toHex(publicKey));
  // Naming another publisher outright is no reason to trust it under the bare name.
  if (!isNew && !pin) return;
  const last = pin?.lastVersion;
  // An older version that was asked for outright does not make a later downgrade right.
  const lastVersion = last !== undefined && semver.gt(last, version) ? last : version;
  state.pins.set({ name, publicKey, firstSeenMs: finding.clock.now(), lastVersion });
  if (!isNew) return;
  onNotice?.(
    `first use of ${name}: pinned to ${formatPublicKey(publicKey)} (${
      fingerprint(publicKey)
    }); another publisher will be refused`,
  );
}

/** Keys to try, in order. */
async function candidatesFor(
  context: NamesContext,
  { name, range }: WantedByName,
  pins: readonly Pin[],
): Promise<Uint8Array[]> {
  const { policy, state, ownKey } = context;
  // Under the default policy a pin settles it; another policy was asked for, and the pin judges it.
  if (pins.length > 0 && policy === "first-seen") return pins.map(({ publicKey }) => publicKey);
  const index = await readIndex(context, name);
  const ranked = await rankPublishers(index.entries, {
    name,
    range,
    policy,
    pins,
    trustedKeys: new Set(state.pins.list().map(({ publicKey }) => toHex(publicKey))),
    countSeeders: (entry) => countSeeders(context, name, entry),
  });
  const keys = ranked.map(({ publicKey }) => publicKey);
  if (keys.length === 0 && ownKey && policy !== "trusted") return [ownKey];
  if (keys.length === 0) throw nameNotFound(name, index);
  // A publisher that the policy ranks lower must not step in for the first one unnoticed.
  return keys.slice(0, 1);
}

/** Reads the index of a name through whoever owns the engine. */
export async function readIndex(
  { operations, finding, onDetail }: NamesContext,
  name: string,
): Promise<ReadIndex> {
  const index = await readNameIndex(
    lookUpStore(operations),
    name,
    finding.clock,
    finding.signal,
  );
  for (const dropped of index.dropped) onDetail?.(`left out of the index of ${name}: ${dropped}`);
  const { lookups, asked, responded } = index;
  onDetail?.(`index of ${name}: ${lookups} lookups, ${responded} of ${asked} nodes answered`);
  if (asked === 0 || responded > 0) return index;
  throw new DaemonError(
    "network",
    "DHT_UNREACHABLE",
    `The index of ${name} could not be read: none of ${asked} DHT nodes answered`,
  );
}

async function countSeeders(
  { operations, finding }: NamesContext,
  name: string,
  { publicKey, version }: NameIndexEntry,
): Promise<number> {
  try {
    const { minimal } = await resolvePackage(
      operations,
      { publicKey, name, range: version },
      finding,
    );
    return (await operations.countPeers({ infoHash: minimal.btih }, finding)).peers;
  } catch (error) {
    if (error instanceof LibreseedError && error.kind === "not-found") return 0;
    throw error;
  }
}

/** The pinned publisher has nothing; if others offer the name, say so instead of "not found". */
async function refuseOthers(
  context: NamesContext,
  name: string,
  pins: readonly Pin[],
): Promise<void> {
  const { entries } = await readIndex(context, name);
  for (const { publicKey } of entries) checkPin(name, publicKey, pins);
}

function nameNotFound(name: string, index?: ReadIndex): DaemonError {
  const answered = index ? `: ${index.responded} DHT nodes answered, none knows a publisher` : "";
  return new DaemonError(
    "not-found",
    "NAME_NOT_FOUND",
    `Nobody publishes ${name}${answered}. If you have its publisher's key, write KEY/${name}`,
    { detail: { name } },
  );
}
