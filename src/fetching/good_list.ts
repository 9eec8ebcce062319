/**
 * A publisher's list of good archives, if it is too long for the publisher record: what stays good although
 * a revoked key has signed it. The record names the infohash of the list, so the root key vouches for it.
 * The list lies in the seed directory and is seeded like a catalog.
 *
 * @module
 */

import { join } from "node:path";
import { toHex } from "../base/mod.ts";
import { named } from "../control/mod.ts";
import { formatPublicKey } from "../identity/mod.ts";
import { torrentOfBytes } from "../package/mod.ts";
import { decodeGoodList, encodeGoodList, GOOD_HASH_BYTES, isGoodList } from "../records/mod.ts";
import { moveIntoPlace, writeFileAtomic } from "../store/mod.ts";
import {
  type CatalogContext,
  catalogTorrentName,
  makeCurrent,
  presentFile,
} from "./catalog_files.ts";
import { FetchingError } from "./errors.ts";

/** Maximum number of archives in a list. */
const MAX_GOOD = 100_000;
/** Maximum length of a list, bytes. */
const MAX_BYTES = MAX_GOOD * GOOD_HASH_BYTES;

/** Returns the file name of a publisher's list: `good-`, 16 hexadecimal digits of the root key, `.bin`. */
export function goodListFileName(root: Uint8Array): string {
  return `good-${toHex(root.subarray(0, 8))}.bin`;
}

/**
 * Writes a publisher's list and its torrent into the seed directory, each atomically. Returns the
 * torrent's infohash, 20 bytes.
 *
 * @param hashes SHA-256 of the archives, 32 bytes or their first 16, 1 to 100,000
 * @throws {FetchingError} `GOOD_LIST_TOO_LONG`
 * @throws {StoreError} disk errors
 */
export async function writeGoodList(
  seedDirectory: string,
  root: Uint8Array,
  hashes: readonly Uint8Array[],
): Promise<Uint8Array> {
  const bytes = encodeGoodList(hashes);
  if (bytes.length > MAX_BYTES) {
    throw new FetchingError(
      "usage",
      "GOOD_LIST_TOO_LONG",
      `A list of good archives has at most ${MAX_GOOD} of them, not ${
        bytes.length / GOOD_HASH_BYTES
      }`,
    );
  }
  const fileName = goodListFileName(root);
  const { torrent, infoHash } = torrentOfBytes(fileName, bytes);
  await writeFileAtomic(join(seedDirectory, fileName), bytes);
  await writeFileAtomic(join(seedDirectory, catalogTorrentName(fileName)), torrent);
  return infoHash;
}

/**
 * Returns the archives in a publisher's list, the first 16 bytes of the SHA-256 of each. Downloads the list
 * into the seed directory if it is not there, and has a running daemon seed it.
 *
 * @param infoHash infohash in the publisher record, 20 bytes
 * @throws {FetchingError} `GOOD_LIST_UNREACHABLE` (kind `network`), `GOOD_LIST_INVALID` (kind
 * `verification`)
 * @throws {EngineError} `TORRENT_TOO_LARGE` (kind `verification`)
 */
export async function fetchGoodList(
  context: CatalogContext,
  root: Uint8Array,
  infoHash: Uint8Array,
): Promise<Uint8Array[]> {
  const { operations, seedDirectory, clock, timeoutMs, signal } = context;
  const fileName = goodListFileName(root);
  const present = await presentFile(seedDirectory, fileName, infoHash, MAX_BYTES);
  if (present && isGoodList(present.bytes)) {
    await makeCurrent(context, fileName, present);
    return decodeGoodList(present.bytes);
  }
  const what = `The list of good archives of ${formatPublicKey(root)}`;
  const deadline = new AbortController();
  const timer = clock.after(timeoutMs, () => deadline.abort());
  const signals = signal ? [signal, deadline.signal] : [deadline.signal];
  const request = { infoHash: toHex(infoHash), maxBytes: MAX_BYTES, fileName, publisher: root };
  const { path, torrent } = await operations.download(request, { signal: AbortSignal.any(signals) })
    .catch((cause) => {
      signal?.throwIfAborted();
      if (!deadline.signal.aborted) throw named(cause, what);
      throw new FetchingError(
        "network",
        "GOOD_LIST_UNREACHABLE",
        `${what} (${toHex(infoHash)}) could not be fetched within ${
          Math.round(timeoutMs / 1_000)
        } s: nobody seeds it, or too slowly`,
        { cause },
      );
    })
    .finally(() => timer.cancel());
  const bytes = await Deno.readFile(path);
  if (!isGoodList(bytes)) {
    await Deno.remove(path).catch(() => {});
    throw new FetchingError(
      "verification",
      "GOOD_LIST_INVALID",
      `${what} (${toHex(infoHash)}) is no sorted list of hashes`,
    );
  }
  await writeFileAtomic(join(seedDirectory, catalogTorrentName(fileName)), torrent);
  await moveIntoPlace(path, join(seedDirectory, fileName));
  if ((await operations.status()).daemon) await operations.addCatalog({ fileName });
  return decodeGoodList(bytes);
}
