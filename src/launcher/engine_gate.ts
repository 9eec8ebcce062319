/**
 * The gate of an engine's thread: one thread, started when the engine's thread or the launcher first
 * needs it.
 *
 * @module
 */

import { type BindingState, type Clock, delay, systemClock } from "../base/mod.ts";
import {
  connectGate,
  discoveryInterfaces,
  type GateConnection,
  type OnlyServer,
} from "../gate_thread/mod.ts";
import type { EngineOptions } from "./engine_permissions.ts";

/** A running gate, which chooses the interfaces for discovery from all that it is told. */
export interface RunningGate extends Omit<GateConnection, "open" | "setInterfaces"> {
  setInterfaces(all: Deno.NetworkInterfaceInfo[]): void;
}

/** Dependencies of {@linkcode EngineGate}; replaced in tests. */
export interface GateSurroundings {
  clock: Clock;
  /** Starts the gate's thread, which discovers peers on the given interfaces. */
  connect(
    options: Omit<GateChoice, "lan"> & { interfaces: Deno.NetworkInterfaceInfo[] },
    onFailure: (error: Error) => void,
  ): RunningGate | Promise<RunningGate>;
  /** Returns the network interfaces of this machine. */
  networkInterfaces(): Deno.NetworkInterfaceInfo[];
}

const system: GateSurroundings = {
  clock: systemClock,
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

/** Pauses before a new gate is started: the first, and the longest after repeated deaths (ms). */
const FIRST_PAUSE_MS = 1_000;
const LAST_PAUSE_MS = 5 * 60_000;
/** Time after which a running gate counts as sound, so that the pauses begin anew (ms). */
const SOUND_MS = 10 * 60_000;

/**
 * The gate of one engine's thread. After the death of a gate, a new one starts when it is next
 * needed, at the earliest after a pause that doubles with each death.
 */
export class EngineGate {
  readonly #options: GateChoice;
  readonly #onFailure: (error: Error, pauseMs: number) => void;
  readonly #clock: Clock;
  readonly #connect: GateSurroundings["connect"];
  readonly #lookUp: () => Deno.NetworkInterfaceInfo[];
  readonly #closing = new AbortController();
  #bindingState: BindingState | undefined;
  #interfaces: Deno.NetworkInterfaceInfo[];
  #starting: Promise<RunningGate> | undefined;
  #startedMs = -Infinity;
  #pauseMs = 0;
  #pause: Promise<void> | undefined;
  /** Stands for one life of the gate, from the request for it to its death. */
  #life = {};

  /**
   * @param onFailure called each time that the gate cannot start or has died, with the pause before
   * the next start
   */
  constructor(
    options: GateChoice,
    onFailure: (error: Error, pauseMs: number) => void,
    surroundings: Partial<GateSurroundings> = {},
  ) {
    const { clock, connect, networkInterfaces } = { ...system, ...surroundings };
    this.#options = options;
    this.#clock = clock;
    this.#lookUp = options.lan ? networkInterfaces : () => [];
    // Asked now, because the launcher may have given up this permission when the gate starts.
    this.#interfaces = this.#lookUp();
    this.#onFailure = onFailure;
    this.#connect = connect;
    this.#bindingState = options.bindingState;
  }

  /**
   * Returns the gate. Starts its thread at the first call, and after its death, then after the
   * pause. `undefined` if it cannot be started or this object is closed.
   */
  async start(): Promise<RunningGate | undefined> {
    const life = this.#life;
    try {
      const gate = await (this.#starting ??= this.#open());
      return this.#closing.signal.aborted ? undefined : gate;
    } catch (error) {
      this.#fail(life, error as Error);
      return undefined;
    }
  }

  /**
   * Lets the gate serve a port, whose other end another thread has.
   *
   * @param only the one web server that the thread may reach. Default: all that the gate allows
   */
  async serve(port: MessagePort, only?: OnlyServer): Promise<void> {
    const gate = await this.start();
    if (gate) gate.serve(port, only);
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
    this.#closing.abort();
    this.#starting?.then((gate) => gate.terminate(), () => {});
  }

  async #open(): Promise<RunningGate> {
    if (this.#pause) await this.#pause;
    this.#closing.signal.throwIfAborted();
    const { allowLocal, binding } = this.#options;
    this.#startedMs = this.#clock.now();
    const life = this.#life;
    return await this.#connect(
      { allowLocal, interfaces: this.#interfaces, binding, bindingState: this.#bindingState },
      (error) => this.#fail(life, error),
    );
  }

  /** Reports the death of a gate, unless it has been reported. */
  #fail(life: object, error: Error): void {
    const { signal } = this.#closing;
    if (signal.aborted || life !== this.#life) return;
    this.#life = {};
    this.#starting?.then((gate) => gate.terminate(), () => {});
    this.#starting = undefined;
    const isSound = this.#clock.now() - this.#startedMs >= SOUND_MS;
    this.#pauseMs = isSound || this.#pauseMs === 0
      ? FIRST_PAUSE_MS
      : Math.min(2 * this.#pauseMs, LAST_PAUSE_MS);
    this.#pause = delay(this.#clock, this.#pauseMs, signal);
    this.#pause.catch(() => {});
    this.#onFailure(error, this.#pauseMs);
  }
}
