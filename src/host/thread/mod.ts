/**
 * The engine's thread, as the host uses it.
 *
 * - `worker_handle.ts` is the handle of the thread: calls with an `AbortSignal`, events, detection of a
 *   dead or hung thread, and a bounded stop. The messages themselves are in `src/worker`.
 * - `batch.ts` collects rows about the thread's work and writes them together.
 *
 * @module
 */

export { Batch } from "./batch.ts";
export { WorkerHandle } from "./worker_handle.ts";
