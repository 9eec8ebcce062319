/**
 * Catalogs in the seed directory: of this home's publisher, and of publishers whose packages this home
 * looked for. Each is seeded like an archive, so every reader of a catalog helps to spread it.
 *
 * `catalog-KEY.jsonl` is the current catalog of a publisher, beside its torrent. The daemon seeds a
 * hard link with the infohash in its name, `catalog-KEY~INFOHASH.jsonl`, which a newer catalog does not
 * replace.
 *
 * @module
 */

import { join } from "node:path";
import { equalBytes } from "../base/mod.ts";
import {
  catalogFileName,
  type GrownCatalog,
  MAX_CATALOG_BYTES,
  type TorrentOfBytes,
  torrentOfBytes,
} from "../package/mod.ts";
import { writeFileAtomic } from "../store/mod.ts";

/** File name of the torrent beside a catalog. */
export function catalogTorrentName(fileName: string): string {
  return fileName.replace(/\.jsonl$/, ".torrent");
}

/** Whether a file name is that of a catalog, current or with an infohash. */
export function isCatalogName(name: string): boolean {
  return /^catalog-[0-9a-f]{16}(~[0-9a-f]{40})?\.jsonl$/.test(name);
}

/** Whether a file name is that of a seeded catalog, with an infohash. */
export function isKeptCatalogName(name: string): boolean {
  return isCatalogName(name) && name.includes("~");
}

/** The name with an infohash (40 hexadecimal digits) for the catalog `catalog-KEY.jsonl`. */
export function keptCatalogName(fileName: string, infoHashHex: string): string {
  return fileName.replace(/\.jsonl$/, `~${infoHashHex}.jsonl`);
}

/** The inverse of {@linkcode keptCatalogName}. */
export function currentCatalogName(keptName: string): string {
  return keptName.replace(/~[0-9a-f]{40}/, "");
}

/** A publisher's catalog in the seed directory. */
export interface PresentCatalog {
  bytes: Uint8Array;
  torrent: TorrentOfBytes;
}

/**
 * Writes a publisher's catalog and its torrent, each atomically.
 *
 * @param before the present catalog, if the new one extends it; its piece hashes are reused
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
 * A publisher's catalog in the seed directory, if it has this infohash. An infohash from the publisher's
 * own announce record vouches for every line, so the caller need not verify them again.
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
