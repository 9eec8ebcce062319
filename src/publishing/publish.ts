/**
 * Publishing: keep an archive that is ready in the seed directory, put its records into the DHT, see
 * that it is seeded. Packing or taking it is `prepare.ts`'s. Runs in the command's process, which has the key; the owner of the engine
 * gets signed bytes only.
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
import type { ListedPackages } from "./listed.ts";
import { prepare, type PrepareContext, type PublishRequest, type Ready } from "./prepare.ts";
import { updateAnnounceRecord, updateNameIndex } from "./publisher_records.ts";
import { itemToPut, publishedHash, storeManifest } from "./put_manifest.ts";
import { readBack } from "./read_back.ts";

/** What publishing works with. */
export interface PublishContext extends PrepareContext {
  operations: Operations;
  /** Hears of an archive that is in place and was verified, so that nobody has to do it again. */
  onVerified?: (entry: ValidSeedEntry) => void;
  /** What this home knows of the publisher's list. */
  listed?: ListedPackages;
  /** The caller adds the package to the publisher's list, with {@linkcode updateAnnounceRecord}. */
  listsLater?: boolean;
  /** Hears what is not as it should be. */
  onWarning?: (message: string) => void;
}

/** A published package. */
export interface Published {
  minimal: MinimalManifest;
  magnet: string;
  archivePath: string;
  /** What became of the manifest record. */
  outcome: PutOutcome;
  /** Whether somebody seeds it now. */
  seeding: boolean;
}

/**
 * Publishes one directory or archive, if need be one that {@linkcode prepare} was asked for before.
 * When this resolves, the archive is in the seed directory and its record is on at least one node; when
 * it rejects with `DHT_UNREACHABLE`, both are kept for `announce`. What is bad, or published already
 * with other bytes, is not kept.
 *
 * @throws {PackageError} what packing and verifying throw
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
  // Asked before the archive gets its place: what the DHT has with other bytes must not be seeded.
  const first = await prepared.catch((error) => preparedAsPublished(context, request, error));
  await using agreed = await agreeWithDht(context, request, first);
  const { ready, item } = agreed;
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
  // The announce record is written after the manifest's: it must not name what cannot be found yet.
  const keys = await request.signer();
  if ("kind" in outcome) {
    // Signed and kept, for `announce`; that they are in no DHT either goes without saying.
    const offline = { ...context, blind: true, onWarning: undefined };
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

/** An archive and the record to put for it. */
interface Agreed extends AsyncDisposable {
  ready: Ready;
  item: MutableItem;
}

/**
 * Finds the record to put. Where the DHT has the version with other bytes, the directory may have been
 * published before there were rules for what goes in: then what is out already stays.
 */
async function agreeWithDht(
  context: PublishContext,
  request: PublishRequest,
  ready: Ready,
): Promise<Agreed> {
  let used = ready;
  try {
    const item = await itemToPut(context, request.signer, ready.files.minimal).catch(
      async (error) => {
        if (!(error instanceof LibreseedError) || error.code !== "VERSION_TAKEN") throw error;
        const before = await preparedAsBefore(context, request, error.detail.published);
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
 * What was refused for its secrets, if it is what the DHT has of the version: it was published before
 * anybody looked for them, or they were let in, and what is out already stays.
 *
 * @throws the refusal, or whatever else there was
 */
async function preparedAsPublished(
  context: PublishContext,
  request: PublishRequest,
  refusal: unknown,
): Promise<Ready> {
  if (!(refusal instanceof PackageError) || refusal.code !== "SECRET_FOUND") throw refusal;
  for (const leaveOut of [request.leaveOut, "version-control"] as const) {
    const ready = await preparedQuietly(context, { ...request, leaveOut, allowSecrets: "all" });
    if (!ready) continue;
    const { minimal } = ready.files;
    const published = await publishedHash(context, minimal).catch(() => undefined);
    if (published === minimal.archiveSha256) return ready;
    await ready[Symbol.asyncDispose]();
    if (published === undefined) break;
  }
  throw refusal;
}

/** The directory packed without rules, if that is what is published (`sha256:…`). */
async function preparedAsBefore(
  context: PublishContext,
  request: PublishRequest,
  published: unknown,
): Promise<Ready | undefined> {
  const ready = await preparedQuietly(context, {
    ...request,
    leaveOut: "version-control",
    allowSecrets: "all",
  });
  if (ready?.files.minimal.archiveSha256 === published) return ready;
  await ready?.[Symbol.asyncDispose]();
  return undefined;
}

/** Packs once more, and tells nobody; `undefined` if it cannot be packed that way. */
async function preparedQuietly(
  context: PublishContext,
  request: PublishRequest,
): Promise<Ready | undefined> {
  const quiet = { ...context, onContents: undefined, onStep: undefined, onProgress: undefined };
  try {
    return await prepare(quiet, request);
  } catch (error) {
    context.signal?.throwIfAborted();
    // What cannot be packed that way was not published that way.
    if (error instanceof LibreseedError) return undefined;
    throw error;
  }
}
