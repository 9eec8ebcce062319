/**
 * Starts the engine's thread with few permissions, and the gate when the engine needs it.
 *
 * @module
 */

import { type BoundAddresses, isLoopback, parseAddress } from "../base/mod.ts";
import { type AddressSurroundings, watchAddresses } from "./address_watch.ts";
import { type BindingSurroundings, watchBinding } from "./binding_watch.ts";
import { EngineGate } from "./engine_gate.ts";
import { type EngineOptions, enginePermissions } from "./engine_permissions.ts";
import type { FromEngine, MachineAddresses, ToEngine } from "./messages.ts";
import type { EngineThread } from "./requests.ts";
import { giveRouter, type RouterSurroundings } from "./router_access.ts";

/** Path of the bundle of `src/worker/main.ts`, which `deno task bundle` makes and a compiled binary embeds. */
const BUNDLE = new URL("../../dist/worker.js", import.meta.url);

/** The first of the ports that no program has registered (RFC 6335, section 6). */
const FIRST_PRIVATE_PORT = 49_152;
/**
 * The lowest port that common programs listen on if the user has not chosen one. If two programs dial
 * each other, libtorrent keeps the connection that the program with the lower port has begun.
 */
const LOWEST_COMMON_PORT = 6_881;

type Surroundings = Partial<RouterSurroundings & AddressSurroundings & BindingSurroundings>;

/** An engine's thread and its gate. */
export interface RunningEngine extends EngineThread {
  /** Has the gate serve a port, which is transferred, for the server of the setting `webhook`. */
  openWebhook(port: MessagePort): void;
}

/** An engine's thread without a port: it has loaded its code, and waits. */
export interface PreparedEngine {
  readonly options: EngineOptions;
  /** Hands over the port at which the engine is called. */
  serve(port: MessagePort): RunningEngine;
  /** Ends the thread. */
  terminate(): void;
}

/**
 * Starts the engine's thread, and hands over the port at which the engine is called. The engine
 * starts later, when its `start` is called.
 *
 * @param surroundings the gate, the way to the router, and the machine's addresses; replaced in tests
 */
export function startEngine(
  options: EngineOptions,
  port: MessagePort,
  surroundings: Surroundings = {},
): RunningEngine {
  return prepareEngine(options, surroundings).serve(port);
}

/**
 * Starts the engine's thread before there is a port, so that the thread loads its code while the
 * command's thread loads its own. Parameters as of {@linkcode startEngine}.
 */
export function prepareEngine(
  options: EngineOptions,
  surroundings: Surroundings = {},
): PreparedEngine {
  const lanPort = lanPortOf(options);
  const worker = new Worker(BUNDLE, {
    type: "module",
    name: "libreseed-engine",
    deno: { permissions: enginePermissions(options, lanPort) },
  });
  const died = Promise.withResolvers<string>();
  let close = () => {};
  worker.addEventListener("error", (error) => {
    // Without `preventDefault`, the error would end the whole program with a stack trace.
    error.preventDefault();
    close();
    died.resolve(error.message);
  });
  const terminate = () => {
    close();
    worker.terminate();
  };
  return {
    options,
    serve(port) {
      const connected = connect(worker, { ...options, lanPort }, port, surroundings);
      close = connected.close;
      return { died: died.promise, terminate, openWebhook: connected.openWebhook };
    },
    terminate,
  };
}

/**
 * Connects the thread with the command, the gate and the router. Returns how to end gate and router, and how
 * another thread reaches the server of the setting `webhook`.
 */
function connect(
  worker: Worker,
  options: EngineOptions & { lanPort: number | undefined },
  port: MessagePort,
  surroundings: Surroundings,
): Pick<RunningEngine, "openWebhook"> & { close(): void } {
  const { lanPort, binding, bindingState = { state: "bound" } } = options;
  const tell = (message: ToEngine, transfer: Transferable[] = []) =>
    worker.postMessage(message, transfer);
  tell({ kind: "api", port, lanPort, binding, bindingState }, [port]);
  const gate = new EngineGate(
    options,
    ({ message }, pauseMs) => {
      isServed = false;
      tell({ kind: "gate-died", why: message, mapsPort: options.mapsPort, pauseMs });
      router?.gateDied();
    },
    surroundings,
  );
  let isServed = false;
  const router = options.mapsPort ? giveRouter(gate, tell, surroundings, binding) : undefined;
  const endWatch = options.watchesAddresses
    ? watchAddresses((found) => {
      gate.networkChanged();
      tell({ kind: "addresses", ...(binding ? boundOnly(found, binding) : found) });
      router?.look(found.stableIpv6);
    }, surroundings)
    : tellAddressesOnce(tell, surroundings, binding);
  const endBindingWatch = binding
    ? watchBinding(binding, bindingState, (state) => {
      // The gate stops first, because the engine may ask it for a connection meanwhile.
      gate.setBindingState(state);
      tell({ kind: "binding", state });
    }, surroundings)
    : () => {};
  worker.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
    const asked = gatePortOf(data);
    // One port of each gate is enough, and each costs memory in the gate.
    if (!asked || isServed) return asked?.close();
    isServed = true;
    void gate.serve(asked);
  });
  const { webhook } = options;
  return {
    openWebhook: (port) => webhook ? void gate.serve(port, webhook) : port.close(),
    close() {
      endWatch();
      endBindingWatch();
      router?.close();
      gate.close();
    },
  };
}

/**
 * Chooses a TCP port for neighbours, of those that are for private use (RFC 6335). A daemon has one if
 * its configured port is high; else it is announced at that port alone, which a firewall may let in.
 */
function lanPortOf(
  { port, lan, watchesAddresses, binding }: EngineOptions,
): number | undefined {
  const isDaemon = watchesAddresses;
  if (!lan || binding || isDaemon && port <= LOWEST_COMMON_PORT) return undefined;
  const [random] = crypto.getRandomValues(new Uint16Array(1));
  const lanPort = FIRST_PRIVATE_PORT + random! % (2 ** 16 - FIRST_PRIVATE_PORT);
  return lanPort === port ? undefined : lanPort;
}

/** Leaves out what the binding does not use. The binding has chosen the address of IPv6, too. */
function boundOnly(found: MachineAddresses, binding: BoundAddresses): MachineAddresses {
  return { addresses: ownOf(binding, found.addresses), isMove: found.isMove };
}

/** Returns the addresses of a binding that this machine has now. */
function ownOf({ ipv4, ipv6 }: BoundAddresses, all: readonly string[]): string[] {
  return [ipv4, ipv6].filter((one) => one !== undefined)
    // The system lists one loopback address of many.
    .filter((one) => all.includes(one) || isLoopback(parseAddress(one)!));
}

/** Returns the port of a message that asks for the gate; `undefined` for any other message. */
function gatePortOf(data: unknown): MessagePort | undefined {
  const { kind, port } = (data ?? {}) as Partial<FromEngine>;
  return kind === "want-gate" && port instanceof MessagePort ? port : undefined;
}

/** Tells a command's engine the addresses of this machine, so that it knows whether IPv6 is there. */
function tellAddressesOnce(
  tell: (message: ToEngine) => void,
  { addresses = Deno.networkInterfaces }: Partial<AddressSurroundings>,
  binding: EngineOptions["binding"],
): () => void {
  try {
    const all = addresses().map(({ address }) => address);
    const found = { addresses: all, isMove: false };
    tell({ kind: "addresses", ...(binding ? boundOnly(found, binding) : found) });
  } catch {
    // Without the permission, or on a system that tells none, the engine uses IPv4 only.
  }
  return () => {};
}
