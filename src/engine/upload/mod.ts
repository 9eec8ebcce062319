/**
 * Serving blocks to peers: queues of requests, fair queueing between peers, buffers.
 *
 * @module
 */

export { type BlockSource, type Run, RunBuffers } from "./block_run.ts";
export { type Request, RequestQueue } from "./request_queue.ts";
export { SpareBuffers } from "./spare_buffers.ts";
export { Turns, type Waiter } from "./turns.ts";
