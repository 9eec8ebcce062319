/**
 * Errors of the worker thread.
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";

/** Makes the error `NOT_STARTED` of a call before the engine has been started. */
export function notStarted(): LibreseedError {
  return new LibreseedError("failed", "NOT_STARTED", "The engine has not been started");
}
