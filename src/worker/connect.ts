/**
 * The main thread's end of the worker: starts the thread with narrowed permissions, passes its events on,
 * and ends it.
 *
 * @module
 */

import { type Remote, wrap } from "comlink";
import { errorFromData, LibreseedError, type LibreseedError as Failure } from "../base/mod.ts";
import { type SandboxOptions, workerPermissions } from "./permissions.ts";
import type { WorkerApi, WorkerEvent } from "./protocol.ts";
import { transferErrors } from "./transfer_errors.ts";

/** The bundle of `main.ts`, made by `deno task bundle` and embedded in a compiled binary. */
const BUNDLE = new URL("../../dist/worker.js", import.meta.url);

/** Callbacks for the events of a running worker. */
export interface WorkerListeners {
  onEvent: (event: Exclude<WorkerEvent, { event: "failure" }>) => void;
  /** Called when the engine has failed or the thread has died; the worker cannot go on. */
  onFailure: (error: Failure) => void;
}

/** A running worker. */
export interface WorkerConnection {
  readonly api: Remote<WorkerApi>;
  /** Ends the thread at once. */
  terminate(): void;
}

let transferring = false;

/** Starts the worker's thread; its engine waits for `api.start`. */
export function connectWorker(
  sandbox: SandboxOptions,
  listeners: WorkerListeners,
): WorkerConnection {
  if (!transferring) {
    transferErrors();
    transferring = true;
  }
  const worker = new Worker(BUNDLE, {
    type: "module",
    name: "libreseed-engine",
    deno: { permissions: workerPermissions(sandbox) },
  });
  worker.addEventListener("message", ({ data }: MessageEvent<WorkerEvent>) => {
    if (data?.event === undefined) return;
    if (data.event === "failure") listeners.onFailure(errorFromData(data.error));
    else listeners.onEvent(data);
  });
  worker.addEventListener("error", (error) => {
    // An unhandled error would end the whole program with a stack trace.
    error.preventDefault();
    listeners.onFailure(
      new LibreseedError(
        "failed",
        "WORKER_DIED",
        `The engine's thread died (${error.message}); start libreseed again`,
      ),
    );
  });
  return { api: wrap<WorkerApi>(worker), terminate: () => worker.terminate() };
}
