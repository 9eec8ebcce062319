/**
 * Starts the engine's thread with few permissions.
 *
 * @module
 */

import { type EngineOptions, enginePermissions } from "./engine_permissions.ts";
import type { ToEngine } from "./messages.ts";
import type { EngineThread } from "./requests.ts";
import { giveRouter, type RouterSurroundings } from "./router_access.ts";

/** Path of the bundle of `src/worker/main.ts`, which `deno task bundle` makes and a compiled binary embeds. */
const BUNDLE = new URL("../../dist/worker.js", import.meta.url);

/**
 * Starts the engine's thread, and hands over the port at which the engine is called. The engine
 * starts later, when its `start` is called.
 *
 * @param surroundings the way to the router; replaced in tests
 */
export function startEngine(
  options: EngineOptions,
  port: MessagePort,
  surroundings?: Partial<RouterSurroundings>,
): EngineThread {
  const worker = new Worker(BUNDLE, {
    type: "module",
    name: "libreseed-engine",
    deno: { permissions: enginePermissions(options) },
  });
  const died = Promise.withResolvers<string>();
  const tell = (message: ToEngine, transfer: Transferable[] = []) =>
    worker.postMessage(message, transfer);
  tell({ kind: "api", port }, [port]);
  const closeRouter = options.mapsPort
    ? giveRouter(options.allowLocal, tell, surroundings)
    : () => {};
  worker.addEventListener("error", (error) => {
    // Without `preventDefault`, the error would end the whole program with a stack trace.
    error.preventDefault();
    closeRouter();
    died.resolve(error.message);
  });
  return {
    died: died.promise,
    terminate() {
      closeRouter();
      worker.terminate();
    },
  };
}
