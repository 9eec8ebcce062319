/**
 * Reads the manifest of an archive, or one file, without downloading the rest. The bytes come from the
 * seed directory if the archive is there. Otherwise the host downloads the first pieces of the torrent,
 * each of which is verified against the infohash in the signed minimal manifest, and more pieces only
 * when the reader needs them.
 *
 * @module
 */

import { delay, usableWebSeeds } from "../base/mod.ts";
import { parsePublicKey } from "../identity/mod.ts";
import {
  archiveFileName,
  type FileOptions,
  type FullManifest,
  type MinimalManifest,
  type OpenedFile,
  readBeginning,
  readFileOfBeginning,
} from "../package/mod.ts";
import { acceptManifest } from "./accept.ts";
import type { FetchContext, FetchListeners } from "./context.ts";
import { FetchingError } from "./errors.ts";
import { downloadUntilStalled } from "./stall_timeout.ts";

/** An archive whose beginning is wanted. */
export interface WantedBeginning {
  minimal: MinimalManifest;
  /** URLs of the archive's web seeds. */
  webSeeds?: readonly string[];
}

/** A part of an archive that was read, and the number of bytes downloaded for it. */
export interface ReadBeginning<T> {
  read: T;
  /** Path of the archive in the seed directory; absent if the archive is not there. */
  archivePath?: string;
  /** Number of downloaded bytes of the archive; 0 if it was in the seed directory. */
  fetchedBytes: number;
}

/**
 * Number of bytes that are requested at a time to read a file whose place is unknown, beyond the bytes
 * that are needed.
 */
const FILE_AHEAD_BYTES = 1024 * 1024;
/** Length of a part of a file's range that is wanted at a time, in bytes; the next one is wanted, too. */
const RANGE_PART_BYTES = 4 * 1024 * 1024;
/** Maximum length of a part that is read from the file at a time, in bytes. */
const PART_BYTES = 64 * 1024;
/**
 * Pause between two looks for an archive that another command has downloaded and is about to keep (ms),
 * and the maximum number of looks. The command verifies the archive first and writes the files beside it,
 * and it may be slow on a busy machine.
 */
const LOOK_AGAIN_MS = 100;
const MAX_LOOKS = 100;

/**
 * Reads and verifies the full manifest of an archive. Downloads the one or few pieces that hold it.
 *
 * @throws {ControlError} `NO_PEERS` (kind `network`)
 * @throws {PackageError} kind `verification`
 */
export async function fetchManifest(
  context: FetchContext,
  wanted: WantedBeginning,
  listeners: FetchListeners = {},
): Promise<ReadBeginning<FullManifest>> {
  const beginning = await openBeginning(context, wanted, listeners);
  try {
    const read = await readBeginning(beginning.options);
    return { read, archivePath: beginning.archivePath, fetchedBytes: beginning.fetchedBytes() };
  } finally {
    await beginning.close();
  }
}

/**
 * Reads one file of an archive. Downloads the archive's list of members, the manifest, and the members
 * that hold the file. Of an archive without a list, or with a wrong one, everything before the file is
 * downloaded, too. Yields the bytes of the file in order; a chunk is valid until the
 * next one is requested. Ends when the file's SHA-256 is that of the signed manifest.
 *
 * @param path path of the file in the archive
 * @throws {ControlError} `NO_PEERS` (kind `network`)
 * @throws {PackageError} `FILE_NOT_IN_PACKAGE` (kind `not-found`), or kind `verification`
 */
export async function* fetchFile(
  context: FetchContext,
  wanted: WantedBeginning,
  path: string,
  listeners: FetchListeners = {},
): AsyncGenerator<Uint8Array, ReadBeginning<OpenedFile>> {
  const beginning = await openBeginning(context, wanted, listeners);
  try {
    const read = yield* readFileOfBeginning(beginning.options, path);
    return { read, archivePath: beginning.archivePath, fetchedBytes: beginning.fetchedBytes() };
  } finally {
    await beginning.close();
  }
}

/** The bytes of an archive, from the seed directory or from peers. */
interface OpenBeginning {
  options: FileOptions;
  archivePath?: string;
  /** Returns the number of bytes that were downloaded. */
  fetchedBytes(): number;
  close(): Promise<void>;
}

async function openBeginning(
  context: FetchContext,
  wanted: WantedBeginning,
  listeners: FetchListeners,
): Promise<OpenBeginning> {
  const { seeds, limits, finding: { signal } } = context;
  const { minimal } = wanted;
  await acceptManifest(context, minimal, context.finding);
  const publicKey = parsePublicKey(minimal.pubkey);
  const entry = await seeds.find(minimal);
  if (entry?.minimal.archiveSha256 === minimal.archiveSha256) {
    const { archivePath } = entry;
    const range = (start: number, end: number) =>
      partsOf({ start, end, open: () => Deno.open(archivePath) });
    const chunks = range(0, minimal.length);
    const options = { minimal, publicKey, limits, signal, chunks, range };
    return { options, archivePath, fetchedBytes: () => 0, close: () => Promise.resolve() };
  }
  const arriving = new ArrivingBytes(context, wanted, listeners);
  const maxHeadBytes = Math.min(limits.maxManifestBytes, minimal.length);
  return {
    options: {
      ...{ minimal, publicKey, limits, signal, chunks: arriving.beginning() },
      range: (start, end) => arriving.range(start, end),
      onHead: (bytes) => arriving.expect(Math.min(bytes, maxHeadBytes)),
      onNoPlace: () => arriving.readAhead(FILE_AHEAD_BYTES),
    },
    fetchedBytes: () => arriving.downloadedBytes,
    close: () => arriving.end(),
  };
}

/** A range of a file that is read in order. */
interface GrowingFile {
  /** Position of the first byte to read. Default: 0. */
  start?: number;
  /** Position behind the last byte to read. */
  end: number;
  /** Opens the file, which may be another one each time; `undefined` if there is none at the moment. */
  open(): Promise<Deno.FsFile | undefined>;
  /** Waits for the byte at a position, and returns the number of bytes that are there. Default: all. */
  until?(at: number): Promise<number>;
}

/** Yields a range of bytes of a file in order. A chunk is valid until the next one is requested. */
export async function* partsOf(
  { start = 0, end, open, until }: GrowingFile,
): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(PART_BYTES);
  for (let at = start; at < end;) {
    const ready = Math.min(await until?.(at) ?? end, end);
    const file = await open();
    if (!file) continue;
    let count: number | null;
    try {
      await file.seek(at, Deno.SeekMode.Start);
      count = await file.read(buffer.subarray(0, Math.min(buffer.length, ready - at)));
    } finally {
      file.close();
    }
    if (count === null) throw new Error("The file of an archive ends too early");
    at += count;
    yield buffer.subarray(0, count);
  }
}

/** The bytes of an archive's beginning, and ranges of its bytes, as they are downloaded. */
class ArrivingBytes {
  downloadedBytes = 0;
  readonly #context: FetchContext;
  readonly #minimal: MinimalManifest;
  readonly #left = new AbortController();
  readonly #ended: Promise<void>;
  #path = "";
  #readyBytes = 0;
  #aheadBytes = 0;
  #wantedBytes = 1;
  #failure: { error: unknown } | undefined;
  /** Number of looks for the archive since another command has downloaded all of it; absent before. */
  #looks: number | undefined;
  #change = Promise.withResolvers<void>();

  constructor(
    context: FetchContext,
    { minimal, webSeeds = [] }: WantedBeginning,
    { onProgress, onDetail }: FetchListeners,
  ) {
    const { btih: infoHash, length: lengthBytes, name, version } = minimal;
    this.#context = context;
    this.#minimal = minimal;
    const { operations, limits, finding } = context;
    const { signal } = finding;
    const either = signal ? AbortSignal.any([signal, this.#left.signal]) : this.#left.signal;
    this.#ended = downloadUntilStalled(
      {
        status: operations.status,
        download: async ({ torrent: _, peers: __, ...request }, { signal, onEvent } = {}) => {
          await operations.downloadPrefix({
            ...request,
            lengthBytes,
            wantedBytes: this.#wantedBytes,
          }, {
            signal,
            onEvent: (progress) => {
              this.#path = progress.path;
              this.#readyBytes = progress.readyBytes;
              onEvent?.(progress);
            },
          });
          return { path: this.#path, torrent: new Uint8Array() };
        },
      },
      { ...finding, signal: either },
      {
        request: {
          ...{ infoHash, lengthBytes, maxBytes: limits.maxArchiveBytes },
          webSeeds: usableWebSeeds(webSeeds),
          fileName: archiveFileName(name, version),
          publisher: parsePublicKey(minimal.pubkey),
        },
        label: `${name}@${version}`,
        ...{ hasRecord: true, isDiscarded: true, onDetail },
        onProgress: (progress) => {
          this.downloadedBytes = progress.downloadedBytes;
          onProgress?.(progress);
          this.#wake();
        },
      },
    ).then(() => this.#complete(), (error) => this.#fail(error));
  }

  /** Yields all bytes of the archive from its start. */
  beginning(): AsyncGenerator<Uint8Array> {
    return partsOf({
      end: this.#minimal.length,
      open: () => this.#open(),
      until: (at) => this.#until(at),
    });
  }

  /**
   * Yields a range of bytes without what is before it. If the host cannot have the range downloaded
   * alone, because it downloads the whole archive, waits until everything before the range has
   * come.
   */
  async *range(start: number, end: number): AsyncGenerator<Uint8Array> {
    const endOf = (from: number) => Math.min(from + RANGE_PART_BYTES, end);
    let wanted = this.#want(start, endOf(start));
    for (let from = start; from < end; from = endOf(from)) {
      const to = endOf(from);
      let path = await wanted;
      if (to < end) wanted = this.#want(to, endOf(to));
      yield* partsOf({
        ...{ start: from, end: to },
        until: async (at) => {
          if (path !== undefined) return to;
          await this.#widen(to);
          return await this.#until(at);
        },
        open: async () => {
          if (path === undefined) return await this.#open();
          const file = await openIfThere(path);
          if (!file) path = undefined;
          return file;
        },
      });
    }
  }

  /** Has so many bytes of the beginning downloaded at once. */
  expect(bytes: number): void {
    // An error of the host ends the download, which the reader hears.
    this.#widen(bytes).catch(() => {});
  }

  /** Has more bytes of the beginning downloaded than are needed, from now on. */
  readAhead(bytes: number): void {
    this.#aheadBytes = bytes;
  }

  /** Waits for the byte at a position, and returns the number of bytes that are there. */
  async #until(at: number): Promise<number> {
    const { signal } = this.#context.finding;
    if (at >= this.#wantedBytes) await this.#widen(at + 1 + this.#aheadBytes);
    while (this.#readyBytes <= at) {
      signal?.throwIfAborted();
      if (this.#failure) throw this.#failure.error;
      await this.#change.promise;
    }
    return this.#readyBytes;
  }

  /**
   * Opens the file with the bytes. If another command has downloaded the whole archive meanwhile, it may
   * be in the seed directory by now.
   *
   * @returns `undefined` if the bytes are to come again, in another file
   */
  async #open(): Promise<Deno.FsFile | undefined> {
    const path = this.#path;
    // Nothing is at the empty path, the initial one, and the thread may not look there.
    const file = path === "" ? undefined : await openIfThere(path);
    if (file) return file;
    const entry = await this.#context.seeds.find(this.#minimal);
    if (entry?.minimal.archiveSha256 === this.#minimal.archiveSha256) {
      return await Deno.open(entry.archivePath);
    }
    if (this.#looks !== undefined) {
      if (++this.#looks > MAX_LOOKS) throw moved(this.#minimal);
      const { clock, signal } = this.#context.finding;
      await delay(clock, LOOK_AGAIN_MS, signal);
      return undefined;
    }
    // The host may have told of the other file meanwhile.
    if (this.#path === path) this.#readyBytes = 0;
    return undefined;
  }

  /** Ends the download. Resolves when its file is deleted, if this process downloads. */
  async end(): Promise<void> {
    this.#left.abort();
    await this.#ended;
  }

  async #widen(wantedBytes: number): Promise<void> {
    if (wantedBytes <= this.#wantedBytes) return;
    this.#wantedBytes = wantedBytes;
    const { operations } = this.#context;
    await operations.widenPrefix({ infoHash: this.#minimal.btih, wantedBytes });
  }

  /** Waits until a file has a range of bytes, and returns its path; `undefined` if none will have it. */
  async #want(start: number, end: number): Promise<string | undefined> {
    const { operations, finding: { signal } } = this.#context;
    const signals = signal ? [signal, this.#left.signal] : [this.#left.signal];
    try {
      const request = { infoHash: this.#minimal.btih, start, end };
      const { path } = await operations.wantRange(request, { signal: AbortSignal.any(signals) });
      return path;
    } catch {
      // If the download has failed, waiting for its beginning throws. The daemon of an earlier version
      // does not know the operation, but downloads the beginning.
      return undefined;
    }
  }

  /**
   * Another command has downloaded all of the archive. The bytes are in its file, or will be in the seed
   * directory.
   */
  #complete(): void {
    this.#looks = 0;
    this.#readyBytes = this.#minimal.length;
    this.#wake();
  }

  #fail(error: unknown): void {
    this.#failure = { error };
    this.#left.abort();
    this.#wake();
  }

  #wake(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }
}

/** Opens a file for reading; `undefined` if it does not exist. */
async function openIfThere(path: string): Promise<Deno.FsFile | undefined> {
  try {
    return await Deno.open(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Creates the error for an archive that another command has downloaded, and not kept. */
function moved({ name, version }: MinimalManifest): FetchingError {
  const message =
    `${name}@${version} was downloaded by another command, and is not there. Try again`;
  return new FetchingError("failed", "ARCHIVE_MOVED", message);
}
