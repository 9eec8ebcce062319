/**
 * Reads the beginning of an archive without downloading the rest: the manifest, or one file. The bytes
 * come from the seed directory if the archive is there. Otherwise the host downloads the first pieces of
 * the torrent, each of which is verified against the infohash in the signed minimal manifest, and more
 * pieces only when the reader needs them.
 *
 * @module
 */

import { usableWebSeeds } from "../base/mod.ts";
import { parsePublicKey } from "../identity/mod.ts";
import {
  archiveFileName,
  type BeginningOptions,
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

/** Number of bytes that are requested at a time to read a file, beyond the bytes that are needed. */
const FILE_AHEAD_BYTES = 1024 * 1024;
/** Maximum length of a part that is read from the file at a time, in bytes. */
const PART_BYTES = 64 * 1024;

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
  const beginning = await openBeginning(context, wanted, listeners, 0);
  try {
    const read = await readBeginning(beginning.options);
    return { read, archivePath: beginning.archivePath, fetchedBytes: beginning.fetchedBytes() };
  } finally {
    await beginning.close();
  }
}

/**
 * Reads one file of an archive. The archive's format does not tell where a file begins, so everything
 * before the file is downloaded, too. Yields the bytes of the file in order; a chunk is valid until the
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
  const beginning = await openBeginning(context, wanted, listeners, FILE_AHEAD_BYTES);
  try {
    const read = yield* readFileOfBeginning(beginning.options, path);
    return { read, archivePath: beginning.archivePath, fetchedBytes: beginning.fetchedBytes() };
  } finally {
    await beginning.close();
  }
}

/** The bytes of an archive, in order, from the seed directory or from peers. */
interface OpenBeginning {
  options: BeginningOptions;
  archivePath?: string;
  /** Returns the number of bytes that were downloaded. */
  fetchedBytes(): number;
  close(): Promise<void>;
}

async function openBeginning(
  context: FetchContext,
  wanted: WantedBeginning,
  listeners: FetchListeners,
  aheadBytes: number,
): Promise<OpenBeginning> {
  const { seeds, limits, finding: { signal } } = context;
  const { minimal } = wanted;
  await acceptManifest(context, minimal, context.finding);
  const publicKey = parsePublicKey(minimal.pubkey);
  const entry = await seeds.find(minimal);
  if (entry?.minimal.archiveSha256 === minimal.archiveSha256) {
    const { archivePath } = entry;
    const chunks = partsOf({ lengthBytes: minimal.length, open: () => Deno.open(archivePath) });
    const options = { minimal, publicKey, limits, signal, chunks };
    return { options, archivePath, fetchedBytes: () => 0, close: () => Promise.resolve() };
  }
  const arriving = new ArrivingBytes(context, wanted, aheadBytes, listeners);
  const chunks = partsOf({
    lengthBytes: minimal.length,
    open: () => arriving.open(),
    until: (at) => arriving.until(at),
  });
  return {
    options: { minimal, publicKey, limits, signal, chunks },
    fetchedBytes: () => arriving.downloadedBytes,
    close: () => arriving.end(),
  };
}

/** A file that is read from its start. */
interface GrowingFile {
  /** Number of bytes to read. */
  lengthBytes: number;
  /** Opens the file, which may be another one each time; `undefined` if there is none at the moment. */
  open(): Promise<Deno.FsFile | undefined>;
  /** Waits for the byte at a position, and returns the number of bytes that are there. Default: all. */
  until?(at: number): Promise<number>;
}

/** Yields the bytes of a file in order. A chunk is valid until the next one is requested. */
export async function* partsOf(
  { lengthBytes, open, until }: GrowingFile,
): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(PART_BYTES);
  for (let at = 0; at < lengthBytes;) {
    const ready = Math.min(await until?.(at) ?? lengthBytes, lengthBytes);
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

/** The bytes of an archive's beginning, as they are downloaded. */
class ArrivingBytes {
  downloadedBytes = 0;
  readonly #context: FetchContext;
  readonly #minimal: MinimalManifest;
  readonly #aheadBytes: number;
  readonly #left = new AbortController();
  readonly #ended: Promise<void>;
  #path = "";
  #readyBytes = 0;
  #wantedBytes: number;
  #failure: { error: unknown } | undefined;
  #change = Promise.withResolvers<void>();

  constructor(
    context: FetchContext,
    { minimal, webSeeds = [] }: WantedBeginning,
    aheadBytes: number,
    { onProgress, onDetail }: FetchListeners,
  ) {
    const { btih: infoHash, length: lengthBytes, name, version } = minimal;
    this.#context = context;
    this.#minimal = minimal;
    this.#aheadBytes = aheadBytes;
    this.#wantedBytes = 1 + aheadBytes;
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
    ).then(() => this.#fail(moved(minimal)), (error) => this.#fail(error));
  }

  /** Waits for the byte at a position, and returns the number of bytes that are there. */
  async until(at: number): Promise<number> {
    const { operations, finding: { signal } } = this.#context;
    const wantedBytes = at + 1 + this.#aheadBytes;
    if (at >= this.#wantedBytes) {
      this.#wantedBytes = wantedBytes;
      await operations.widenPrefix({ infoHash: this.#minimal.btih, wantedBytes });
    }
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
  async open(): Promise<Deno.FsFile | undefined> {
    const path = this.#path;
    try {
      return await Deno.open(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    const entry = await this.#context.seeds.find(this.#minimal);
    if (entry?.minimal.archiveSha256 === this.#minimal.archiveSha256) {
      return await Deno.open(entry.archivePath);
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

  #fail(error: unknown): void {
    this.#failure = { error };
    this.#wake();
  }

  #wake(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }
}

/** Creates the error for an archive that another command has downloaded, and not kept. */
function moved({ name, version }: MinimalManifest): FetchingError {
  const message =
    `${name}@${version} was downloaded by another command, and is not there. Try again`;
  return new FetchingError("failed", "ARCHIVE_MOVED", message);
}
