/**
 * One pass over an archive: its SHA-256 and, if wanted, SHA-1 of its pieces and a copy of it, in two
 * threads if it is long enough for them. With a copy, what is hashed is what landed in it, so that
 * whoever writes to the archive meanwhile alters nothing unnoticed. What each thread does is in
 * `pass_steps.ts`.
 *
 * @module
 */

import { pieceLengthFor, SHA1_BYTES, SHA256_BYTES } from "../torrent/mod.ts";
import { type OpenArchive, unreadable } from "./archive_file.ts";
import { CHUNK_BYTES, fileChanged, type FileWriter, isSameFile, writeFailed } from "./files.ts";
import {
  type PassFailure,
  type PassPlan,
  PassState,
  PassSteps,
  PassStopped,
  rangeBytesFor,
} from "./pass_steps.ts";
import { Thread, usefulThreads } from "./threads.ts";

/** Below this, an archive is hashed before a thread has started. */
const THREAD_BYTES = 16 * 1024 * 1024;

/** What {@linkcode ArchivePass.start} is told. */
export interface PassOptions {
  source: OpenArchive;
  /** Where the bytes go, after those that are in it already. */
  copy?: FileWriter;
  /** Whether SHA-1 of the pieces is wanted. */
  pieces: boolean;
  /** Whether there may be threads at all: more than 0. */
  threads?: number;
  signal?: AbortSignal;
  /** Hears how many bytes more are copied and hashed piece by piece. What it throws ends the pass. */
  onProgress?: (bytes: number) => void;
}

/** What a pass found. */
export interface PassHashes {
  /** 32 bytes. */
  sha256: Uint8Array;
  /** 20 bytes for each piece, one after the other; none if they were not wanted. */
  pieces: Uint8Array;
}

/** A pass on its way. Disposing of it ends it, and resolves when no thread is left. */
export class ArchivePass implements AsyncDisposable {
  readonly #options: PassOptions;
  readonly #plan: PassPlan;
  readonly #state: PassState;
  readonly #done: Promise<void>;
  /** What whoever hears of the progress threw. */
  #thrown: { error: unknown } | undefined;
  #news = Promise.withResolvers<void>();

  /** Begins. Errors are told by {@linkcode ArchivePass.finish}. */
  static async start(options: PassOptions): Promise<ArchivePass> {
    const { source, copy, pieces } = options;
    const { dev, ino, size, mtime, ctime } = source.info;
    const mark = await copy?.mark();
    const lengthBytes = size + (mark?.size ?? 0);
    const pieceCount = pieces ? Math.ceil(lengthBytes / pieceLengthFor(lengthBytes)) : 0;
    // A thread may go to this very path, and to no link that leads there.
    const path = await Deno.realPath(source.path).catch((cause) => {
      throw unreadable(source.path, cause);
    });
    return new ArchivePass(options, {
      source: { path, mark: { dev, ino, size, mtime, ctime } },
      copy: copy && mark && { path: copy.path, mark, headBytes: mark.size },
      lengthBytes,
      sha256: new Uint8Array(new SharedArrayBuffer(SHA256_BYTES)),
      pieces: pieces ? new Uint8Array(new SharedArrayBuffer(pieceCount * SHA1_BYTES)) : undefined,
      shared: PassState.memoryFor(lengthBytes),
    });
  }

  private constructor(options: PassOptions, plan: PassPlan) {
    this.#options = options;
    this.#plan = plan;
    this.#state = new PassState(plan.shared);
    const { threads = usefulThreads() } = options;
    this.#done = this.#run(threads > 0 && plan.lengthBytes >= THREAD_BYTES);
    // Heard when somebody asks for what it found.
    this.#done.catch(() => {});
  }

  /**
   * The bytes that are hashed, from the first to the last, as they land; each chunk is valid until the
   * next one is asked for. Throws what {@linkcode ArchivePass.finish} throws.
   */
  async *chunks(): AsyncGenerator<Uint8Array> {
    const { lengthBytes, source, copy } = this.#plan;
    const rangeBytes = rangeBytesFor(lengthBytes);
    using file = await Deno.open((copy ?? source).path);
    const buffer = new Uint8Array(CHUNK_BYTES);
    let landed = copy ? 0 : this.#state.ranges;
    for (let at = 0; at < lengthBytes;) {
      while (landed * rangeBytes <= at) {
        const news = this.#news.promise;
        if (this.#state.hasLanded(landed)) landed++;
        else if (this.#state.stopped) await this.#done;
        else await news;
      }
      this.#options.signal?.throwIfAborted();
      const left = Math.min(landed * rangeBytes, lengthBytes) - at;
      const length = await file.read(buffer.subarray(0, left));
      if (length === null) throw fileChanged((copy ?? source).path);
      at += length;
      yield buffer.subarray(0, length);
    }
  }

  /**
   * What it found, once all is done.
   *
   * @throws {PackageError} `FILE_CHANGED`, `ARCHIVE_UNREADABLE`, `WRITE_FAILED`, `THREAD_DIED`
   */
  async finish(): Promise<PassHashes> {
    await this.#done;
    const { source } = this.#options;
    if (!isSameFile(source.info, await source.file.stat())) throw fileChanged(source.path);
    const { sha256, pieces } = this.#plan;
    return { sha256: new Uint8Array(sha256), pieces: new Uint8Array(pieces ?? []) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#state.stop();
    await this.#done.catch(() => {});
  }

  async #inThreads(): Promise<void> {
    const plan = this.#plan;
    const write = plan.copy ? [plan.copy.path] : [];
    const files = { read: [plan.source.path, ...write], write };
    const parts = plan.copy || plan.pieces ? ["whole", "help"] as const : ["whole"] as const;
    using threads = new DisposableStack();
    const asked = parts.map(async (part) => {
      try {
        const thread = threads.use(new Thread(files, (range) => this.#land(range)));
        return await thread.ask({ order: "pass", plan, part });
      } catch (error) {
        // The other would wait for one that died.
        this.#state.stop();
        throw error;
      }
    });
    for (const end of await Promise.allSettled(asked)) {
      if (end.status === "rejected") throw end.reason;
      const { stopped } = end.value;
      if (stopped?.failure) throw this.#errorOf(stopped.failure);
    }
  }

  async #here(): Promise<void> {
    try {
      using steps = new PassSteps(this.#plan);
      for (const range of steps.whole()) {
        if (range !== undefined) this.#land(range);
        // Nobody else has a turn while a range is read and hashed; here they have.
        await this.#options.source.file.stat();
      }
    } catch (error) {
      this.#state.stop();
      if (!(error instanceof PassStopped)) throw error;
      if (error.failure) throw this.#errorOf(error.failure);
    }
  }

  async #run(isThreaded: boolean): Promise<void> {
    const { signal } = this.#options;
    const stop = () => this.#state.stop();
    signal?.addEventListener("abort", stop);
    try {
      signal?.throwIfAborted();
      await (isThreaded ? this.#inThreads() : this.#here());
      signal?.throwIfAborted();
      if (this.#thrown) throw this.#thrown.error;
      if (this.#state.hashed < this.#state.ranges) throw new PassStopped(undefined);
    } finally {
      // Whoever waits for bytes hears of it.
      this.#state.stop();
      signal?.removeEventListener("abort", stop);
      this.#tell();
    }
  }

  #land(range: number): void {
    const { lengthBytes } = this.#plan;
    const rangeBytes = rangeBytesFor(lengthBytes);
    const bytes = Math.min(rangeBytes, lengthBytes - range * rangeBytes);
    this.#options.copy?.written(bytes);
    try {
      this.#options.onProgress?.(bytes);
    } catch (error) {
      this.#thrown ??= { error };
      this.#state.stop();
    }
    this.#tell();
  }

  #tell(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }

  #errorOf({ reason, message }: PassFailure): Error {
    const { source, copy } = this.#options;
    if (reason === "changed") return fileChanged(source.path);
    const cause = new Error(message);
    return reason === "write" ? writeFailed(copy!.path, cause) : unreadable(source.path, cause);
  }
}
