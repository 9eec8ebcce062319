/**
 * The gate as the engine's thread reaches it: asks the launcher for it when it is first used, so
 * that a command that needs no gate starts none.
 *
 * @module
 */

import { GateClient, GateError } from "../gate/mod.ts";

/** The way of the engine's thread to the gate. */
export class GateAccess {
  readonly #request: (port: MessagePort) => void;
  #client: GateClient | undefined;
  #failure: GateError | undefined;

  /** @param request hands a port, to be transferred, to the launcher, which has the gate serve it */
  constructor(request: (port: MessagePort) => void) {
    this.#request = request;
  }

  /** The gate's client. Its channels wait until the gate runs, or end with an error if it has died. */
  readonly client = (): GateClient => {
    if (this.#client) return this.#client;
    const { port1, port2 } = new MessageChannel();
    this.#client = new GateClient(port1);
    if (this.#failure) this.#client.fail(this.#failure);
    else this.#request(port2);
    return this.#client;
  };

  /** Ends all channels, because the gate has died or could not start. There is no other gate. */
  died(why: string): void {
    this.#failure = new GateError("GATE_DIED", why);
    this.#client?.fail(this.#failure);
  }
}
