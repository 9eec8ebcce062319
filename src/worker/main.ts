/**
 * The entry of the sandboxed worker. Bundled into one file before it is run, so that it needs to
 * read nothing once its permissions are narrow.
 *
 * @module
 */

import { expose } from "comlink";
import { systemClock } from "../base/mod.ts";
import { WorkerRuntime } from "./runtime.ts";
import { transferErrors } from "./transfer_errors.ts";

// The libraries read the environment while they load, and have done so by now.
for (const name of ["env", "sys"] as const) Deno.permissions.revokeSync({ name });

transferErrors();
declare const self: { postMessage(message: unknown): void };

expose(new WorkerRuntime(systemClock, (event) => self.postMessage(event)));
