/**
 * Finds the manifest of one version of a publisher's package, under the keys that sign for the publisher, and
 * decides whether it is accepted.
 *
 * @module
 */

import { equalBytes } from "../base/mod.ts";
import type { Operations } from "../control/mod.ts";
import { coversName, formatPublicKey, parsePublicKey } from "../identity/mod.ts";
import { type MinimalManifest, PROTOCOL, signingKeyOf } from "../package/mod.ts";
import { manifestSalt, type MutableItem, type SigningKey } from "../records/mod.ts";
import type { Trust } from "../trust/mod.ts";
import { acceptManifest, checkAccepted } from "./accept.ts";
import { FetchingError } from "./errors.ts";
import type { FindOptions } from "./find_record.ts";
import type { OnShown } from "./head_start.ts";
import { ManifestLookups, type WantedVersion } from "./manifest_lookups.ts";
import { magnetOf, minimalOf, webSeedsOfRecord } from "./manifest_record.ts";
import {
  findUnderKeys,
  type FoundUnderKey,
  type Lookups,
  type PublisherRecords,
} from "./publisher_keys.ts";
import type { LookupCounts } from "./record_lookup.ts";

/** An accepted manifest, and the record that it was in. */
export interface FoundManifest {
  minimal: MinimalManifest;
  magnet: string;
  /** URLs of web seeds in the manifest record, without those that are no usable URL. */
  webSeeds: string[];
  /** BEP 44 sequence number of the manifest record; absent if the manifest was in the catalog. */
  seq?: number;
  /** Node counts of the lookup of the manifest record. */
  counts: LookupCounts;
}

/** A verified manifest that a DHT node has shown, and the URLs of the web seeds in its record. */
export type ShownManifest = Pick<FoundManifest, "minimal" | "webSeeds">;

/** A version to find the manifest of. */
export interface Finding extends WantedVersion {
  /** The keys that list the version; if absent, all keys that may sign the package, and revoked keys. */
  keys?: readonly SigningKey[];
  /** See `Subject.hint` of `publisher_keys.ts`. */
  hint?: SigningKey;
  /**
   * Reads the manifest in the publisher's catalog, if there is one. It counts if the DHT has no record of
   * the version.
   */
  line?: (signal: AbortSignal) => Promise<MinimalManifest | undefined>;
}

/**
 * Finds the manifest of a version. A version that its publisher does not announce individually has no record
 * in the DHT: its manifest is in the catalog, or the peers of the publisher's rendezvous have the record.
 * For an exact version, the peers are asked a second after the DHT, unless a node has shown the record by
 * then. If two keys have signed the version, the first one in the publisher record counts.
 *
 * @param onShown called with each manifest that a node has shown and that is not refused already
 * @throws {FetchingError} `RECORD_NOT_FOUND` (kind `not-found`), `DHT_UNREACHABLE` (kind `network`),
 * `RECORD_INVALID` (kind `verification`)
 * @throws {TrustError} `KEY_REVOKED`, `CERTIFICATE_NOT_YET` (kind `verification`)
 */
export async function findManifest(
  operations: Operations,
  records: PublisherRecords,
  wanted: Finding,
  options: FindOptions,
  onShown?: (shown: ShownManifest) => void,
): Promise<FoundManifest> {
  const { trust } = records;
  const ended = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, ended.signal]) : ended.signal;
  const line = wanted.line?.(signal);
  line?.then(
    (minimal) => {
      if (minimal && !signal.aborted && trust.accepts(minimal)) {
        onShown?.({ minimal, webSeeds: [] });
      }
    },
    () => {
      // Without the catalog, the record is needed.
    },
  );
  const lookups = new ManifestLookups(operations, trust, wanted, options, line);
  // A version that a list names is mostly the newest one, which is announced individually.
  if (!wanted.keys) lookups.askLater();
  try {
    const record = findRecord(operations, lookups, records, wanted, options, onShown);
    // The manifest in the catalog may come first.
    record.catch(() => {});
    const found = await Promise.race([record, lookups.listed]);
    if ("magnet" in found) return found;
    const { minimal } = found;
    await acceptManifest({ operations, trust }, minimal, options);
    return { ...found, magnet: magnetOf(minimal), webSeeds: [] };
  } finally {
    ended.abort();
    lookups.end();
  }
}

async function findRecord(
  operations: Operations,
  lookups: Lookups,
  records: PublisherRecords,
  wanted: Finding,
  options: FindOptions,
  onShown: ((shown: ShownManifest) => void) | undefined,
): Promise<FoundManifest> {
  const { publicKey, name, version, keys, hint } = wanted;
  const found = await findUnderKeys(lookups, records, {
    ...{ publicKey, label: labelOf(wanted), hint },
    saltOf: () => manifestSalt(name, version),
    mayHave: (one) =>
      coversName(one, name) && (!keys || keys.some(({ key }) => equalBytes(key, one.key))),
    withRevoked: keys === undefined,
    onShown: () => shownBy(wanted, records.trust, onShown),
  }, options);
  let refusal: unknown;
  for (const one of found) {
    try {
      return await accepted(operations, records, wanted, one, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      // Another key of the publisher may have signed the version, too.
      refusal ??= error;
    }
  }
  throw refusal;
}

/** Returns a listener for the manifest records that nodes show: it hands on what is not refused. */
export function shownBy(
  wanted: WantedVersion,
  trust: Trust,
  onShown: ((shown: ShownManifest) => void) | undefined,
): OnShown | undefined {
  return onShown && ((item: MutableItem) => {
    const minimal = minimalOf(item, wanted);
    if (trust.accepts(minimal)) onShown({ minimal, webSeeds: webSeedsOfRecord(item) });
  });
}

async function accepted(
  operations: Operations,
  records: PublisherRecords,
  wanted: WantedVersion,
  { item, counts }: FoundUnderKey,
  options: FindOptions,
): Promise<FoundManifest> {
  const minimal = minimalOf(item, wanted);
  if (minimal.pubkey !== formatPublicKey(wanted.publicKey)) {
    checkOldIdentity(wanted, minimal);
    // The keys that this identity has revoked are not known yet.
    const identity = parsePublicKey(minimal.pubkey);
    await records.lookUp(operations, identity, { ...options, isRoot: true });
    await checkAskedKey(operations, records.trust, wanted, minimal, options);
    await acceptManifest({ operations, trust: records.trust }, minimal, options);
    records.trust.tellIdentity(wanted.publicKey, identity);
  } else await acceptManifest({ operations, trust: records.trust }, minimal, options);
  const webSeeds = webSeedsOfRecord(item);
  return { minimal, magnet: magnetOf(minimal, webSeeds), webSeeds, seq: item.seq, counts };
}

/**
 * Throws if the key by which a publisher was asked for is revoked, or now signs for another
 * identity than the first one that this home has met. The manifest decides nothing here: a thief of
 * the key can make a root of its own, and certify the key with it.
 */
async function checkAskedKey(
  operations: Operations,
  trust: Trust,
  wanted: WantedVersion,
  minimal: MinimalManifest,
  options: FindOptions,
): Promise<void> {
  const { name, version, archiveSha256, pubkey } = minimal;
  const asked = formatPublicKey(wanted.publicKey);
  const signed = { protocol: PROTOCOL, pubkey: asked, name, version } as const;
  await checkAccepted({ operations, trust }, signed, archiveSha256, options);
  const [first] = trust.identitiesOf(wanted.publicKey);
  if (!first || formatPublicKey(first) === pubkey) return;
  throw new FetchingError(
    "verification",
    "RECORD_INVALID",
    `${
      labelOf(wanted)
    } is signed for the identity ${pubkey}, but until now the key has signed for ` +
      `${formatPublicKey(first)}, so the key may have been stolen. Ask for the package by the ` +
      `identity that its publisher names: ${formatPublicKey(first)}/${name}`,
  );
}

/**
 * Throws unless the publisher was asked for by the key that signed the manifest. The key then was
 * the publisher's only one, and the publisher has made a root for it since.
 */
function checkOldIdentity(wanted: WantedVersion, minimal: MinimalManifest): void {
  if (minimal.signer && equalBytes(signingKeyOf(minimal), wanted.publicKey)) return;
  const label = labelOf(wanted);
  if (!minimal.signer) {
    throw new FetchingError(
      "not-found",
      "RECORD_NOT_FOUND",
      `The DHT has no record of ${label}: the key that signed this version has signed it before it was ` +
        `certified. Ask for it by that key: ${minimal.pubkey}/${minimal.name}@${minimal.version}`,
    );
  }
  throw new FetchingError(
    "verification",
    "RECORD_INVALID",
    `The record of ${label} is signed for another publisher, ${minimal.pubkey}`,
  );
}

function labelOf({ publicKey, name, version }: WantedVersion): string {
  return `${name}@${version} of ${formatPublicKey(publicKey)}`;
}
