/**
 * The client side of the engine's thread: opens a channel to it, passes the engine's events on, and
 * ends the thread.
 *
 * @module
 */

import { type Remote, wrap } from "comlink";
import { errorFromData, LibreseedError, type LibreseedError as Failure } from "../base/mod.ts";
import type { EngineOptions, LauncherRequests } from "../launcher/mod.ts";
import type { WorkerApi, WorkerEvent } from "./protocol.ts";
import { transferErrors } from "./transfer_errors.ts";

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

/**
 * Starts the worker thread. Its engine starts later, when `api.start` is called.
 *
 * @param start starts the thread, with permissions that the calling thread may not have
 */
export function connectWorker(
  options: EngineOptions,
  listeners: WorkerListeners,
  start: LauncherRequests["startEngine"],
): WorkerConnection {
  if (!transferring) {
    transferErrors();
    transferring = true;
  }
  const { port1: port, port2 } = new MessageChannel();
  port.addEventListener("message", ({ data }: MessageEvent<WorkerEvent>) => {
    if (data?.event === undefined) return;
    if (data.event === "failure") listeners.onFailure(errorFromData(data.error));
    else listeners.onEvent(data);
  });
  const { died, terminate } = start(options, port2);
  died.then((why) =>
    listeners.onFailure(
      new LibreseedError(
        "failed",
        "WORKER_DIED",
        `The engine's thread died (${why}); start libreseed again`,
      ),
    )
  );
  return {
    api: wrap<WorkerApi>(port),
    terminate() {
      terminate();
      port.close();
    },
  };
}
