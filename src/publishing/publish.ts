/**
 * Publishes a prepared archive: moves it into the seed directory, puts its records into the DHT, and has
 * it seeded. `prepare.ts` packs the archive. Runs in the command's process, which has the private key;
 * the owner of the engine gets signed bytes only.
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";
import type { Operations } from "../control/mod.ts";
import type { PutOutcome } from "../dht/mod.ts";
import { magnetOf } from "../fetching/mod.ts";
import { type MinimalManifest, PackageError } from "../package/mod.ts";
import type { MutableItem } from "../records/mod.ts";
import type { ValidSeedEntry } from "../store/mod.ts";
import type { ListedPackages } from "./listed_packages.ts";
import { prepare, type PrepareContext, type PublishRequest, type Ready } from "./prepare.ts";
import { updateAnnounceRecord } from "./announce_record.ts";
import { updateNameIndex } from "./name_index_entry.ts";
import { itemToPut, publishedHash, storeManifest } from "./put_manifest.ts";
import { readBack } from "./read_back.ts";

/** The dependencies of publishing. */
export interface PublishContext extends PrepareContext {
  operations: Operations;
  /** Records that an archive in its final place was verified, so that no other process repeats it. */
  onVerified?: (entry: ValidSeedEntry) => void;
  /** Packages that this home has listed. */
  listed?: ListedPackages;
  /** Whether the caller updates the publisher's list itself, with {@linkcode updateAnnounceRecord}. */
  listsLater?: boolean;
  /** Receives warnings for people. */
  onWarning?: (message: string) => void;
}

/** A published package. */
export interface Published {
  minimal: MinimalManifest;
  magnet: string;
  archivePath: string;
  /** Outcome of putting the manifest record. */
  outcome: PutOutcome;
  /** Whether a daemon seeds the archive. */
  seeding: boolean;
}

/**
 * Publishes one directory or archive. After it resolves, the archive is in the seed directory and its
 * record on at least one node. After `DHT_UNREACHABLE`, this home keeps both for `announce`. After any
 * other error it keeps neither.
 *
 * @param prepared a preparation of the same request that has begun already
 * @throws {PackageError} errors of packing and verifying
 * @throws {StoreError} `VERSION_EXISTS` if the seed directory has the version with other bytes
 * @throws {PublishingError} `VERSION_TAKEN` if the DHT has the version with other bytes,
 * `NO_MINIMAL_MANIFEST`, `NOT_THE_PUBLISHER`, `DHT_UNREACHABLE` (kind `network`)
 */
export async function publish(
  context: PublishContext,
  request: PublishRequest,
  prepared: Promise<Ready> = prepare(context, request),
): Promise<Published> {
  const { operations, clock, seeds, signal } = context;
  // Before the archive is in place: a version that the DHT has with other bytes must not be seeded.
  const first = await prepared.catch((error) => prepareAsPublished(context, request, error));
  await using publishable = await reconcileWithDht(context, request, first);
  const { ready, item } = publishable;
  const { minimal } = ready.files;
  const label = `${minimal.name}@${minimal.version}`;
  const entry = await seeds.put({ ...ready.files, signal });
  context.onVerified?.(entry);
  context.onStep?.(`putting the record of ${label} into the DHT`);
  const outcome = await storeManifest(operations, minimal, item, signal);
  if (!("kind" in outcome) && outcome.weak) {
    context.onWarning?.(
      `the record of ${label} is weak: ${outcome.holding} of ${outcome.responded} nodes hold it, fewer than min-nodes`,
    );
  }
  const { daemon } = await operations.status();
  if (daemon) await operations.add({ fileName: entry.fileName });
  // After the manifest record, because readers look listed versions up.
  const keys = await request.signer();
  if ("kind" in outcome) {
    // Sign and keep the other records for `announce`, too. The thrown error already says "offline".
    const offline = { ...context, isOffline: true, onWarning: undefined };
    await Promise.all([
      updateAnnounceRecord(offline, keys, [minimal], clock.now()),
      updateNameIndex(offline, keys, minimal),
    ]);
    throw outcome;
  }
  if (!context.listsLater) await updateAnnounceRecord(context, keys, [minimal], clock.now());
  const isIndexed = await updateNameIndex(context, keys, minimal);
  for (const problem of await readBack(context, minimal, isIndexed)) context.onWarning?.(problem);
  return {
    minimal,
    magnet: magnetOf(minimal),
    archivePath: entry.archivePath,
    outcome,
    seeding: daemon,
  };
}

/** A prepared archive, and the record to put for it. */
interface Publishable extends AsyncDisposable {
  ready: Ready;
  item: MutableItem;
}

/**
 * Finds the record to put. If the DHT has the version with other bytes, an older libreseed may have
 * published the directory without rules for left-out files; that archive is then reused.
 */
async function reconcileWithDht(
  context: PublishContext,
  request: PublishRequest,
  ready: Ready,
): Promise<Publishable> {
  let used = ready;
  try {
    const item = await itemToPut(context, request.signer, ready.files.minimal).catch(
      async (error) => {
        if (!(error instanceof LibreseedError) || error.code !== "VERSION_TAKEN") throw error;
        const before = await prepareWithoutRules(context, request, error.detail.published);
        if (before === undefined) throw error;
        await ready[Symbol.asyncDispose]();
        used = before;
        return await itemToPut(context, request.signer, before.files.minimal);
      },
    );
    return { ready: used, item, [Symbol.asyncDispose]: () => used[Symbol.asyncDispose]() };
  } catch (error) {
    await used[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * An archive that was refused for its secrets, if exactly this archive is published already. Its secrets
 * are public then, so a refusal would protect nothing.
 *
 * @throws the refusal, or any other error of the preparation
 */
async function prepareAsPublished(
  context: PublishContext,
  request: PublishRequest,
  refusal: unknown,
): Promise<Ready> {
  if (!(refusal instanceof PackageError) || refusal.code !== "SECRET_FOUND") throw refusal;
  for (const leaveOut of [request.leaveOut, "version-control"] as const) {
    const ready = await prepareQuietly(context, { ...request, leaveOut, allowSecrets: "all" });
    if (!ready) continue;
    const { minimal } = ready.files;
    const published = await publishedHash(context, minimal).catch(() => undefined);
    if (published === minimal.archiveSha256) return ready;
    await ready[Symbol.asyncDispose]();
    if (published === undefined) break;
  }
  throw refusal;
}

/** The directory packed without rules, if its archive has the published hash (`sha256:…`). */
async function prepareWithoutRules(
  context: PublishContext,
  request: PublishRequest,
  published: unknown,
): Promise<Ready | undefined> {
  const ready = await prepareQuietly(context, {
    ...request,
    leaveOut: "version-control",
    allowSecrets: "all",
  });
  if (ready?.files.minimal.archiveSha256 === published) return ready;
  await ready?.[Symbol.asyncDispose]();
  return undefined;
}

/** Packs again without messages; `undefined` if the directory cannot be packed that way. */
async function prepareQuietly(
  context: PublishContext,
  request: PublishRequest,
): Promise<Ready | undefined> {
  const quiet = { ...context, onContents: undefined, onStep: undefined, onProgress: undefined };
  try {
    return await prepare(quiet, request);
  } catch (error) {
    context.signal?.throwIfAborted();
    // A failed preparation means that this form was not published.
    if (error instanceof LibreseedError) return undefined;
    throw error;
  }
}
