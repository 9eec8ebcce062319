/**
 * The gate of an engine's thread: one thread, started when the engine's thread or the launcher first
 * needs it.
 *
 * @module
 */

import type { Binding, BindingState } from "../base/mod.ts";
import { connectGate, discoveryInterfaces, type GateConnection } from "../gate_thread/mod.ts";
import type { EngineOptions } from "./engine_permissions.ts";

/** A running gate, which chooses the interfaces for discovery from all that it is told. */
export interface RunningGate extends Omit<GateConnection, "open" | "setInterfaces"> {
  setInterfaces(all: Deno.NetworkInterfaceInfo[]): void;
}

/** Dependencies of {@linkcode EngineGate}; replaced in tests. */
export interface GateSurroundings {
  /** Starts the gate's thread, which discovers peers on the given interfaces. */
  connect(
    options: Omit<GateChoice, "lan"> & { interfaces: Deno.NetworkInterfaceInfo[] },
    onFailure: (error: Error) => void,
  ): RunningGate | Promise<RunningGate>;
  /** Returns the network interfaces of this machine. */
  networkInterfaces(): Deno.NetworkInterfaceInfo[];
}

const system: GateSurroundings = {
  connect({ interfaces, ...options }, onFailure) {
    const chosen = (all: Deno.NetworkInterfaceInfo[]) =>
      discoveryInterfaces(all, options.allowLocal);
    const gate = connectGate({ ...options, interfaces: chosen(interfaces) }, onFailure);
    return { ...gate, setInterfaces: (all) => gate.setInterfaces(chosen(all)) };
  },
  networkInterfaces: Deno.networkInterfaces,
};

/** The options of an engine that concern its gate. */
export type GateChoice = Pick<EngineOptions, "allowLocal" | "lan" | "binding" | "bindingState">;

/** The gate of one engine's thread. A gate that has died is not replaced. */
export class EngineGate {
  readonly #allowLocal: boolean;
  readonly #onFailure: (error: Error) => void;
  readonly #connect: GateSurroundings["connect"];
  readonly #binding: Binding | undefined;
  readonly #lookUp: () => Deno.NetworkInterfaceInfo[];
  #bindingState: BindingState | undefined;
  #interfaces: Deno.NetworkInterfaceInfo[];
  #starting: Promise<RunningGate> | undefined;
  #isClosed = false;

  /** @param onFailure called once, when the gate cannot start or has died */
  constructor(
    { allowLocal, lan, binding, bindingState }: GateChoice,
    onFailure: (error: Error) => void,
    surroundings: Partial<GateSurroundings> = {},
  ) {
    const { connect, networkInterfaces } = { ...system, ...surroundings };
    this.#allowLocal = allowLocal;
    this.#lookUp = lan ? networkInterfaces : () => [];
    // Asked now, because the launcher may have given up this permission when the gate starts.
    this.#interfaces = this.#lookUp();
    this.#onFailure = onFailure;
    this.#connect = connect;
    this.#binding = binding;
    this.#bindingState = bindingState;
  }

  /** Returns the gate, and starts its thread at the first call. `undefined` if there is no gate. */
  async start(): Promise<RunningGate | undefined> {
    if (this.#isClosed) return undefined;
    try {
      const gate = await (this.#starting ??= this.#open());
      return this.#isClosed ? undefined : gate;
    } catch (error) {
      this.#fail(error as Error);
      return undefined;
    }
  }

  /** Lets the gate serve a port, whose other end the engine's thread has. */
  async serve(port: MessagePort): Promise<void> {
    const gate = await this.start();
    if (gate) gate.serve(port);
    else port.close();
  }

  /** Tells the gate whether it may send from the addresses to which it is bound. */
  setBindingState(state: BindingState): void {
    this.#bindingState = state;
    this.#starting?.then((gate) => gate.setBindingState(state), () => {});
  }

  /** Tells the gate of this machine's interfaces, whose addresses have changed. */
  networkChanged(): void {
    this.#interfaces = this.#lookUp();
    this.#starting?.then((gate) => gate.setInterfaces(this.#interfaces), () => {});
  }

  /** Ends the gate's thread with all its sockets. */
  close(): void {
    this.#isClosed = true;
    this.#starting?.then((gate) => gate.terminate(), () => {});
  }

  async #open(): Promise<RunningGate> {
    return await this.#connect(
      {
        allowLocal: this.#allowLocal,
        interfaces: this.#interfaces,
        binding: this.#binding,
        bindingState: this.#bindingState,
      },
      (error) => this.#fail(error),
    );
  }

  #fail(error: Error): void {
    if (this.#isClosed) return;
    this.close();
    this.#onFailure(error);
  }
}
