/**
 * The entry of the sandboxed worker. Bundled into one file before it is run, so that it needs to
 * read nothing once its permissions are narrow.
 *
 * @module
 */

// Before any library is loaded.
import { printing } from "./confinement.ts";
import { expose } from "comlink";
import { LibraryLines, systemClock } from "../base/mod.ts";
import type { WorkerEvent } from "./protocol.ts";
import { WorkerRuntime } from "./runtime.ts";
import { transferErrors } from "./transfer_errors.ts";

transferErrors();
declare const self: { postMessage(message: unknown): void };

const tell = (event: WorkerEvent) => self.postMessage(event);
const lines = new LibraryLines(
  systemClock,
  (message) => tell({ event: "log", level: "debug", message }),
);
printing.hear = (args) => lines.hear(args);
expose(new WorkerRuntime(systemClock, tell));
