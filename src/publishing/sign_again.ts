/**
 * Signs the packages of this home again after its signing key was replaced. What the old key has signed
 * stays good only as long as that key is not revoked, and only while somebody finds its records. A
 * manifest by the new key vouches for the same archive. The archives stay as they are.
 *
 * @module
 */

import semver from "semver";
import { equalBytes, LibreseedError, refuseEarlyClock, toHex } from "../base/mod.ts";
import { checkAccepted, webSeedsBeside } from "../fetching/mod.ts";
import { formatPublicKey, identityOf, type Signer } from "../identity/mod.ts";
import {
  archiveFileName,
  describeArchive,
  type MinimalManifest,
  signingKeyOf,
  signMinimal,
  torrentInfoHash,
  withWebSeeds,
} from "../package/mod.ts";
import type { ValidSeedEntry } from "../store/mod.ts";
import { type Trust, TrustError } from "../trust/mod.ts";
import { updateAnnounceRecord } from "./announce_record.ts";
import type { ListedPackages } from "./listed_packages.ts";
import type { PublishContext } from "./publish.ts";
import { updateNameIndex } from "./name_index_entry.ts";
import { putPublisherRecordOnce } from "./publisher_record.ts";
import { itemToPut, storeManifest } from "./put_manifest.ts";

/** Result of {@linkcode signAgain}. */
export interface SignedAgain {
  /** The new manifests. */
  signed: MinimalManifest[];
  /** Packages that could not be signed again, as `NAME@VERSION`, with the reason. */
  failed: { label: string; error: LibreseedError }[];
}

/** The dependencies of {@linkcode signAgain}. */
export interface SignAgainContext extends PublishContext {
  trust: Trust;
  listed: ListedPackages;
  /** Time limit for reading the list of good archives (ms). */
  timeoutMs: number;
}

/**
 * Signs packages of this home's identity that another of its keys has signed, and puts the records by the
 * new key: manifest records, list, name index entries. The packages are those that this home has published,
 * and if the other key is revoked, those that stay good. A thief of the other key may have signed the rest. Without the DHT the records are kept, so that
 * `libreseed announce` can put them later.
 *
 * @param signer the key in force; packages whose name its certificate does not cover are left as they are
 * @throws {LibreseedError} `CLOCK_BEHIND`
 * @throws {PublishingError} the errors of `putPublisherRecord`
 */
export async function signAgain(context: SignAgainContext, signer: Signer): Promise<SignedAgain> {
  const { operations, seeds, clock, signal } = context;
  refuseEarlyClock(clock.now());
  await putPublisherRecordOnce(context, signer);
  const result: SignedAgain = { signed: [], failed: [] };
  for (const entry of await otherwiseSigned(context, signer)) {
    const label = `${entry.name}@${entry.version}`;
    try {
      context.onStep?.(`signing ${label} again`);
      const { name, version, archiveSha256, btih, length } = entry.minimal;
      const fields = { name, version, archiveSha256, btih, length, timestamp: clock.now() };
      const minimal = await signMinimal(fields, signer);
      const webSeeds = await webSeedsBeside(entry.torrentPath);
      const item = await itemToPut(context, () => Promise.resolve(signer), minimal, webSeeds);
      const torrent = withWebSeeds(await torrentOf(entry, signal), webSeeds);
      const { archivePath } = entry;
      context.onVerified?.(await seeds.put({ archivePath, minimal, torrent, signal }));
      const outcome = await storeManifest(operations, minimal, item, signal);
      if ("kind" in outcome) context.onWarning?.(outcome.message);
      result.signed.push(minimal);
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof LibreseedError)) throw error;
      result.failed.push({ label, error });
    }
  }
  if (result.signed.length > 0) {
    await updateAnnounceRecord(context, signer, result.signed, clock.now());
    for (const newest of newestOfEach(result.signed)) {
      await updateNameIndex(context, signer, newest);
    }
  }
  return result;
}

/** Returns the valid packages of the signer's identity that another key has signed, to sign again. */
async function otherwiseSigned(
  context: SignAgainContext,
  signer: Signer,
): Promise<ValidSeedEntry[]> {
  const identity = formatPublicKey(identityOf(signer));
  const signed: ValidSeedEntry[] = [];
  for (const entry of await context.seeds.list()) {
    const isOther = entry.problem === undefined && entry.minimal.pubkey === identity &&
      !equalBytes(signingKeyOf(entry.minimal), signer.publicKey);
    if (isOther && await mayVouchFor(context, entry.minimal)) signed.push(entry);
  }
  return signed;
}

/** Whether the publisher means a package that another of its keys has signed. */
async function mayVouchFor(
  context: SignAgainContext,
  minimal: MinimalManifest,
): Promise<boolean> {
  if (!context.trust.revocationOf(minimal)) return context.listed.isPublishedHere(minimal);
  try {
    await checkAccepted(context, minimal, minimal.archiveSha256, context);
    return true;
  } catch (error) {
    if (error instanceof TrustError) return false;
    throw error;
  }
}

/** Returns the torrent of an archive: the one beside it, or, if that is none of it, a new one. */
async function torrentOf(
  { archivePath, torrentPath, name, version, minimal }: ValidSeedEntry,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  try {
    const torrent = await Deno.readFile(torrentPath);
    const infoHash = torrentInfoHash(torrent);
    if (infoHash && toHex(infoHash) === minimal.btih) return torrent;
  } catch {
    // A file that is missing, or is no torrent, is made anew.
  }
  return (await describeArchive(archivePath, { name: archiveFileName(name, version), signal }))
    .torrent;
}

/** Returns the highest version of each name, a stable one if there is any. */
function newestOfEach(manifests: readonly MinimalManifest[]): MinimalManifest[] {
  const newest = new Map<string, MinimalManifest>();
  for (const one of manifests) {
    const before = newest.get(one.name);
    if (!before || isNewer(one.version, before.version)) newest.set(one.name, one);
  }
  return [...newest.values()];
}

function isNewer(version: string, before: string): boolean {
  const [isStable, wasStable] = [version, before].map((one) => semver.prerelease(one) === null);
  return isStable === wasStable ? semver.gt(version, before) : isStable!;
}
