/**
 * Starts the engine's thread with few permissions, and the gate when the engine needs it.
 *
 * @module
 */

import { type AddressSurroundings, watchAddresses } from "./address_watch.ts";
import { EngineGate } from "./engine_gate.ts";
import { type EngineOptions, enginePermissions } from "./engine_permissions.ts";
import type { FromEngine, ToEngine } from "./messages.ts";
import type { EngineThread } from "./requests.ts";
import { giveRouter, type RouterSurroundings } from "./router_access.ts";

/** Path of the bundle of `src/worker/main.ts`, which `deno task bundle` makes and a compiled binary embeds. */
const BUNDLE = new URL("../../dist/worker.js", import.meta.url);

/**
 * Starts the engine's thread, and hands over the port at which the engine is called. The engine
 * starts later, when its `start` is called.
 *
 * @param surroundings the gate, the way to the router, and the machine's addresses; replaced in tests
 */
export function startEngine(
  options: EngineOptions,
  port: MessagePort,
  surroundings: Partial<RouterSurroundings & AddressSurroundings> = {},
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
  const gate = new EngineGate(
    options.allowLocal,
    ({ message }) => tell({ kind: "gate-died", why: message }),
    surroundings.connect,
  );
  const router = options.mapsPort ? giveRouter(gate, tell, surroundings) : undefined;
  const endWatch = options.watchesAddresses
    ? watchAddresses((addresses) => {
      tell({ kind: "addresses", addresses });
      router?.look();
    }, surroundings)
    : () => {};
  const close = () => {
    endWatch();
    router?.close();
    gate.close();
  };
  let isServed = false;
  worker.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
    const asked = gatePortOf(data);
    // One port is enough, and each costs memory in the gate.
    if (!asked || isServed) return asked?.close();
    isServed = true;
    void gate.serve(asked);
  });
  worker.addEventListener("error", (error) => {
    // Without `preventDefault`, the error would end the whole program with a stack trace.
    error.preventDefault();
    close();
    died.resolve(error.message);
  });
  return {
    died: died.promise,
    terminate() {
      close();
      worker.terminate();
    },
  };
}

/** Returns the port of a message that asks for the gate; `undefined` for any other message. */
function gatePortOf(data: unknown): MessagePort | undefined {
  const { kind, port } = (data ?? {}) as Partial<FromEngine>;
  return kind === "want-gate" && port instanceof MessagePort ? port : undefined;
}
