/**
 * Gets an archive: plans, downloads into the seed directory, verifies, and only then moves the file to
 * its final name. This runs in the command's thread; the host does no more than download.
 *
 * @module
 */

import { join } from "node:path";
import { formatBytes, fromHex } from "../base/mod.ts";
import type { Operations } from "../control/mod.ts";
import {
  archiveFileName,
  type FullManifest,
  type MinimalManifest,
  namingFullDisk,
  signingKeyOf,
  verifyArchive,
  verifyDownloaded,
  withWebSeeds,
} from "../package/mod.ts";
import { hashOf } from "../store/mod.ts";
import { acceptManifest, checkAccepted } from "./accept.ts";
import type { FetchContext, FetchListeners } from "./context.ts";
import type { DownloadAhead } from "./download_ahead.ts";
import { type GetPlan, type GetRequest, planGet } from "./get_plan.ts";
import { manifestSalt } from "../records/mod.ts";
import { minimalOf, webSeedsOfRecord } from "./manifest_record.ts";
import { lookUpRecord } from "./record_lookup.ts";
import { partialPath } from "./partials.ts";
import { PublisherRecords } from "./publisher_keys.ts";
import { downloadUntilStalled } from "./stall_timeout.ts";
import { StreamingVerifier } from "./streaming_verifier.ts";

/** Result of getting an archive: the downloaded and verified file. */
export interface Got {
  /** Absolute path of the archive. */
  archivePath: string;
  name: string;
  version: string;
  publisher: string;
  /**
   * Signed manifest of the archive. `undefined` if the request named no publisher; then only the
   * archive's own hashes were verified, not who made the archive.
   */
  minimal: MinimalManifest | undefined;
  /** Whether the archive was in the seed directory already, so that nothing was downloaded. */
  present: boolean;
  /** Number of bytes that were copied from other archives, and not fetched. */
  reusedBytes: number;
  /** Number of bytes of the archive that were fetched from peers and web seeds. */
  fetchedBytes: number;
}

/** The counts of an archive that was in the seed directory already. */
const NOTHING = { reusedBytes: 0, fetchedBytes: 0 };

/**
 * Gets an archive into the seed directory. An archive without a signed manifest keeps the file name of an
 * incomplete download, and the caller moves the file elsewhere.
 *
 * @param ahead downloads that may have begun already
 * @throws {FetchingError} the errors of {@linkcode planGet}
 * @throws {ControlError} `NO_PEERS` (kind `network`)
 * @throws {PackageError} for a failed verification step; the downloaded file is then deleted
 * @throws {TrustError} `KEY_REVOKED`, `CERTIFICATE_NOT_YET` (kind `verification`)
 */
export async function getArchive(
  context: FetchContext,
  request: GetRequest,
  listeners: FetchListeners = {},
  ahead?: DownloadAhead,
): Promise<Got> {
  const plan = await planGet(context, request, listeners, ahead);
  if (plan.minimal) await acceptManifest(context, plan.minimal, context.finding);
  const had = (got: Got) => {
    if (got.minimal) context.onHad?.(fromHex(got.minimal.btih)!);
    return got;
  };
  const present = await findPresent(context, plan);
  if (present) return had(present);
  try {
    return had(
      await namingFullDisk({
        what: labelOf(plan),
        directory: context.seeds.path,
        neededBytes: () => plan.minimal?.length,
        otherwise: "give another directory with --dir",
      }, () => fetchArchive(context, plan, listeners, ahead)),
    );
  } catch (error) {
    context.finding.signal?.throwIfAborted();
    // Although this download failed, another command may have fetched the same archive meanwhile.
    const since = await findPresent(context, plan);
    if (since) return had(since);
    throw error;
  }
}

/** Returns the name of an archive in messages to the user: `NAME@VERSION`, or the infohash. */
function labelOf({ minimal, infoHashHex }: GetPlan): string {
  return minimal ? `${minimal.name}@${minimal.version}` : infoHashHex;
}

/** Returns the planned archive if the seed directory already has it. */
async function findPresent(
  { seeds }: FetchContext,
  { minimal }: GetPlan,
): Promise<Got | undefined> {
  if (!minimal) return undefined;
  const entry = await seeds.find(minimal);
  if (entry?.minimal.archiveSha256 !== minimal.archiveSha256) return undefined;
  return {
    ...describe(minimal),
    archivePath: entry.archivePath,
    minimal,
    present: true,
    ...NOTHING,
  };
}

async function fetchArchive(
  context: FetchContext,
  plan: GetPlan,
  { onStep, onDetail, onProgress }: FetchListeners,
  ahead: DownloadAhead | undefined,
): Promise<Got> {
  const { operations, seeds, limits, finding: { signal } } = context;
  const { minimal, publicKey } = plan;
  onStep?.(`downloading ${labelOf(plan)}`);
  const archivePath = partialPath(seeds.path, plan.infoHashHex);
  const verifier = minimal &&
    new StreamingVerifier({ archivePath, minimal, publicKey, limits, signal });
  const downloader = ahead ?? operations;
  let { reusedBytes, fetchedBytes } = NOTHING;
  const { path, torrent } = await downloadUntilStalled(downloader, context.finding, {
    request: {
      infoHash: plan.infoHashHex,
      lengthBytes: minimal?.length,
      maxBytes: limits.maxArchiveBytes,
      peers: plan.peers,
      torrent: plan.torrent,
      webSeeds: plan.webSeeds,
      fileName: plan.fileName,
      publisher: publicKey,
      reuse: context.reuse ?? true,
    },
    label: labelOf(plan),
    hasRecord: minimal !== undefined,
    onDetail,
    findWebSeeds: minimal && ((signal) => recordedWebSeeds(operations, minimal, signal)),
    onProgress(progress) {
      verifier?.advance(progress);
      ({ reusedBytes, fetchedBytes } = progress);
      onProgress?.(progress);
    },
  }).catch(async (error) => {
    await verifier?.abandon();
    throw error;
  });
  const tellStep = (step: string) => onStep?.(`verifying: ${step}`);
  let full: FullManifest;
  try {
    const early = await verifier?.finish(path);
    early?.steps.forEach(tellStep);
    const whole = { archivePath: path, publicKey, limits, signal, onStep: tellStep };
    // Without a signed hash of the archive, only the hashes of its files tell what it holds.
    ({ full } = early?.verified ??
      await (minimal ? verifyDownloaded({ ...whole, minimal }) : verifyArchive(whole)));
  } catch (error) {
    // The file may be missing because another command moved the same download to its final name. The
    // archive is then in the seed directory, and the error is ignored.
    const present = await findPresent(context, plan);
    if (present) return present;
    if (!signal?.aborted) await Deno.remove(path).catch(() => {});
    throw error;
  }
  if (!minimal) {
    await checkWithoutRecord(context, full, path).catch(async (error) => {
      if (!signal?.aborted) await Deno.remove(path).catch(() => {});
      throw error;
    });
  }
  const counts = { present: false, reusedBytes, fetchedBytes };
  if (reusedBytes > 0) {
    onDetail?.(
      `${labelOf(plan)}: ${formatBytes(reusedBytes)} copied from other archives, ` +
        `${formatBytes(fetchedBytes)} fetched`,
    );
  }
  if (!minimal) return { ...describe(full), archivePath: path, minimal, ...counts };
  const entry = await seeds.put({
    archivePath: path,
    minimal,
    torrent: plan.webSeeds?.length ? withWebSeeds(torrent, plan.webSeeds) : torrent,
    move: true,
    verified: true,
  });
  context.onVerified?.(entry);
  if ((await operations.status()).daemon) await operations.add({ fileName: entry.fileName });
  return { ...describe(minimal), archivePath: entry.archivePath, minimal, ...counts };
}

/**
 * Throws if an archive is not to be accepted whose request named no record, such as a `.torrent`: only the
 * archive tells its publisher, so the publisher's keys are looked up last.
 */
async function checkWithoutRecord(
  context: FetchContext,
  full: FullManifest,
  path: string,
): Promise<void> {
  const { operations, trust, finding } = context;
  await new PublisherRecords(trust).learnOf(operations, full, finding);
  await checkAccepted(context, full, await hashOf(path, finding.signal), finding);
}

/** Returns the web seeds in an archive's manifest record; none if the record is not found. */
async function recordedWebSeeds(
  operations: Operations,
  minimal: MinimalManifest,
  signal: AbortSignal,
): Promise<string[]> {
  const { name, version, archiveSha256 } = minimal;
  const key = { publicKey: signingKeyOf(minimal), salt: manifestSalt(name, version) };
  const lookup = await lookUpRecord(operations, key, signal);
  if (lookup.kind !== "found") return [];
  const { item } = lookup;
  const isOfArchive = minimalOf(item, { name, version }).archiveSha256 === archiveSha256;
  return isOfArchive ? webSeedsOfRecord(item) : [];
}

function describe({ name, version, pubkey }: { name: string; version: string; pubkey: string }) {
  return { name, version, publisher: pubkey };
}

/** Returns the path in `directory` for an archive that the caller moves out of the seed directory. */
export function outsidePath(directory: string, got: Got): string {
  return join(directory, archiveFileName(got.name, got.version));
}
