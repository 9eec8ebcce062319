/**
 * Catalogs in the seed directory: a publisher's own, and those of publishers whose packages were
 * looked for. Each is seeded like an archive, so whoever reads one helps to spread it.
 *
 * @module
 */

import { join } from "node:path";
import { equalBytes, toHex } from "../base/mod.ts";
import { named, type Operations } from "../control/mod.ts";
import { formatPublicKey } from "../identity/mod.ts";
import {
  type Catalog,
  catalogFileName,
  type GrownCatalog,
  MAX_CATALOG_BYTES,
  parseCatalogInTurns,
  type TorrentOfBytes,
  torrentOfBytes,
} from "../package/mod.ts";
import { moveIntoPlace, writeFileAtomic } from "../store/mod.ts";
import { FetchingError } from "./errors.ts";
import type { FindOptions } from "./find_item.ts";

/** The dependencies of reading a catalog; `timeoutMs` is the limit of its download. */
export interface CatalogContext extends FindOptions {
  operations: Operations;
  /** Absolute path of the seed directory. */
  seedDirectory: string;
}

/** File name of the torrent beside a catalog. */
function catalogTorrentName(fileName: string): string {
  return fileName.replace(/\.jsonl$/, ".torrent");
}

/** Whether a file of the seed directory is to be looked at as a catalog, by either of its names. */
export function isCatalogName(name: string): boolean {
  return /^catalog-[0-9a-f]{16}(~[0-9a-f]{40})?\.jsonl$/.test(name);
}

/** Whether a catalog's file name is the one with its infohash, from which it is seeded. */
export function isKeptCatalogName(name: string): boolean {
  return isCatalogName(name) && name.includes("~");
}

/** The name with the infohash (40 hexadecimal digits) of the catalog `catalog-KEY.jsonl`. */
export function keptCatalogName(fileName: string, infoHashHex: string): string {
  return fileName.replace(/\.jsonl$/, `~${infoHashHex}.jsonl`);
}

/** The reverse of {@linkcode keptCatalogName}. */
export function currentCatalogName(keptName: string): string {
  return keptName.replace(/~[0-9a-f]{40}/, "");
}

/** A publisher's catalog as it lies in the seed directory. */
export interface PresentCatalog {
  bytes: Uint8Array;
  torrent: TorrentOfBytes;
}

/**
 * Writes a publisher's catalog and its torrent, each whole or not at all.
 *
 * @param before what lies there now, if the new one was made of it
 * @returns the torrent's infohash, 20 bytes
 */
export async function writeCatalog(
  seedDirectory: string,
  publicKey: Uint8Array,
  { bytes, sameBytes }: GrownCatalog,
  before?: PresentCatalog,
): Promise<Uint8Array> {
  const fileName = catalogFileName(publicKey);
  await writeFileAtomic(join(seedDirectory, fileName), bytes);
  const known = before && { torrent: before.torrent, sameBytes };
  const { torrent, infoHash } = torrentOfBytes(fileName, bytes, known);
  await writeFileAtomic(join(seedDirectory, catalogTorrentName(fileName)), torrent);
  return infoHash;
}

/**
 * A publisher's catalog, if the one in the seed directory is this one: if it is that which the
 * publisher's own announce record names, then the publisher has verified and signed all of it, and
 * nobody has to do so again.
 *
 * @param infoHash 20 bytes
 */
export async function presentCatalog(
  seedDirectory: string,
  publicKey: Uint8Array,
  infoHash: Uint8Array,
): Promise<PresentCatalog | undefined> {
  const fileName = catalogFileName(publicKey);
  const path = join(seedDirectory, fileName);
  try {
    const info = await Deno.lstat(path);
    if (!info.isFile || info.size > MAX_CATALOG_BYTES) return undefined;
    const bytes = await Deno.readFile(path);
    const torrent = torrentOfBytes(fileName, bytes);
    return equalBytes(torrent.infoHash, infoHash) ? { bytes, torrent } : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/**
 * The catalog that an announce record points to: the one in the seed directory if it is that one,
 * else downloaded, checked line by line, and kept there.
 *
 * @param infoHash 20 bytes
 * @throws {FetchingError} `CATALOG_UNREACHABLE` (kind `network`)
 * @throws {PackageError} `CATALOG_TOO_LARGE`, `CATALOG_INVALID` (kind `verification`)
 * @throws {EngineError} `TORRENT_TOO_LARGE` (kind `verification`)
 */
export async function fetchCatalog(
  { operations, seedDirectory, clock, timeoutMs, signal }: CatalogContext,
  publicKey: Uint8Array,
  infoHash: Uint8Array,
): Promise<Catalog> {
  const present = await presentCatalog(seedDirectory, publicKey, infoHash);
  if (present) return await parseCatalogInTurns(present.bytes, publicKey, signal);
  const deadline = new AbortController();
  const timer = clock.after(timeoutMs, () => deadline.abort());
  const late = deadline.signal;
  const signals = signal ? [signal, late] : [late];
  const request = { infoHash: toHex(infoHash), maxBytes: MAX_CATALOG_BYTES };
  const { path, torrent } = await operations.download(request, { signal: AbortSignal.any(signals) })
    .catch((cause) => {
      signal?.throwIfAborted();
      if (!late.aborted) throw named(cause, `The catalog of ${formatPublicKey(publicKey)}`);
      throw new FetchingError(
        "network",
        "CATALOG_UNREACHABLE",
        `The catalog of ${formatPublicKey(publicKey)} (${
          toHex(infoHash)
        }) could not be fetched within ${
          Math.round(timeoutMs / 1_000)
        } s: nobody seeds it, or too slowly`,
        { cause },
      );
    })
    .finally(() => timer.cancel());
  let catalog: Catalog;
  try {
    catalog = await parseCatalogInTurns(await Deno.readFile(path), publicKey, signal);
  } catch (error) {
    await Deno.remove(path).catch(() => {});
    throw error;
  }
  const fileName = catalogFileName(publicKey);
  await writeFileAtomic(join(seedDirectory, catalogTorrentName(fileName)), torrent);
  await moveIntoPlace(path, join(seedDirectory, fileName));
  if ((await operations.status()).daemon) await operations.addCatalog({ fileName });
  return catalog;
}

/** The versions of each package, in the order in which they come. */
export function versionsByName(
  packages: Iterable<{ name: string; version: string }>,
): Map<string, string[]> {
  const versions = new Map<string, string[]>();
  for (const { name, version } of packages) {
    const before = versions.get(name);
    if (before) before.push(version);
    else versions.set(name, [version]);
  }
  return versions;
}
