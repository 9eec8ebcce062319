/**
 * Fetches the catalog that a publisher's announce record names, verifies the catalog line by line, and
 * saves the catalog in the seed directory.
 *
 * @module
 */

import { join } from "node:path";
import { toHex, usableWebSeeds } from "../base/mod.ts";
import { named, type Operations } from "../control/mod.ts";
import { formatPublicKey } from "../identity/mod.ts";
import {
  type Catalog,
  catalogFileName,
  MAX_CATALOG_BYTES,
  parseCatalogInTurns,
} from "../package/mod.ts";
import { moveIntoPlace, writeFileAtomic } from "../store/mod.ts";
import { catalogTorrentName, presentCatalog } from "./catalog_files.ts";
import { FetchingError } from "./errors.ts";
import type { FindOptions } from "./find_record.ts";

/** Dependencies of fetching a catalog. `timeoutMs` is the time limit of the whole download. */
export interface CatalogContext extends FindOptions {
  operations: Operations;
  /** Absolute path of the seed directory. */
  seedDirectory: string;
}

/**
 * Reads a catalog from the seed directory. If the catalog is missing, downloads it there first.
 *
 * @param infoHash infohash in the announce record, 20 bytes
 * @param webSeeds web seeds in the announce record
 * @throws {FetchingError} `CATALOG_UNREACHABLE` (kind `network`)
 * @throws {PackageError} `CATALOG_TOO_LARGE`, `CATALOG_INVALID` (kind `verification`)
 * @throws {EngineError} `TORRENT_TOO_LARGE` (kind `verification`)
 */
export async function fetchCatalog(
  { operations, seedDirectory, clock, timeoutMs, signal }: CatalogContext,
  publicKey: Uint8Array,
  infoHash: Uint8Array,
  webSeeds: readonly string[] = [],
): Promise<Catalog> {
  const present = await presentCatalog(seedDirectory, publicKey, infoHash);
  if (present) return await parseCatalogInTurns(present.bytes, publicKey, signal);
  const deadline = new AbortController();
  const timer = clock.after(timeoutMs, () => deadline.abort());
  const late = deadline.signal;
  const signals = signal ? [signal, late] : [late];
  const request = {
    infoHash: toHex(infoHash),
    maxBytes: MAX_CATALOG_BYTES,
    webSeeds: usableWebSeeds(webSeeds),
    fileName: catalogFileName(publicKey),
  };
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
