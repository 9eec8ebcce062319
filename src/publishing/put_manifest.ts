/**
 * Puts the manifest record of a package into the DHT: reuses or signs the record, and checks the outcome.
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";
import { type Clock, isOfFuture, refuseEarlyClock, toHex } from "../base/mod.ts";
import type { Operations } from "../control/mod.ts";
import type { PutOutcome } from "../dht/mod.ts";
import {
  isNetworkError,
  manifestRecord,
  minimalOf,
  newestRecord,
  seqAfter,
  webSeedsOfRecord,
} from "../fetching/mod.ts";
import type { Signer } from "../identity/mod.ts";
import { type MinimalManifest, signingKeyOf } from "../package/mod.ts";
import { manifestSalt, type MutableItem, targetOf } from "../records/mod.ts";
import { PublishingError } from "./errors.ts";

/** The dependencies of looking a manifest record up in the DHT. */
export interface ManifestContext {
  operations: Operations;
  clock: Clock;
  signal?: AbortSignal;
}

/**
 * Puts the manifest record of a package into the DHT.
 *
 * @returns the error `DHT_UNREACHABLE` as a value, not thrown, if the DHT is unreachable; the host keeps
 * the record
 * @throws {PublishingError} the errors of {@linkcode checkPut}
 */
export async function storeManifest(
  operations: Operations,
  { name, version }: MinimalManifest,
  item: MutableItem,
  signal?: AbortSignal,
): Promise<PutOutcome | PublishingError> {
  const label = `${name}@${version}`;
  try {
    const outcome = await operations.store({
      item,
      record: { kind: "manifest", name, version },
    }, { signal });
    checkPut(outcome, label);
    return outcome;
  } catch (error) {
    signal?.throwIfAborted();
    if (!isNetworkError(error)) throw error;
    if (error instanceof LibreseedError && error.code === "DHT_UNREACHABLE") return error;
    return unreachable(label, error.message, error);
  }
}

/**
 * Signs the record of a minimal manifest and puts the record into the DHT, replacing a published one,
 * whose web seeds are kept.
 *
 * @throws {LibreseedError} `CLOCK_BEHIND`
 * @throws {PublishingError} the errors of {@linkcode checkPut}
 */
export async function putManifest(
  operations: Operations,
  minimal: MinimalManifest,
  signer: Signer,
  clock: Clock,
  signal?: AbortSignal,
): Promise<{ item: { seq: number; target: string }; outcome: PutOutcome }> {
  refuseEarlyClock(clock.now());
  const { publicKey } = signer;
  const { name, version } = minimal;
  const salt = manifestSalt(name, version);
  const before = await newestRecord(operations, { publicKey, salt }, { signal });
  const webSeeds = before.item ? webSeedsOfRecord(before.item) : [];
  const item = await manifestRecord(minimal, signer, seqAfter(before, clock.now()), webSeeds);
  const outcome = await operations.store({
    item,
    record: { kind: "manifest", name, version },
  }, { signal });
  checkPut(outcome, `${name}@${version}`);
  return { item: { seq: item.seq, target: toHex(targetOf(publicKey, salt)) }, outcome };
}

/**
 * Returns the signed record to put. If the published or kept record names the same archive and the given
 * web seeds, reuses that record. Otherwise signs a new one.
 *
 * @param webSeeds web seeds of the archive; if absent, those of the published or kept record are kept
 * @throws {PublishingError} `VERSION_TAKEN` if the DHT has the version with other contents
 */
export async function itemToPut(
  { operations, clock, signal }: ManifestContext,
  signer: () => Promise<Signer>,
  minimal: MinimalManifest,
  webSeeds?: readonly string[],
): Promise<MutableItem> {
  const publicKey = signingKeyOf(minimal);
  const salt = manifestSalt(minimal.name, minimal.version);
  // Without the DHT, this lookup does not throw: the record is signed and kept for `libreseed announce`.
  const before = await newestRecord(operations, { publicKey, salt }, { signal });
  const { item } = before;
  const published = before.published && minimalOf(before.published, minimal);
  if (published && published.archiveSha256 !== minimal.archiveSha256) {
    throw new PublishingError(
      "failed",
      "VERSION_TAKEN",
      `${minimal.name}@${minimal.version} is published already, with other bytes (${published.archiveSha256}, here ${minimal.archiveSha256}). Versions never change: publish a new one`,
      { detail: { published: published.archiveSha256, here: minimal.archiveSha256 } },
    );
  }
  let named = webSeeds ?? [];
  if (item) {
    const { archiveSha256, btih, timestamp } = minimalOf(item, minimal);
    const isSame = archiveSha256 === minimal.archiveSha256 && btih === minimal.btih;
    const before = webSeedsOfRecord(item);
    if (isSame) named = webSeeds ?? before;
    const isAsNamed = named.join("\n") === before.join("\n");
    if (isSame && isAsNamed && !isOfFuture(timestamp, clock.now())) return item;
  }
  return await manifestRecord(minimal, await signer(), seqAfter(before, clock.now()), named);
}

/**
 * Returns the published hash of a version's archive (`sha256:…`), or `undefined` if the version is not
 * published.
 */
export async function publishedHash(
  { operations, signal }: Pick<ManifestContext, "operations" | "signal">,
  minimal: MinimalManifest,
): Promise<string | undefined> {
  const publicKey = signingKeyOf(minimal);
  const salt = manifestSalt(minimal.name, minimal.version);
  const { published } = await newestRecord(operations, { publicKey, salt }, { signal });
  return published && minimalOf(published, minimal).archiveSha256;
}

/**
 * Checks the outcome of a put: at least one DHT node has to hold the record.
 *
 * @throws {PublishingError} `RECORD_CONFLICT`, `RECORD_SUPERSEDED`; `DHT_UNREACHABLE` (kind `network`) if
 * no node holds the record
 */
function checkPut(outcome: PutOutcome, label: string): void {
  if (outcome.conflict) {
    throw new PublishingError(
      "failed",
      "RECORD_CONFLICT",
      `Another record of ${label} with the same sequence number, signed by the same key, is in the DHT. Try again in a moment`,
    );
  }
  if (outcome.superseded) {
    throw new PublishingError(
      "failed",
      "RECORD_SUPERSEDED",
      `A newer record of ${label} came into the DHT at the same moment; that record stays`,
    );
  }
  if (outcome.holding > 0) return;
  const { asked, responded, errors } = outcome;
  const why = asked === 0
    ? "No node of the DHT is known"
    : responded === 0
    ? "No DHT node answered"
    : `None of ${responded} DHT nodes took the record`;
  throw unreachable(label, why, undefined, { asked, responded, errors });
}

function unreachable(
  label: string,
  why: string,
  cause: unknown,
  detail?: Record<string, unknown>,
): PublishingError {
  const message =
    `${why}, so readers cannot find ${label} yet. The record is kept: \`libreseed announce\` tries again`;
  return new PublishingError("network", "DHT_UNREACHABLE", message, { cause, detail });
}
