/**
 * The entry of the sandboxed worker. Bundled into one file before it is run, so that it needs to
 * read nothing once its permissions are narrow.
 *
 * @module
 */

// Before any library is loaded.
import "./confinement.ts";
import { expose } from "comlink";
import { systemClock } from "../base/mod.ts";
import { WorkerRuntime } from "./runtime.ts";
import { transferErrors } from "./transfer_errors.ts";

transferErrors();
declare const self: { postMessage(message: unknown): void };

expose(new WorkerRuntime(systemClock, (event) => self.postMessage(event)));
