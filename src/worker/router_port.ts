/**
 * Runs a port mapper of one address family in the engine's thread. The mapper needs the engine's port, and the default
 * gateway from the launcher, which arrive in any order.
 *
 * @module
 */

import { createHmac } from "node:crypto";
import type { Clock } from "../base/mod.ts";
import {
  type Gateway,
  NONCE_BYTES,
  PortMapper,
  type PortMappingStatus,
  type RouterTransport,
} from "../router/mod.ts";

/** Options of {@linkcode RouterPort.start}. */
export interface RouterPortOptions {
  /** Port on which the engine listens, TCP and UDP. */
  port: number;
  /** Secret from which the nonces of PCP are derived. */
  secret: Uint8Array;
  /** Called after each change of the status. */
  onChange: (status: PortMappingStatus) => void;
}

/** Keeps the engine's port mapped in the home router, if the launcher tells of the gateway. */
export class RouterPort {
  readonly #clock: Clock;
  readonly #transport: (() => RouterTransport) | undefined;
  /** The default gateway that the launcher named last; absent until it has named the first. */
  #told: { gateway: Gateway | undefined } | undefined;
  #engine: RouterPortOptions | undefined;
  #mapper: PortMapper | undefined;
  /** The status after the death of the gate, until there is a new one. */
  #failure: PortMappingStatus | undefined;

  /** @param transport makes the sockets to the router; called once for each gate */
  constructor(clock: Clock, transport?: () => RouterTransport) {
    this.#clock = clock;
    this.#transport = transport;
  }

  /** Status of the mapping; `undefined` while the launcher has named no gateway. */
  get status(): PortMappingStatus | undefined {
    return this.#told && (this.#failure ?? this.#mapper?.status);
  }

  /** Port at which peers reach this machine: the router's external port if there is a mapping. */
  get announcedPort(): number | undefined {
    return this.status?.mapping?.externalPort ?? this.#engine?.port;
  }

  /**
   * Sets the engine's port. Mapping starts when the gateway is set, too.
   */
  start(options: RouterPortOptions): void {
    this.#engine = options;
    this.#begin();
  }

  /** Looks for a change of the gateway, and checks the mapping, at once. */
  networkChanged(): void {
    this.#mapper?.networkChanged();
  }

  /** Sets the default gateway; `undefined` if none is known. A gate that has died is replaced then. */
  setGateway(gateway: Gateway | undefined): void {
    this.#told = { gateway };
    this.#failure = undefined;
    if (this.#mapper) this.#mapper.networkChanged();
    else this.#begin();
  }

  /** Deletes the mapping, and forgets the gateway. */
  forget(): void {
    this.#told = undefined;
    this.#failure = undefined;
    void this.#mapper?.stop();
    this.#mapper = undefined;
  }

  /**
   * Ends the mapping because the gate has died. The router keeps the port until its lease ends, and
   * {@linkcode setGateway} takes the mapping up again.
   */
  gateDied(why: string): void {
    this.#failure = { sinceMs: this.#clock.now(), error: { code: "GATE_DIED", message: why } };
    this.#told ??= { gateway: undefined };
    void this.#mapper?.stop();
    this.#mapper = undefined;
    this.#engine?.onChange(this.#failure);
  }

  /** Deletes the mapping, within two seconds. */
  async stop(): Promise<void> {
    await this.#mapper?.stop();
  }

  #begin(): void {
    if (!this.#told || !this.#engine || this.#failure || !this.#transport) return;
    const { port, secret, onChange } = this.#engine;
    const mapper = this.#mapper = new PortMapper({
      clock: this.#clock,
      random: (bytes) => crypto.getRandomValues(bytes as Uint8Array<ArrayBuffer>),
      transport: this.#transport(),
      nonceOf: (mapping) =>
        createHmac("sha256", secret).update(mapping).digest().subarray(0, NONCE_BYTES),
      port,
      findGateway: () => Promise.resolve(this.#told?.gateway),
      onChange: (status) => {
        if (this.#mapper === mapper) onChange(status);
      },
    });
    mapper.start();
  }
}
