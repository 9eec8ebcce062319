/**
 * The gate as the engine's thread reaches it: asks the launcher for it when it is first used, and
 * again after its death. A command that needs no gate starts none.
 *
 * @module
 */

import type { Clock } from "../base/mod.ts";
import { GateClient, GateError, type GateStatus } from "../gate/mod.ts";

/** The way of the engine's thread to the gate. */
export class GateAccess {
  readonly #clock: Clock;
  readonly #request: (port: MessagePort) => void;
  #client: GateClient | undefined;
  #last: { deaths: number; lastDeathMs: number; why: string } | undefined;

  /** @param request hands a port, to be transferred, to the launcher, which has the gate serve it */
  constructor(clock: Clock, request: (port: MessagePort) => void) {
    this.#clock = clock;
    this.#request = request;
  }

  /** The deaths of the gate so far; `undefined` if it has not died. */
  get status(): GateStatus | undefined {
    const state = this.#client?.hasAnswered ? "running" : "dead";
    return this.#last && { state, ...this.#last };
  }

  /** The client of the present gate. Its channels wait until the gate runs. */
  readonly client = (): GateClient => {
    if (this.#client) return this.#client;
    const { port1, port2 } = new MessageChannel();
    this.#client = new GateClient(port1);
    this.#request(port2);
    return this.#client;
  };

  /** Ends all channels, because the gate has died or could not start. */
  died(why: string): void {
    const deaths = (this.#last?.deaths ?? 0) + 1;
    this.#last = { deaths, lastDeathMs: this.#clock.now(), why };
    const client = this.#client;
    this.#client = undefined;
    client?.fail(new GateError("GATE_DIED", why));
  }
}
