/**
 * Names and contents of catalog files in the seed directory. A catalog lists all packages that one key of
 * a publisher has signed. The directory has catalogs of this home's own publisher and of publishers whose
 * packages this home looked up. Catalogs are seeded like archives, so every reader of a whole catalog also
 * spreads the catalog.
 *
 * `catalog-KEY.jsonl` is the current catalog of a publisher; its torrent lies beside it. The daemon seeds
 * a copy of the file, `catalog-KEY~INFOHASH.jsonl`. A newer catalog replaces the first file, not the copy.
 *
 * The index of a catalog (`catalog_index.ts`), `index-KEY.bin`, and a publisher's list of good archives
 * (`good_list.ts`), `good-KEY.bin`, are seeded in the same way. To the functions of this file they are
 * catalogs, too.
 *
 * @module
 */

import { join } from "node:path";
import { equalBytes, toHex } from "../base/mod.ts";
import type { Operations } from "../control/mod.ts";
import {
  catalogFileName,
  type GrownCatalog,
  MAX_CATALOG_BYTES,
  type TorrentOfBytes,
  torrentOfBytes,
} from "../package/mod.ts";
import { writeFileAtomic } from "../store/mod.ts";
import type { FindOptions } from "./find_record.ts";

/** Dependencies of fetching a catalog. `timeoutMs` is the time limit of the whole download. */
export interface CatalogContext extends FindOptions {
  operations: Operations;
  /** Absolute path of the seed directory. */
  seedDirectory: string;
  /**
   * Identity of the publisher, 32 bytes, at whose rendezvous peers are searched too. Default: the key that
   * has signed the list.
   */
  publisher?: Uint8Array;
}

/** The ending of a catalog, or of an index or a list of good archives. */
const ENDING = /\.(?:jsonl|bin)$/;

/** Returns the file name of a catalog's torrent: `catalog-KEY.torrent`. */
export function catalogTorrentName(fileName: string): string {
  return fileName.replace(ENDING, ".torrent");
}

/**
 * Whether a file name has the form `catalog-KEY.jsonl` or `catalog-KEY~INFOHASH.jsonl`, or that of an index
 * or a list of good archives: `index-` or `good-`, and `.bin`.
 */
export function isCatalogName(name: string): boolean {
  return /^(?:catalog-[0-9a-f]{16}(?:~[0-9a-f]{40})?\.jsonl|(?:good|index)-[0-9a-f]{16}(?:~[0-9a-f]{40})?\.bin)$/
    .test(name);
}

/** Whether a catalog's file name has an infohash in it, as seeded catalogs do. */
export function isKeptCatalogName(name: string): boolean {
  return isCatalogName(name) && name.includes("~");
}

/** Converts `catalog-KEY.jsonl` to `catalog-KEY~INFOHASH.jsonl`; the infohash has 40 hexadecimal digits. */
export function keptCatalogName(fileName: string, infoHashHex: string): string {
  return fileName.replace(ENDING, (ending) => `~${infoHashHex}${ending}`);
}

/** Converts `catalog-KEY~INFOHASH.jsonl` to `catalog-KEY.jsonl`. */
export function currentCatalogName(keptName: string): string {
  return keptName.replace(/~[0-9a-f]{40}/, "");
}

/** Content and torrent of a publisher's catalog in the seed directory. */
export interface PresentCatalog {
  bytes: Uint8Array;
  torrent: TorrentOfBytes;
  /** Whether it is the current catalog, and not a copy that a daemon seeds. */
  isCurrent: boolean;
}

/**
 * Writes a publisher's catalog and its torrent, each atomically.
 *
 * @param before the catalog that the new catalog extends, if any; the hashes of pieces that both catalogs
 * have in common are reused
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
 * Reads a publisher's catalog from the seed directory; returns `undefined` unless its infohash is
 * `infoHash`. The publisher signed that infohash in the announce record, so the signatures of the
 * catalog's lines need no further verification.
 *
 * @param infoHash 20 bytes
 */
export async function presentCatalog(
  seedDirectory: string,
  publicKey: Uint8Array,
  infoHash: Uint8Array,
): Promise<PresentCatalog | undefined> {
  return await presentFile(seedDirectory, catalogFileName(publicKey), infoHash, MAX_CATALOG_BYTES);
}

/**
 * Reads a catalog or a list of good archives from the seed directory: the current file, or the copy that a
 * daemon seeds. A process that ended before the record was put may have left a later current file than
 * the record names.
 *
 * @param fileName name of the current file
 * @param infoHash 20 bytes
 * @returns `undefined` if neither file has the infohash
 */
export async function presentFile(
  seedDirectory: string,
  fileName: string,
  infoHash: Uint8Array,
  maxBytes: number,
): Promise<PresentCatalog | undefined> {
  const current = await currentFile(seedDirectory, fileName, infoHash, maxBytes);
  if (current) return { ...current, isCurrent: true };
  const keptName = keptCatalogName(fileName, toHex(infoHash));
  const bytes = await readFileUpTo(join(seedDirectory, keptName), maxBytes);
  const torrent = bytes && torrentOfBytes(fileName, bytes);
  return bytes && torrent && equalBytes(torrent.infoHash, infoHash)
    ? { bytes, torrent, isCurrent: false }
    : undefined;
}

/** Reads a current file as {@linkcode presentFile} does, and no copy of it. */
export async function currentFile(
  seedDirectory: string,
  fileName: string,
  infoHash: Uint8Array,
  maxBytes: number,
): Promise<Pick<PresentCatalog, "bytes" | "torrent"> | undefined> {
  const bytes = await readFileUpTo(join(seedDirectory, fileName), maxBytes);
  const torrent = bytes && torrentOfBytes(fileName, bytes);
  return bytes && torrent && equalBytes(torrent.infoHash, infoHash)
    ? { bytes, torrent }
    : undefined;
}

/** Reads a regular file of at most `maxBytes`; returns `undefined` for any other, and if there is none. */
async function readFileUpTo(path: string, maxBytes: number): Promise<Uint8Array | undefined> {
  try {
    const info = await Deno.lstat(path);
    return info.isFile && info.size <= maxBytes ? await Deno.readFile(path) : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Makes a file that {@linkcode presentFile} has found the current one, unless it is that already. */
export async function makeCurrent(
  { operations, seedDirectory }: Pick<CatalogContext, "operations" | "seedDirectory">,
  fileName: string,
  { bytes, torrent, isCurrent }: PresentCatalog,
): Promise<void> {
  if (isCurrent) return;
  await writeFileAtomic(join(seedDirectory, fileName), bytes);
  await writeFileAtomic(join(seedDirectory, catalogTorrentName(fileName)), torrent.torrent);
  if ((await operations.status()).daemon) await operations.addCatalog({ fileName });
}
