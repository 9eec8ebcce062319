/**
 * Entry point of the sandboxed worker thread. This file is bundled with its imports into one file,
 * so the thread needs no permission to read modules.
 *
 * @module
 */

// This import comes first, to confine the thread before any library is loaded.
import { printing } from "./confined.ts";
import { expose } from "comlink";
import { LibraryLines, systemClock } from "../base/mod.ts";
import type { WorkerEvent } from "./protocol.ts";
import { WorkerRuntime } from "./runtime.ts";
import { transferErrors } from "./transfer_errors.ts";

transferErrors();

// The first message of the thread is the port by which the engine is called.
addEventListener("message", ({ data: port }: MessageEvent<MessagePort>) => {
  const send = (event: WorkerEvent) => port.postMessage(event);
  const lines = new LibraryLines(
    systemClock,
    (message) => send({ event: "log", level: "debug", message }),
  );
  printing.hear = (args) => lines.hear(args);
  expose(new WorkerRuntime(systemClock, send), port);
}, { once: true });
