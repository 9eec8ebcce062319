/**
 * The engine's thread as its owner sees it.
 *
 * @module
 */

export { Batch } from "./batch.ts";
export { WorkerHost } from "./worker_host.ts";
