/**
 * The host's view of the worker thread, in which the torrent engine and the DHT nodes run.
 *
 * - `worker_handle.ts` is the handle of the thread: calls with an `AbortSignal`, events, detection of a
 *   dead or hung thread, and a bounded stop. `src/worker` defines the messages.
 * - `worker_events.ts` passes events to the listener or the call that they are for.
 * - `questions.ts` answers the questions that peers ask the thread at a rendezvous.
 * - `batch.ts` collects rows about the thread's results and writes them to the database in batches.
 *
 * @module
 */

export { Batch } from "./batch.ts";
export { WorkerHandle } from "./worker_handle.ts";
