/**
 * Threads that compress and hash in parallel with the thread that starts them. The results do not
 * depend on the number of threads. `thread.ts` is the code that runs in the threads.
 *
 * @module
 */

import { PackageError } from "../errors.ts";
import type { Answer, Order } from "./thread.ts";

/** Entry module of a thread. The compiled program contains this module as a bundle. */
const THREAD = new URL("./thread.ts", import.meta.url);
/** Maximum number of threads. Each takes about 26 MB, and packing should take at most 200 MB. */
const MAX_THREADS = 6;

/**
 * Number of bytes from which threads are worth the second that Deno 2.9.4 takes to start a thread
 * from a thread. Fewer bytes are compressed and hashed sooner by the calling thread.
 */
const SLOW_START_BYTES = 192 << 20;

/**
 * Returns the number of threads worth starting on this machine; 0 if the machine has a single
 * processor, or if the bytes are too few.
 *
 * @param bytes number of bytes to compress or hash
 * @param isThread whether the caller runs in a thread that is not the main thread
 */
export function usefulThreads(
  bytes: number,
  isThread = "WorkerGlobalScope" in globalThis,
): number {
  const processors = navigator.hardwareConcurrency;
  if (processors < 2 || isThread && bytes < SLOW_START_BYTES) return 0;
  return Math.min(processors, MAX_THREADS);
}

/** The files that a thread may read and write, as absolute paths without links. */
export interface ThreadFiles {
  read: string[];
  write: string[];
}

/** Returns the permissions of a thread that gets these files: the files and nothing else. */
export function threadPermissions(files: ThreadFiles): Deno.PermissionOptionsObject {
  return { ...files, net: false, env: false, sys: false, run: false, ffi: false, import: false };
}

/** A worker thread. Its only permissions are for the given files; it has no network access. */
export class Thread implements Disposable {
  readonly #worker: Worker;
  readonly #pending: PromiseWithResolvers<Answer>[] = [];
  #failure: PackageError | undefined;

  /** @param onProgress called with each finished range of a pass */
  constructor(files?: ThreadFiles, onProgress?: (range: number) => void) {
    this.#worker = new Worker(THREAD, {
      type: "module",
      name: "libreseed-package",
      deno: { permissions: files ? threadPermissions(files) : "none" },
    });
    this.#worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => {
      if (data.range === undefined) this.#pending.shift()?.resolve(data);
      else onProgress?.(data.range);
    });
    this.#worker.addEventListener("error", (event) => {
      // Prevent the default, because an unhandled error would end the program with a stack trace.
      event.preventDefault();
      const message = `A thread that compresses and hashes died: ${event.message}`;
      this.#fail(new PackageError("failed", "THREAD_DIED", message));
    });
  }

  /** Number of orders that have not been answered yet. */
  get load(): number {
    return this.#pending.length;
  }

  /** Sends an order. The buffer is transferred to the thread, and returned with the answer. */
  ask(order: Order): Promise<Answer> {
    if (this.#failure) return Promise.reject(this.#failure);
    const asked = Promise.withResolvers<Answer>();
    // The caller may have failed and stopped waiting, so a rejection must not count as unhandled.
    asked.promise.catch(() => {});
    this.#pending.push(asked);
    const moved = "bytes" in order ? [order.bytes.buffer as ArrayBuffer] : [];
    this.#worker.postMessage(order, moved);
    return asked.promise;
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
    this.#fail(new PackageError("failed", "THREAD_DIED", "The thread was ended."));
  }

  #fail(failure: PackageError): void {
    this.#failure ??= failure;
    for (const { reject } of this.#pending.splice(0)) reject(failure);
  }
}
