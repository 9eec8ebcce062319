/**
 * Starts the engine's thread with few permissions.
 *
 * @module
 */

import { type EngineOptions, enginePermissions } from "./engine_permissions.ts";
import type { EngineThread } from "./requests.ts";

/** Path of the bundle of `src/worker/main.ts`, which `deno task bundle` makes and a compiled binary embeds. */
const BUNDLE = new URL("../../dist/worker.js", import.meta.url);

/**
 * Starts the engine's thread, and gives the thread its end of the channel by which the engine is
 * called. The engine starts later, when its `start` is called.
 */
export function startEngine(options: EngineOptions, port: MessagePort): EngineThread {
  const worker = new Worker(BUNDLE, {
    type: "module",
    name: "libreseed-engine",
    deno: { permissions: enginePermissions(options) },
  });
  const died = Promise.withResolvers<string>();
  worker.addEventListener("error", (error) => {
    // Without `preventDefault`, the error would end the whole program with a stack trace.
    error.preventDefault();
    died.resolve(error.message);
  });
  worker.postMessage(port, [port]);
  return { died: died.promise, terminate: () => worker.terminate() };
}
