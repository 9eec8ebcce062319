/**
 * Entry of the sandboxed worker. It is bundled into one file, so that the thread needs no permission to
 * read modules.
 *
 * @module
 */

// First, so that it runs before any library is loaded.
import { printing } from "./confinement.ts";
import { expose } from "comlink";
import { LibraryLines, systemClock } from "../base/mod.ts";
import type { WorkerEvent } from "./protocol.ts";
import { WorkerRuntime } from "./runtime.ts";
import { transferErrors } from "./transfer_errors.ts";

transferErrors();
declare const self: { postMessage(message: unknown): void };

const send = (event: WorkerEvent) => self.postMessage(event);
const lines = new LibraryLines(
  systemClock,
  (message) => send({ event: "log", level: "debug", message }),
);
printing.hear = (args) => lines.hear(args);
expose(new WorkerRuntime(systemClock, send));
