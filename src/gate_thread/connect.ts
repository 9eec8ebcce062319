/**
 * The launcher's side of the gate: starts its thread and makes ports for the threads that ask.
 *
 * @module
 */

import type { BindingState } from "../base/mod.ts";
import type { GateOptions } from "./gate.ts";
import type { GatewayIpv6 } from "./policy.ts";
import type { OnlyServer } from "./protocol.ts";
import { gatePermissions } from "./permissions.ts";

/** Path of the bundle of `main.ts`, which `deno task bundle` makes and a compiled binary embeds. */
const BUNDLE = new URL("../../dist/gate.js", import.meta.url);

/** The options that the launcher chooses. */
type StartOptions = Pick<GateOptions, "allowLocal" | "interfaces" | "binding" | "bindingState">;

/** The addresses of the default gateways of IPv4 and of IPv6. */
export interface Gateways {
  ipv4?: string;
  ipv6?: GatewayIpv6;
}

/** A message of the launcher to the gate's thread. The first message has the options. */
export interface GateOrder {
  options?: StartOptions;
  interfaces?: GateOptions["interfaces"];
  /** The default gateways of both families, each absent if there is none. */
  gateways?: Gateways;
  bindingState?: BindingState;
  port?: MessagePort;
  /** The one web server that the thread with the port's other end may reach. */
  only?: OnlyServer;
}

/** Connection to a running gate. */
export interface GateConnection {
  /** Makes a port for a thread that asks. `src/gate` is that thread's side. */
  open(): MessagePort;
  /**
   * Serves a port whose other end a thread that asks has already. The port is transferred.
   *
   * @param only the one web server that the thread may reach. Default: all that the gate allows
   */
  serve(port: MessagePort, only?: OnlyServer): void;
  /** Sets the interfaces for the local discoveries that begin from now on. */
  setInterfaces(interfaces: GateOptions["interfaces"]): void;
  /** Sets the default gateways that the launcher knows. */
  setGateways(gateways: Gateways): void;
  /** Sets whether the gate may send from the addresses to which it is bound. */
  setBindingState(state: BindingState): void;
  /** Ends the thread with all its sockets. */
  terminate(): void;
}

/**
 * Starts the gate's thread.
 *
 * @param options `interfaces` as of {@linkcode discoveryInterfaces}
 * @param onFailure called when the thread has died. All its channels are lost then
 */
export function connectGate(
  options: StartOptions,
  onFailure: (error: Error) => void,
): GateConnection {
  const worker = new Worker(BUNDLE, {
    type: "module",
    name: "libreseed-gate",
    deno: { permissions: gatePermissions() },
  });
  const send = (order: GateOrder, transfer: Transferable[] = []) =>
    worker.postMessage(order, transfer);
  worker.addEventListener("error", (error) => {
    // Without `preventDefault`, the error would end the whole program with a stack trace.
    error.preventDefault();
    worker.terminate();
    onFailure(new Error(`The gate's thread died (${error.message})`));
  });
  send({ options });
  return {
    open() {
      const { port1, port2 } = new MessageChannel();
      send({ port: port1 }, [port1]);
      return port2;
    },
    serve: (port, only) => send({ port, only }, [port]),
    setInterfaces: (interfaces) => send({ interfaces }),
    setGateways: (gateways) => send({ gateways }),
    setBindingState: (bindingState) => send({ bindingState }),
    terminate: () => worker.terminate(),
  };
}

/**
 * Chooses the interfaces for local discovery from those of `Deno.networkInterfaces`: all but
 * loopback, unless `allowLocal`, and at most 32 addresses.
 */
export function discoveryInterfaces(
  all: readonly Deno.NetworkInterfaceInfo[],
  allowLocal: boolean,
): GateOptions["interfaces"] {
  return all
    .filter(({ address }) => allowLocal || !/^(127\.|::1$)/.test(address))
    .slice(0, 32)
    .map(({ name, family, address, cidr, scopeid }) => ({ name, family, address, cidr, scopeid }));
}
