/**
 * The main thread's side of the worker: starts the worker thread with few permissions, passes the
 * worker's events on, and ends the thread.
 *
 * @module
 */

import { type Remote, wrap } from "comlink";
import { errorFromData, LibreseedError, type LibreseedError as Failure } from "../base/mod.ts";
import { type SandboxOptions, workerPermissions } from "./permissions.ts";
import type { WorkerApi, WorkerEvent } from "./protocol.ts";
import { transferErrors } from "./transfer_errors.ts";

/** Path of the bundle of `main.ts`, which `deno task bundle` makes and a compiled binary embeds. */
const BUNDLE = new URL("../../dist/worker.js", import.meta.url);

/** Callbacks for the events of a running worker. */
export interface WorkerListeners {
  onEvent: (event: Exclude<WorkerEvent, { event: "failure" }>) => void;
  /** Called when the engine has failed or the worker thread has died. The worker cannot continue. */
  onFailure: (error: Failure) => void;
}

/** Connection to a running worker thread: calls its API and can terminate it. */
export interface WorkerConnection {
  readonly api: Remote<WorkerApi>;
  /** Terminates the worker thread at once, without stopping the engine first. */
  terminate(): void;
}

let transferring = false;

/** Starts the worker thread. Its engine starts later, when `api.start` is called. */
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
    // Without `preventDefault`, the error would end the whole program with a stack trace.
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
