/**
 * Reads what a publisher's key offers of single packages from the index of its catalog, without the rest
 * of the catalog. The bytes come from the index in the seed directory if it is there, otherwise from peers;
 * the host verifies each piece against the infohash in the announce record.
 *
 * @module
 */

import { join } from "node:path";
import { equalBytes, toHex, usableWebSeeds } from "../base/mod.ts";
import { named, type RangesRead } from "../control/mod.ts";
import { formatPublicKey } from "../identity/mod.ts";
import {
  buildIndex,
  INDEX_ENTRY_BYTES,
  INDEX_PIECE_BYTES,
  type IndexedPackage,
  indexFileName,
  IndexHead,
  type IndexRange,
  indexSizes,
  MAX_CATALOG_BYTES,
  type MinimalManifest,
  PackageError,
  torrentOfBytes,
} from "../package/mod.ts";
import { writeFileAtomic } from "../store/mod.ts";
import { type CatalogContext, catalogTorrentName, currentFile } from "./catalog_files.ts";
import { FetchingError } from "./errors.ts";

/** Maximum number of versions whose manifests are read at once; they take 133 kB. */
const MAX_MANIFESTS = 1_000;

/** An index that an announce record names. */
export interface WantedIndex {
  /** The key that signed the record, 32 bytes. */
  publicKey: Uint8Array;
  /** Infohash of the index in the record, 20 bytes. */
  infoHash: Uint8Array;
  /** Web seeds in the record. */
  webSeeds?: readonly string[];
}

/** The index of a publisher's catalog, as far as it is needed. */
export class CatalogIndex {
  readonly #context: CatalogContext;
  readonly #wanted: WantedIndex;
  readonly #head: IndexHead;

  private constructor(context: CatalogContext, wanted: WantedIndex, head: IndexHead) {
    this.#context = context;
    this.#wanted = wanted;
    this.#head = head;
  }

  /**
   * Reads the head of an index.
   *
   * @param signal ends this read; those of `context` and of later calls are others
   * @throws {FetchingError} `CATALOG_UNREACHABLE` (kind `network`)
   * @throws {PackageError} `CATALOG_INVALID` (kind `verification`)
   */
  static async open(
    given: CatalogContext,
    wanted: WantedIndex,
    signal: AbortSignal | undefined = given.signal,
  ): Promise<CatalogIndex> {
    const context = { ...given, signal };
    const { bytes, lengthBytes } = await read(context, wanted, {
      start: 0,
      end: INDEX_PIECE_BYTES,
    });
    const sizes = indexSizes(bytes, lengthBytes);
    const { headBytes } = sizes;
    const all = headBytes > bytes.length
      ? (await read(context, wanted, { start: 0, end: headBytes })).bytes
      : bytes;
    return new CatalogIndex(given, wanted, new IndexHead(all, sizes, wanted.publicKey));
  }

  /**
   * Reads the line of a package: one piece of the index, or the next one too if the line goes on in it.
   *
   * @returns `undefined` if the key offers no such package
   * @throws as {@linkcode CatalogIndex.open}
   */
  async packageOf(name: string, signal?: AbortSignal): Promise<IndexedPackage | undefined> {
    const range = this.#head.rangeOf(name);
    if (!range) return undefined;
    const pieceEnd = (Math.floor(range.start / INDEX_PIECE_BYTES) + 1) * INDEX_PIECE_BYTES;
    const beginning = { ...range, end: Math.min(range.end, pieceEnd) };
    const found = this.#head.read(await this.#read(beginning, signal), name);
    if (found !== "more") return found;
    const whole = this.#head.read(await this.#read(range, signal), name);
    return whole === "more" ? undefined : whole;
  }

  /**
   * Reads the manifest of a version, and verifies its signature.
   *
   * @returns `undefined` if the index does not have it
   * @throws as {@linkcode CatalogIndex.open}
   */
  async manifestOf(
    name: string,
    version: string,
    signal?: AbortSignal,
  ): Promise<MinimalManifest | undefined> {
    const listed = await this.packageOf(name, signal);
    const range = listed && this.#head.entryRange(listed, version);
    if (!range) return undefined;
    return this.#head.manifestOf(await this.#read(range, signal), name, version);
  }

  /**
   * Reads the manifests of all versions of a package, and verifies their signatures. Manifests that the
   * index does not have, or that do not hold, are left out, as a reader of the catalog leaves out a line.
   *
   * @returns none if the package has more than {@linkcode MAX_MANIFESTS} versions
   * @throws as {@linkcode CatalogIndex.open}
   */
  async manifestsOf(name: string, signal?: AbortSignal): Promise<MinimalManifest[]> {
    const listed = await this.packageOf(name, signal);
    const { versions = [] } = listed ?? {};
    if (!listed || versions.length === 0 || versions.length > MAX_MANIFESTS) return [];
    const { start } = this.#head.entryRange(listed, versions[0]!)!;
    const { end } = this.#head.entryRange(listed, versions.at(-1)!)!;
    const bytes = await this.#read({ start, end }, signal);
    return versions.flatMap((version, index) => {
      const entry = bytes.subarray(index * INDEX_ENTRY_BYTES, (index + 1) * INDEX_ENTRY_BYTES);
      try {
        return this.#head.manifestOf(entry, name, version) ?? [];
      } catch (error) {
        if (error instanceof PackageError) return [];
        throw error;
      }
    });
  }

  async #read(range: IndexRange, signal = this.#context.signal): Promise<Uint8Array> {
    return (await read({ ...this.#context, signal }, this.#wanted, range)).bytes;
  }
}

async function read(
  { operations, seedDirectory, clock, timeoutMs, signal, publisher }: CatalogContext,
  { publicKey, infoHash, webSeeds = [] }: WantedIndex,
  range: IndexRange,
): Promise<RangesRead> {
  const fileName = indexFileName(publicKey);
  const present = await currentFile(seedDirectory, fileName, infoHash, MAX_CATALOG_BYTES);
  if (present) {
    const bytes = present.bytes.subarray(range.start, range.end);
    return { bytes, lengthBytes: present.bytes.length, downloadedBytes: 0 };
  }
  const deadline = new AbortController();
  const timer = clock.after(timeoutMs, () => deadline.abort());
  const late = deadline.signal;
  const signals = signal ? [signal, late] : [late];
  const what = `The index of the catalog of ${formatPublicKey(publicKey)}`;
  try {
    return await operations.readRanges({
      infoHash: toHex(infoHash),
      maxBytes: MAX_CATALOG_BYTES,
      ranges: [range],
      webSeeds: usableWebSeeds(webSeeds),
      fileName,
      publisher: publisher ?? publicKey,
    }, { signal: AbortSignal.any(signals) });
  } catch (cause) {
    signal?.throwIfAborted();
    if (!late.aborted) throw named(cause, what);
    const seconds = Math.round(timeoutMs / 1_000);
    throw new FetchingError(
      "network",
      "CATALOG_UNREACHABLE",
      `${what} (${
        toHex(infoHash)
      }) could not be read within ${seconds} s: nobody seeds it, or too slowly`,
      { cause },
    );
  } finally {
    timer.cancel();
  }
}

/**
 * Makes the index of a catalog in the seed directory, with its torrent, unless it is there, and lets a
 * running daemon seed it. A holder of the catalog makes the index, so it is never downloaded whole.
 *
 * @param catalog bytes of the catalog
 * @param infoHash infohash of the index in the announce record, 20 bytes; if absent, the index is made for
 * a record that is yet to be written
 * @param announce whether to wait until the index is announced
 * @returns the infohash of the index; `undefined` if there is none, or another one than `infoHash`
 */
export async function keepIndex(
  { operations, seedDirectory, signal }: Pick<
    CatalogContext,
    "operations" | "seedDirectory" | "signal"
  >,
  publicKey: Uint8Array,
  catalog: Uint8Array,
  { infoHash, announce }: { infoHash?: Uint8Array; announce?: boolean } = {},
): Promise<Uint8Array | undefined> {
  const fileName = indexFileName(publicKey);
  const present = infoHash &&
    await currentFile(seedDirectory, fileName, infoHash, MAX_CATALOG_BYTES);
  if (!present) {
    const bytes = await buildIndex(catalog, publicKey, signal);
    if (!bytes) return undefined;
    const made = torrentOfBytes(fileName, bytes);
    if (infoHash && !equalBytes(made.infoHash, infoHash)) return undefined;
    await writeFileAtomic(join(seedDirectory, fileName), bytes);
    await writeFileAtomic(join(seedDirectory, catalogTorrentName(fileName)), made.torrent);
    infoHash = made.infoHash;
  }
  if ((await operations.status()).daemon) {
    await operations.addCatalog({ fileName, announce }, { signal });
  }
  return infoHash;
}
