/**
 * The gate of an engine's thread: one thread, started when the engine's thread or the launcher first
 * needs it.
 *
 * @module
 */

import type { Binding, BindingState } from "../base/mod.ts";
import type { connectGate, GateConnection } from "../gate/mod.ts";

/** Starts the gate's thread; replaced in tests. */
export type ConnectGate = (
  ...args: Parameters<typeof connectGate>
) => GateConnection | Promise<GateConnection>;

// Loaded only here, because the gate's client loads modules of Node, which takes 30 ms.
const connectGateThread: ConnectGate = async (...args) =>
  (await import("../gate/mod.ts")).connectGate(...args);

/** The gate of one engine's thread. A gate that has died is not replaced. */
export class EngineGate {
  readonly #allowLocal: boolean;
  readonly #onFailure: (error: Error) => void;
  readonly #connect: ConnectGate;
  readonly #binding: Binding | undefined;
  #bindingState: BindingState | undefined;
  #starting: Promise<GateConnection> | undefined;
  #isClosed = false;

  /**
   * @param allowLocal whether the gate may contact this machine and private networks
   * @param onFailure called once, when the gate cannot start or has died
   * @param options the addresses to which the gate's sockets are bound, if they are
   */
  constructor(
    allowLocal: boolean,
    onFailure: (error: Error) => void,
    connect: ConnectGate = connectGateThread,
    { binding, bindingState }: { binding?: Binding; bindingState?: BindingState } = {},
  ) {
    this.#allowLocal = allowLocal;
    this.#onFailure = onFailure;
    this.#connect = connect;
    this.#binding = binding;
    this.#bindingState = bindingState;
  }

  /** Returns the gate, and starts its thread at the first call. `undefined` if there is no gate. */
  async start(): Promise<GateConnection | undefined> {
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

  /** Ends the gate's thread with all its sockets. */
  close(): void {
    this.#isClosed = true;
    this.#starting?.then((gate) => gate.terminate(), () => {});
  }

  async #open(): Promise<GateConnection> {
    return await this.#connect(
      {
        allowLocal: this.#allowLocal,
        interfaces: [],
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
