/**
 * Gets an archive: plan, download into the seed directory, verify every step, and only then give the
 * file its name. Runs in the command's process; the host only downloads.
 *
 * @module
 */

import { join } from "node:path";
import {
  archiveFileName,
  type MinimalManifest,
  namingFullDisk,
  type VerifiedArchive,
  verifyArchive,
} from "../package/mod.ts";
import type { FetchContext, FetchListeners } from "./context.ts";
import { type GetPlan, type GetRequest, planGet } from "./get_plan.ts";
import { partialPath } from "./partials.ts";
import { downloadUntilStalled } from "./stall_timeout.ts";
import { StreamingVerifier } from "./streaming_verifier.ts";

/** An archive that is complete and verified. */
export interface Got {
  /** Absolute path of the archive. */
  archivePath: string;
  name: string;
  version: string;
  publisher: string;
  /** `undefined` if the request named no publisher: the archive then only agrees with itself. */
  minimal: MinimalManifest | undefined;
  /** Whether the seed directory had the archive before. */
  present: boolean;
}

/**
 * Gets an archive into the seed directory. An archive without a signed manifest stays there under the
 * name of a partial download, and the caller moves it away.
 *
 * @throws {FetchingError} what {@linkcode planGet} throws
 * @throws {ControlError} `NO_PEERS` (kind `network`)
 * @throws {PackageError} the failed step of the verification chain; the download is then removed
 */
export async function getArchive(
  context: FetchContext,
  request: GetRequest,
  listeners: FetchListeners = {},
): Promise<Got> {
  const plan = await planGet(context, request, listeners);
  const present = await findPresent(context, plan);
  if (present) return present;
  try {
    return await namingFullDisk({
      what: labelOf(plan),
      directory: context.seeds.path,
      neededBytes: () => plan.minimal?.length,
      otherwise: "give another directory with --dir",
    }, () => fetchArchive(context, plan, listeners));
  } catch (error) {
    context.finding.signal?.throwIfAborted();
    // Another command may have fetched the same archive in the meantime.
    const since = await findPresent(context, plan);
    if (since) return since;
    throw error;
  }
}

/** The archive's name for people: `NAME@VERSION`, or the infohash. */
function labelOf({ minimal, infoHashHex }: GetPlan): string {
  return minimal ? `${minimal.name}@${minimal.version}` : infoHashHex;
}

/** The planned archive, if the seed directory has it. */
async function findPresent(
  { seeds }: FetchContext,
  { minimal }: GetPlan,
): Promise<Got | undefined> {
  if (!minimal) return undefined;
  const entry = await seeds.find(minimal);
  if (entry?.minimal.archiveSha256 !== minimal.archiveSha256) return undefined;
  return { ...describe(minimal), archivePath: entry.archivePath, minimal, present: true };
}

async function fetchArchive(
  context: FetchContext,
  plan: GetPlan,
  { onStep, onProgress }: FetchListeners,
): Promise<Got> {
  const { operations, seeds, limits, finding: { signal } } = context;
  const { minimal, publicKey } = plan;
  onStep?.(`downloading ${labelOf(plan)}`);
  const archivePath = partialPath(seeds.path, plan.infoHashHex);
  const verifier = minimal &&
    new StreamingVerifier({ archivePath, minimal, publicKey, limits, signal });
  const { path, torrent } = await downloadUntilStalled(context, {
    request: {
      infoHash: plan.infoHashHex,
      lengthBytes: minimal?.length,
      maxBytes: limits.maxArchiveBytes,
      peers: plan.peers,
      torrent: plan.torrent,
    },
    label: labelOf(plan),
    hasRecord: minimal !== undefined,
    onProgress(progress) {
      verifier?.advance(progress);
      onProgress?.(progress);
    },
  }).catch(async (error) => {
    await verifier?.abandon();
    throw error;
  });
  const tellStep = (step: string) => onStep?.(`verifying: ${step}`);
  let verified: VerifiedArchive;
  try {
    const early = await verifier?.finish(path);
    early?.steps.forEach(tellStep);
    verified = early?.verified ??
      await verifyArchive({
        archivePath: path,
        minimal,
        publicKey,
        limits,
        signal,
        onStep: tellStep,
      });
  } catch (error) {
    // Another command may have moved the same download to its place: then nothing is wrong.
    const present = await findPresent(context, plan);
    if (present) return present;
    if (!signal?.aborted) await Deno.remove(path).catch(() => {});
    throw error;
  }
  const { full } = verified;
  if (!minimal) return { ...describe(full), archivePath: path, minimal, present: false };
  const entry = await seeds.put({
    archivePath: path,
    minimal,
    torrent,
    move: true,
    verified: true,
  });
  context.onVerified?.(entry);
  if ((await operations.status()).daemon) await operations.add({ fileName: entry.fileName });
  return { ...describe(minimal), archivePath: entry.archivePath, minimal, present: false };
}

function describe({ name, version, pubkey }: { name: string; version: string; pubkey: string }) {
  return { name, version, publisher: pubkey };
}

/** A path in `directory` for an archive that shall leave the seed directory. */
export function outsidePath(directory: string, got: Got): string {
  return join(directory, archiveFileName(got.name, got.version));
}
