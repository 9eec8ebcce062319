/**
 * Threads that compress, hash and write files in parallel with the thread that uses them. The results do not
 * depend on the number of threads. The caller hands in how a thread is started; `thread.ts` is the
 * code that runs in the threads.
 *
 * @module
 */

import { PackageError } from "../errors.ts";
import type { Answer, Order } from "./thread.ts";

/** Maximum number of threads. Each takes about 26 MB, and packing should take at most 200 MB. */
const MAX_THREADS = 6;

/**
 * Returns the number of threads that are useful on this machine; 0 if the machine has a single
 * processor.
 */
export function usefulThreads(): number {
  const processors = navigator.hardwareConcurrency;
  return processors < 2 ? 0 : Math.min(processors, MAX_THREADS);
}

/** The files and directories that a thread may read and write, as absolute paths. */
export interface ThreadFiles {
  read: string[];
  write: string[];
}

/** A running thread, as {@linkcode StartThread} returns it. */
export interface StartedThread {
  /** The channel to the thread. */
  readonly port: MessagePort;
  /** Resolves with the reason if the thread dies by an error, or does not start. */
  readonly died: Promise<string>;
  /** Ends the thread at once, and closes the channel. */
  terminate(): void;
}

/**
 * Starts a thread that runs `thread.ts`, has permission for the given files, and no other
 * permission. Returns `undefined` if no further thread may be started.
 */
export type StartThread = (files: ThreadFiles) => StartedThread | undefined;

/** A thread that compresses, hashes and writes files. */
export class Thread implements Disposable {
  readonly #started: StartedThread;
  readonly #pending: PromiseWithResolvers<Answer>[] = [];
  #failure: PackageError | undefined;

  /**
   * Starts at most `count` threads. Without `start`, none.
   *
   * @param onProgress called with each finished range of a pass
   */
  static startSome(
    count: number,
    start: StartThread | undefined,
    files: ThreadFiles = { read: [], write: [] },
    onProgress?: (range: number) => void,
  ): Thread[] {
    const threads: Thread[] = [];
    while (start && threads.length < count) {
      const started = start(files);
      if (!started) break;
      threads.push(new Thread(started, onProgress));
    }
    return threads;
  }

  private constructor(started: StartedThread, onProgress?: (range: number) => void) {
    this.#started = started;
    started.port.onmessage = ({ data }: MessageEvent<Answer>) => {
      if (data.range === undefined) this.#pending.shift()?.resolve(data);
      else onProgress?.(data.range);
    };
    started.died.then((why) => {
      const message = `A thread that compresses, hashes and writes files died: ${why}`;
      this.#fail(new PackageError("failed", "THREAD_DIED", message));
    });
  }

  /** Number of orders that have not been answered yet. */
  get load(): number {
    return this.#pending.length;
  }

  /** Sends an order. Its buffers are transferred to the thread, and returned with the answer. */
  ask(order: Order): Promise<Answer> {
    if (this.#failure) return Promise.reject(this.#failure);
    const asked = Promise.withResolvers<Answer>();
    // The caller may have failed and stopped waiting, so a rejection must not count as unhandled.
    asked.promise.catch(() => {});
    this.#pending.push(asked);
    this.#started.port.postMessage(order, buffersOf(order));
    return asked.promise;
  }

  [Symbol.dispose](): void {
    this.#started.terminate();
    this.#fail(new PackageError("failed", "THREAD_DIED", "The thread was ended."));
  }

  #fail(failure: PackageError): void {
    this.#failure ??= failure;
    for (const { reject } of this.#pending.splice(0)) reject(failure);
  }
}

/** The buffers that are transferred with an order. */
function buffersOf(order: Order): ArrayBuffer[] {
  const views = order.order === "compress"
    ? [order.input, order.output]
    : order.order === "write"
    ? [order.bytes]
    : [];
  return views.map(({ buffer }) => buffer as ArrayBuffer);
}
