/**
 * Publishes a prepared archive: moves the archive into the seed directory, puts its records into the DHT,
 * and starts to seed it. `prepare.ts` prepares the archive. This code runs in the command's thread; the
 * launcher signs, and the host gets signed records only.
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";
import type { Operations } from "../control/mod.ts";
import type { PutOutcome } from "../dht/mod.ts";
import { magnetOf, webSeedsOfRecord } from "../fetching/mod.ts";
import { type MinimalManifest, PackageError, withWebSeeds } from "../package/mod.ts";
import type { MutableItem } from "../records/mod.ts";
import type { ValidSeedEntry } from "../store/mod.ts";
import type { Trust } from "../trust/mod.ts";
import type { ListedPackages } from "./listed_packages.ts";
import { prepare, type PrepareContext, type PublishRequest, type Ready } from "./prepare.ts";
import { type ListChange, updateAnnounceRecord } from "./announce_record.ts";
import { tagging } from "./flags.ts";
import { updateNameIndex } from "./name_index_entry.ts";
import { putPublisherRecordOnce } from "./publisher_record.ts";
import { itemToPut, publishedHash, storeManifest } from "./put_manifest.ts";
import { readBack } from "./read_back.ts";
import { unfinished } from "./unfinished.ts";

/** The dependencies of publishing. */
export interface PublishContext extends PrepareContext {
  operations: Operations;
  /** Knowledge of publishers' keys in this home. */
  trust?: Trust;
  /**
   * Called with the archive that was verified and moved to its final path. The callback saves the result,
   * so that other processes need not verify the archive again.
   */
  onVerified?: (entry: ValidSeedEntry) => void;
  /** Packages that this home has added to its publisher's list (the announce record). */
  listed?: ListedPackages;
  /** Whether the caller itself calls {@linkcode updateAnnounceRecord} later, once for several packages. */
  listsLater?: boolean;
  /** Called with information for the user that asks for nothing to be done. */
  onNotice?: (message: string) => void;
  /** Called with warnings for the user. */
  onWarning?: (message: string) => void;
}

/** Result of publishing a package. */
export interface Published {
  minimal: MinimalManifest;
  magnet: string;
  /** URLs of web seeds in the manifest record. */
  webSeeds: string[];
  archivePath: string;
  /** Outcome of putting the manifest record into the DHT. */
  outcome: PutOutcome;
  /** Whether a daemon runs. Only a daemon continues to seed the archive after the command. */
  seeding: boolean;
}

/**
 * Publishes one directory or archive. On success, the archive is in the seed directory, and its manifest
 * record is on at least one DHT node. After the error `DHT_UNREACHABLE`, this home keeps archive and
 * record, so that `libreseed announce` can put the record later. After an error before the archive was moved
 * there, neither is kept; an SSH agent that stops signing later leaves the archive, and the error says so.
 *
 * @param prepared result of {@linkcode prepare} for the same request, if the caller started it before
 * @throws {PackageError} errors of packing and verifying
 * @throws {StoreError} `VERSION_EXISTS` if the seed directory has the version with other contents
 * @throws {PublishingError} `VERSION_TAKEN` if the DHT has the version with other contents,
 * `NO_MINIMAL_MANIFEST`, `NOT_THE_PUBLISHER`, `DHT_UNREACHABLE` (kind `network`)
 */
export async function publish(
  context: PublishContext,
  request: PublishRequest,
  prepared: Promise<Ready> = prepare(context, request),
): Promise<Published> {
  const { seeds, signal } = context;
  // The DHT is checked before the archive is moved into the seed directory: an archive whose version is
  // already published with other contents must not be seeded.
  const first = await prepared.catch((error) => prepareAsPublished(context, request, error));
  // The publisher record comes first, because it leads readers to the key of all other records.
  await identify(context, request, first);
  await using publishable = await reconcileWithDht(context, request, first);
  const { ready, item } = publishable;
  const { minimal } = ready.files;
  const label = `${minimal.name}@${minimal.version}`;
  const webSeeds = webSeedsOfRecord(item);
  const torrent = withWebSeeds(ready.files.torrent, webSeeds);
  const entry = await seeds.put({ ...ready.files, torrent, signal });
  context.onVerified?.(entry);
  try {
    return await announce(context, request, { entry, minimal, item, webSeeds });
  } catch (error) {
    throw unfinished(error, [label]);
  }
}

/** An archive in the seed directory whose records are to be put. */
interface Placed {
  entry: ValidSeedEntry;
  minimal: MinimalManifest;
  /** The signed manifest record. */
  item: MutableItem;
  webSeeds: string[];
}

/** Puts the records of an archive in the seed directory, and has a daemon seed it. */
async function announce(
  context: PublishContext,
  request: PublishRequest,
  { entry, minimal, item, webSeeds }: Placed,
): Promise<Published> {
  const { operations, clock, signal } = context;
  const label = `${minimal.name}@${minimal.version}`;
  context.onStep?.(`putting the record of ${label} into the DHT`);
  const outcome = await storeManifest(operations, minimal, item, signal);
  if (!("kind" in outcome) && outcome.weak) {
    context.onWarning?.(
      `the record of ${label} is weak: ${outcome.holding} of ${outcome.responded} nodes hold it, fewer than min-nodes`,
    );
  }
  const { daemon } = await operations.status();
  if (daemon) await operations.add({ fileName: entry.fileName });
  // The list is updated after the manifest record, because readers look up the records of listed versions.
  const keys = await request.signer();
  if ("kind" in outcome) {
    // The DHT is unreachable. The other records are signed and kept for `libreseed announce`, too. Their
    // warnings are suppressed, because the thrown error reports the cause.
    const offline = { ...context, isOffline: true, onWarning: undefined, onNotice: undefined };
    await Promise.all([
      updateAnnounceRecord(offline, keys, [minimal], clock.now(), changeOf(request, [minimal])),
      updateNameIndex(offline, keys, minimal),
    ]);
    throw outcome;
  }
  if (!context.listsLater) {
    await updateAnnounceRecord(context, keys, [minimal], clock.now(), changeOf(request, [minimal]));
  }
  const isIndexed = await updateNameIndex(context, keys, minimal);
  for (const problem of await readBack(context, minimal, isIndexed)) context.onWarning?.(problem);
  return {
    minimal,
    magnet: magnetOf(minimal, webSeeds),
    webSeeds,
    archivePath: entry.archivePath,
    outcome,
    seeding: daemon,
  };
}

/** Puts the publisher record. Deletes the prepared files if the signing key may not sign any more. */
async function identify(
  context: PublishContext,
  { signer }: PublishRequest,
  ready: Ready,
): Promise<void> {
  try {
    await putPublisherRecordOnce(context, await signer());
  } catch (error) {
    await ready[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * Returns what publishing changes in the publisher's list besides adding packages.
 *
 * @param request `tag`: a tag that the published versions get, see `isTag` of `src/base`
 */
export function changeOf(
  { webSeeds, tag }: Pick<PublishRequest, "webSeeds" | "tag">,
  published: readonly { name: string; version: string }[],
): ListChange {
  return { webSeeds, ...(tag !== undefined && { flags: tagging(published, tag) }) };
}

/** The archive to publish, and its manifest record to put into the DHT. */
interface Publishable extends AsyncDisposable {
  ready: Ready;
  item: MutableItem;
}

/**
 * Determines the manifest record to put. If the DHT has the version with other contents, an older libreseed
 * may have published the directory before rules for left-out files existed. If so, the archive is packed
 * without rules.
 */
async function reconcileWithDht(
  context: PublishContext,
  request: PublishRequest,
  ready: Ready,
): Promise<Publishable> {
  let used = ready;
  try {
    const named = ready.webSeeds;
    const item = await itemToPut(context, request.signer, ready.files.minimal, named).catch(
      async (error) => {
        if (!(error instanceof LibreseedError) || error.code !== "VERSION_TAKEN") throw error;
        const before = await prepareWithoutRules(context, request, error.detail.published);
        if (before === undefined) throw error;
        await ready[Symbol.asyncDispose]();
        used = before;
        return await itemToPut(context, request.signer, before.files.minimal, before.webSeeds);
      },
    );
    return { ready: used, item, [Symbol.asyncDispose]: () => used[Symbol.asyncDispose]() };
  } catch (error) {
    await used[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * Prepares an archive that was refused because of secrets, if exactly this archive is already published.
 * The secrets are public then, so a refusal would protect nothing.
 *
 * @throws the original error, if the archive is not published
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

/**
 * Packs the directory without rules for left-out files. Returns the archive only if its hash is the
 * published hash (`sha256:…`).
 */
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

/** Prepares an archive without messages to the user. Returns `undefined` if the preparation fails. */
async function prepareQuietly(
  context: PublishContext,
  request: PublishRequest,
): Promise<Ready | undefined> {
  const quiet = { ...context, onContents: undefined, onStep: undefined, onProgress: undefined };
  try {
    return await prepare(quiet, request);
  } catch (error) {
    context.signal?.throwIfAborted();
    // If the preparation with these options fails, the archive was not published with these options either.
    if (error instanceof LibreseedError) return undefined;
    throw error;
  }
}
