/**
 * Fetches the catalog that a publisher's announce record names, verifies the catalog line by line, and
 * saves the catalog in the seed directory.
 *
 * @module
 */

import { join } from "node:path";
import { toHex, usableWebSeeds } from "../base/mod.ts";
import { named } from "../control/mod.ts";
import { formatPublicKey } from "../identity/mod.ts";
import {
  type Catalog,
  catalogFileName,
  MAX_CATALOG_BYTES,
  namingFullDisk,
  parseCatalogInTurns,
} from "../package/mod.ts";
import type { AnnounceRecord } from "../records/mod.ts";
import { moveIntoPlace, writeFileAtomic } from "../store/mod.ts";
import {
  type CatalogContext,
  catalogTorrentName,
  makeCurrent,
  presentCatalog,
} from "./catalog_files.ts";
import { keepIndex } from "./catalog_index.ts";
import { FetchingError } from "./errors.ts";

/** The members of an announce record that name a catalog. */
export type CatalogRecord =
  & Required<Pick<AnnounceRecord, "catalogInfoHash">>
  & Pick<AnnounceRecord, "indexInfoHash" | "webSeeds">;

/**
 * Reads a catalog from the seed directory. If the catalog is missing, downloads it there first.
 * Makes the catalog's index, too, if the record names one.
 *
 * @param record the announce record that names the catalog, decoded
 * @throws {FetchingError} `CATALOG_UNREACHABLE` (kind `network`)
 * @throws {PackageError} `CATALOG_TOO_LARGE`, `CATALOG_INVALID` (kind `verification`); `DISK_FULL`
 * @throws {EngineError} `TORRENT_TOO_LARGE` (kind `verification`)
 */
export async function fetchCatalog(
  context: CatalogContext,
  publicKey: Uint8Array,
  record: CatalogRecord,
): Promise<Catalog> {
  return await namingFullDisk({
    what: `the catalog of ${formatPublicKey(publicKey)}`,
    directory: context.seedDirectory,
    otherwise: "give another directory with --dir",
  }, () => fetchOrRead(context, publicKey, record));
}

async function fetchOrRead(
  context: CatalogContext,
  publicKey: Uint8Array,
  record: CatalogRecord,
): Promise<Catalog> {
  const { operations, seedDirectory, clock, timeoutMs, signal } = context;
  const { catalogInfoHash: infoHash, indexInfoHash, webSeeds = [] } = record;
  const present = await presentCatalog(seedDirectory, publicKey, infoHash);
  if (present) {
    const catalog = await parseCatalogInTurns(present.bytes, publicKey, signal);
    await makeCurrent(context, catalogFileName(publicKey), present);
    if (indexInfoHash) {
      await keepIndex(context, publicKey, present.bytes, { infoHash: indexInfoHash });
    }
    return catalog;
  }
  const deadline = new AbortController();
  const timer = clock.after(timeoutMs, () => deadline.abort());
  const late = deadline.signal;
  const signals = signal ? [signal, late] : [late];
  const request = {
    infoHash: toHex(infoHash),
    maxBytes: MAX_CATALOG_BYTES,
    webSeeds: usableWebSeeds(webSeeds),
    fileName: catalogFileName(publicKey),
    publisher: context.publisher ?? publicKey,
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
  const bytes = await Deno.readFile(path);
  let catalog: Catalog;
  try {
    catalog = await parseCatalogInTurns(bytes, publicKey, signal);
  } catch (error) {
    await Deno.remove(path).catch(() => {});
    throw error;
  }
  const fileName = catalogFileName(publicKey);
  await writeFileAtomic(join(seedDirectory, catalogTorrentName(fileName)), torrent);
  await moveIntoPlace(path, join(seedDirectory, fileName));
  if ((await operations.status()).daemon) await operations.addCatalog({ fileName });
  if (indexInfoHash) await keepIndex(context, publicKey, bytes, { infoHash: indexInfoHash });
  return catalog;
}
