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
import { magnetOf, minimalOf, webSeedsOfRecord } from "./manifest_record.ts";
import { findUnderKeys, type FoundUnderKey, type PublisherRecords } from "./publisher_keys.ts";
import type { LookupCounts } from "./record_lookup.ts";

/** One version of a package of a known publisher. */
export interface WantedVersion {
  /** The publisher's identity, 32 bytes. */
  publicKey: Uint8Array;
  name: string;
  version: string;
}

/** An accepted manifest, and the record that it was in. */
export interface FoundManifest {
  minimal: MinimalManifest;
  magnet: string;
  /** URLs of web seeds in the manifest record, without those that are no usable URL. */
  webSeeds: string[];
  /** BEP 44 sequence number of the manifest record. */
  seq: number;
  /** Node counts of the lookup that found the manifest record. */
  counts: LookupCounts;
}

/** A verified manifest that a DHT node has shown, and the URLs of the web seeds in its record. */
export type ShownManifest = Pick<FoundManifest, "minimal" | "webSeeds">;

/**
 * Finds the manifest of a version. Of two keys that have signed the version, the first in the order of the
 * publisher record counts.
 *
 * @param wanted `keys`: the keys that list the version; if absent, all keys that may sign the package, and
 * revoked keys
 * @param onShown called with each manifest that a node has shown and that is not refused already
 * @throws {FetchingError} `RECORD_NOT_FOUND` (kind `not-found`), `DHT_UNREACHABLE` (kind `network`),
 * `RECORD_INVALID` (kind `verification`)
 * @throws {TrustError} `KEY_REVOKED`, `CERTIFICATE_NOT_YET` (kind `verification`)
 */
export async function findManifest(
  operations: Operations,
  records: PublisherRecords,
  wanted: WantedVersion & { keys?: readonly SigningKey[]; hint?: SigningKey },
  options: FindOptions,
  onShown?: (shown: ShownManifest) => void,
): Promise<FoundManifest> {
  const { publicKey, name, version, keys, hint } = wanted;
  const label = labelOf(wanted);
  const found = await findUnderKeys(operations, records, {
    ...{ publicKey, label, hint },
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
 * Throws if the only key of a publisher, by which it was asked for, counts no more, whatever the manifest
 * says: a thief of the key can make a root of its own and certify the key with it. So a revocation by
 * any identity of the key counts, and the identity that this home has met first stays the key's.
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
      `${formatPublicKey(first)}, so somebody else may have the key. Ask for the package by the ` +
      `identity that its publisher names: ${formatPublicKey(first)}/${name}`,
  );
}

/**
 * Throws unless the identity that was asked for is the key itself that signed the manifest for another
 * identity: a publisher that has made a root for its only key.
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
