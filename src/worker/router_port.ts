/**
 * Runs the port mapper in the engine's thread. The mapper needs the engine's port, the gate and the
 * default gateway from the launcher, which arrive in any order.
 *
 * @module
 */

import type { Clock } from "../base/mod.ts";
import { type GateClient, GateError } from "../gate/mod.ts";
import { type Gateway, PortMapper, type PortMappingStatus } from "../router/mod.ts";

/** Keeps the engine's port mapped in the home router, once there is a gate. */
export class RouterPort {
  readonly #clock: Clock;
  #gate: GateClient | undefined;
  /**
   * The default gateway that the launcher named last; pending until the launcher names the first.
   */
  #gateway = Promise.withResolvers<Gateway | undefined>();
  #engine: { port: number; onChange: (status: PortMappingStatus) => void } | undefined;
  #mapper: PortMapper | undefined;
  /** The status after the death of the gate. */
  #failure: PortMappingStatus | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Status of the mapping; `undefined` while no gate is known. */
  get status(): PortMappingStatus | undefined {
    return this.#failure ?? this.#mapper?.status;
  }

  /** Port at which peers reach this machine: the router's external port if there is a mapping. */
  get announcedPort(): number | undefined {
    return this.status?.mapping?.externalPort ?? this.#engine?.port;
  }

  /**
   * Sets the engine's port. Mapping starts when the gate is set, too.
   *
   * @param port port on which the engine listens, TCP and UDP
   * @param onChange called after each change of the status
   */
  start(port: number, onChange: (status: PortMappingStatus) => void): void {
    this.#engine = { port, onChange };
    this.#begin();
  }

  /** Sets the gate, through which the router is reached. */
  useGate(gate: GateClient): void {
    this.#gate = gate;
    this.#begin();
  }

  /** Sets the default gateway. */
  setGateway(gateway: Gateway | undefined): void {
    // The mapper may still wait for the first gateway.
    this.#gateway.resolve(gateway);
    this.#gateway = Promise.withResolvers();
    this.#gateway.resolve(gateway);
    this.#mapper?.networkChanged();
  }

  /** Ends the mapping because the gate has died. The router forgets our port after its lease. */
  gateDied(why: string): void {
    const error = new GateError("GATE_DIED", why);
    this.#failure = { sinceMs: this.#clock.now(), error: { code: error.code, message: why } };
    this.#gate?.fail(error);
    void this.stop();
    this.#engine?.onChange(this.#failure);
  }

  /** Deletes the mapping, within two seconds. */
  async stop(): Promise<void> {
    const stopped = this.#mapper?.stop();
    // The mapper may still wait for the first gateway.
    this.#gateway.resolve(undefined);
    await stopped;
  }

  #begin(): void {
    if (!this.#gate || !this.#engine || this.#failure) return;
    const { port, onChange } = this.#engine;
    this.#mapper = new PortMapper({
      clock: this.#clock,
      random: (bytes) => crypto.getRandomValues(bytes as Uint8Array<ArrayBuffer>),
      transport: this.#gate.router(),
      port,
      findGateway: () => this.#gateway.promise,
      onChange: (status) => {
        if (!this.#failure) onChange(status);
      },
    });
    this.#mapper.start();
  }
}
