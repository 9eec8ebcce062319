/**
 * Getting: find out what is wanted, download it into the seed directory, verify every step, and only
 * then give it its name or unpack it. Runs in the command's process.
 *
 * @module
 */

import { join } from "node:path";
import {
  type Clock,
  delay,
  formatHostPort,
  fromBase64,
  isIPv4Host,
  toBase64,
  toHex,
} from "../base/mod.ts";
import { type DownloadJson, noPeers, type Operations } from "../control/mod.ts";
import type { DownloadProgress, PeerCounts } from "../engine/mod.ts";
import { formatPublicKey, parsePublicKey } from "../identity/mod.ts";
import {
  archiveFileName,
  type ArchiveLimits,
  type MinimalManifest,
  namingFullDisk,
  torrentInfoHash,
  type VerifiedArchive,
  verifyArchive,
} from "../package/mod.ts";
import { type Magnet, targetOf } from "../records/mod.ts";
import type { SeedDirectory, ValidSeedEntry } from "../store/mod.ts";
import { FetchingError } from "./errors.ts";
import { findItem } from "./find_item.ts";
import { minimalOf } from "./manifest_item.ts";
import { partialPath } from "./partials.ts";
import { resolvePackage, type Wanted } from "./resolve.ts";
import { VerifyBehind } from "./verify_behind.ts";

/** How many peers that cannot be dialled are named. */
const MAX_TOLD = 5;

/** What getting works with. */
export interface GetContext {
  operations: Operations;
  seeds: SeedDirectory;
  clock: Clock;
  limits: ArchiveLimits;
  /** How long to look for the record, and then for a first peer, milliseconds. */
  timeoutMs: number;
  signal?: AbortSignal;
  /** Hears of an archive that is in place and was verified, so that nobody has to do it again. */
  onVerified?: (entry: ValidSeedEntry) => void;
  /** Hears each step, for people. */
  onStep?: (message: string) => void;
  /** Hears what is only worth telling somebody who asked for details. */
  onDetail?: (message: string) => void;
  onProgress?: (progress: DownloadProgress) => void;
}

/** What to get. */
export type GetRequest =
  | { kind: "package"; wanted: Wanted }
  /** A package that was resolved already. */
  | { kind: "minimal"; minimal: MinimalManifest }
  | { kind: "magnet"; magnet: Magnet }
  /** The bytes of a `.torrent`. */
  | { kind: "torrent"; torrent: Uint8Array };

/** An archive that was got. */
export interface Got {
  /** Absolute path of the archive. */
  archivePath: string;
  name: string;
  version: string;
  publisher: string;
  /** `undefined` if nothing named the publisher: the archive agrees with itself, no more. */
  minimal: MinimalManifest | undefined;
  /** Whether it was in the seed directory already. */
  present: boolean;
}

/** What is known before the download. */
interface Plan {
  infoHashHex: string;
  minimal?: MinimalManifest;
  publicKey?: Uint8Array;
  torrent?: Uint8Array;
  peers: string[];
}

/**
 * Gets an archive into the seed directory; one that nothing signed from outside is left beside it,
 * under a name that is no package's, for the caller to take.
 *
 * @throws {FetchingError} `RECORD_NOT_FOUND`, `VERSION_NOT_FOUND` (kind `not-found`), `DHT_UNREACHABLE`,
 * `NO_PEERS` (kind `network`), `RECORD_INVALID` (kind `verification`)
 * @throws {PackageError} whichever step of the verification chain failed; nothing is kept then
 */
export async function getArchive(context: GetContext, request: GetRequest): Promise<Got> {
  const plan = await planFor(context, request);
  const there = await alreadyThere(context, plan);
  if (there) return there;
  try {
    return await namingFullDisk({
      what: whatOf(plan),
      directory: context.seeds.path,
      neededBytes: () => plan.minimal?.length,
      otherwise: "give another directory with --dir",
    }, () => fetchArchive(context, plan));
  } catch (error) {
    context.signal?.throwIfAborted();
    // Another command may have wanted the same archive, and have put it in its place meanwhile.
    const since = await alreadyThere(context, plan);
    if (since) return since;
    throw error;
  }
}

/** The name of a package for people. */
function whatOf({ minimal, infoHashHex }: Plan): string {
  return minimal ? `${minimal.name}@${minimal.version}` : infoHashHex;
}

async function planFor(context: GetContext, request: GetRequest): Promise<Plan> {
  if (request.kind === "torrent") {
    const infoHashHex = infoHashOf(request.torrent);
    return { infoHashHex, torrent: request.torrent, peers: [] };
  }
  if (request.kind === "minimal") return planForMinimal(request.minimal);
  if (request.kind === "magnet") return await planForMagnet(context, request.magnet);
  const { name, range } = request.wanted;
  context.onStep?.(`looking for ${name}${range ? `@${range}` : ""}`);
  const { minimal } = await resolvePackage(context.operations, request.wanted, context);
  return planForMinimal(minimal);
}

function planForMinimal(minimal: MinimalManifest, peers: string[] = []): Plan {
  const publicKey = parsePublicKey(minimal.pubkey);
  return { infoHashHex: minimal.btih, minimal, publicKey, peers };
}

async function planForMagnet(context: GetContext, magnet: Magnet): Promise<Plan> {
  const { infoHash, publicKey, salt } = magnet;
  const peers = usablePeers(context, magnet);
  if (!publicKey || !salt) {
    if (infoHash) return { infoHashHex: toHex(infoHash), publicKey, peers };
    throw new FetchingError(
      "usage",
      "MAGNET_INCOMPLETE",
      "The magnet link names neither an archive (xt=urn:btih:) nor a publisher's record (xs=urn:btpk: with s=)",
    );
  }
  const publisher = formatPublicKey(publicKey);
  const what = `${magnet.name ?? toHex(targetOf(publicKey, salt))} of ${publisher}`;
  context.onStep?.(`looking for the record of ${what}`);
  const { item } = await findItem(context.operations, { publicKey, salt }, what, context);
  const minimal = minimalOf(item);
  if (!infoHash || minimal.btih === toHex(infoHash)) return planForMinimal(minimal, peers);
  throw new FetchingError(
    "verification",
    "RECORD_INVALID",
    `The magnet link names archive ${
      toHex(infoHash)
    }, but its publisher's record names ${minimal.btih}`,
  );
}

/**
 * The peers that a link names and that can be dialled, as `HOST:PORT`. The others are told of once: they
 * are hints, and somebody else may have added them.
 */
function usablePeers({ onDetail }: GetContext, { peers, unreadPeers = [] }: Magnet): string[] {
  const [usable, others] = [peers.filter(({ host }) => isIPv4Host(host)), new Set(unreadPeers)];
  for (const peer of peers) if (!isIPv4Host(peer.host)) others.add(formatHostPort(peer));
  if (others.size > 0) {
    const named = [...others].slice(0, MAX_TOLD).map((text) => JSON.stringify(text.slice(0, 80)));
    onDetail?.(
      `the magnet link names ${others.size} ${
        others.size === 1 ? "peer" : "peers"
      } that cannot be ` +
        `dialled, for want of an IPv4 address and a port: ${named.join(", ")}` +
        (others.size > MAX_TOLD ? ", …" : ""),
    );
  }
  return usable.map(formatHostPort);
}

async function alreadyThere({ seeds }: GetContext, { minimal }: Plan): Promise<Got | undefined> {
  if (!minimal) return undefined;
  const entry = await seeds.find(minimal);
  if (entry?.minimal.archiveSha256 !== minimal.archiveSha256) return undefined;
  return { ...describe(minimal), archivePath: entry.archivePath, minimal, present: true };
}

async function fetchArchive(context: GetContext, plan: Plan): Promise<Got> {
  const { operations, seeds, onStep, limits, signal } = context;
  const { minimal, publicKey } = plan;
  onStep?.(`downloading ${whatOf(plan)}`);
  const archivePath = partialPath(seeds.path, plan.infoHashHex);
  const behind = minimal &&
    new VerifyBehind({ archivePath, minimal, publicKey, limits, signal });
  const { path, torrent } = await downloadWithDeadline(
    context,
    {
      infoHash: plan.infoHashHex,
      lengthBytes: minimal?.length,
      maxBytes: limits.maxArchiveBytes,
      peers: plan.peers,
      torrent: plan.torrent && toBase64(plan.torrent),
    },
    behind,
    minimal,
  ).catch(async (error) => {
    await behind?.abandon();
    throw error;
  });
  const tellStep = (step: string) => onStep?.(`verifying: ${step}`);
  let verified: VerifiedArchive;
  try {
    const onItsWay = await behind?.finish(path);
    onItsWay?.steps.forEach(tellStep);
    verified = onItsWay?.verified ??
      await verifyArchive({
        archivePath: path,
        minimal,
        publicKey,
        limits,
        signal,
        onStep: tellStep,
      });
  } catch (error) {
    // Another command may have wanted the same archive, and have put it in its place.
    const there = await alreadyThere(context, plan);
    if (there) return there;
    if (!signal?.aborted) await Deno.remove(path).catch(() => {});
    throw error;
  }
  const { full } = verified;
  if (!minimal) return { ...describe(full), archivePath: path, minimal, present: false };
  const entry = await seeds.put({
    archivePath: path,
    minimal,
    torrent: fromBase64(torrent)!,
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

/** Gives up if no peer was found in time; once bytes flow, only a long stall ends the download. */
async function downloadWithDeadline(
  context: GetContext,
  request: DownloadJson,
  behind: VerifyBehind | undefined,
  minimal: MinimalManifest | undefined,
) {
  const { operations, clock, timeoutMs, signal, onProgress } = context;
  const ended = new AbortController();
  let lastMs = clock.now();
  let bytes = 0;
  let reach: PeerCounts | undefined;
  const stalled = new AbortController();
  const watch = (async () => {
    for (;;) {
      await delay(clock, Math.max(lastMs + timeoutMs - clock.now(), 1), ended.signal);
      if (clock.now() - lastMs >= timeoutMs) return stalled.abort();
    }
  })().catch(() => {});
  try {
    return await operations.download(request, {
      signal: signal ? AbortSignal.any([signal, stalled.signal]) : stalled.signal,
      onEvent: (progress) => {
        reach = progress.reach;
        if (progress.downloadedBytes > bytes) {
          bytes = progress.downloadedBytes;
          lastMs = clock.now();
        }
        behind?.tell(progress);
        onProgress?.(progress);
      },
    });
  } catch (error) {
    if (!stalled.signal.aborted || signal?.aborted) throw error;
    const what = minimal ? `${minimal.name}@${minimal.version}` : request.infoHash;
    throw noPeers({
      what,
      waitedMs: timeoutMs,
      downloadedBytes: bytes,
      hasRecord: minimal !== undefined,
      reach,
    }, error);
  } finally {
    ended.abort();
    await watch;
  }
}

/** @throws {FetchingError} `TORRENT_INVALID` (kind `usage`) */
function infoHashOf(torrent: Uint8Array): string {
  const infoHash = torrentInfoHash(torrent);
  if (infoHash) return toHex(infoHash);
  throw new FetchingError("usage", "TORRENT_INVALID", "The file is no .torrent (BEP 3)");
}

/** A path in `directory` for an archive that is to be kept outside the seed directory. */
export function outsidePath(directory: string, got: Got): string {
  return join(directory, archiveFileName(got.name, got.version));
}
