/**
 * Errors of the worker thread.
 *
 * | code | kind | when |
 * | --- | --- | --- |
 * | `NOT_STARTED` | failed | a call came before the engine was started |
 * | `DHT_OFF` | network | there is no DHT manager |
 * | `WORKER_DIED` | failed | the thread has ended by an error |
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";

/** Makes the error `NOT_STARTED` of a call before the engine has been started. */
export function notStarted(): LibreseedError {
  return new LibreseedError("failed", "NOT_STARTED", "The engine has not been started");
}
