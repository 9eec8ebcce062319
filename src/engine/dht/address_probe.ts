/**
 * Asks a DHT node now and then at which address it sees us (BEP 42). A home router may get another
 * external address while nothing changes on this machine; only others can tell.
 *
 * @module
 */

import { randomBytes } from "node:crypto";
import { type Clock, networkOf, type Timer } from "../../base/mod.ts";
import type { Krpc } from "../libraries/mod.ts";

/** Interval between two queries (ms). A new address is noticed in about this time. */
const PROBE_MS = 10_000;
/** Minimum interval between two surveys (ms). */
const SURVEY_MS = 10_000;
/** Number of nodes asked in a survey, each in a network of its own. */
const SURVEYED = 16;

/** Queries nodes of the routing table for our external address. */
export class AddressProbe {
  readonly #krpc: Krpc;
  readonly #clock: Clock;
  #timer: Timer | undefined;
  #surveyedMs = -Infinity;

  constructor(krpc: Krpc, clock: Clock) {
    this.#krpc = krpc;
    this.#clock = clock;
  }

  /** Starts asking one node each ten seconds. */
  start(): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.after(PROBE_MS, () => {
      this.#ask(1);
      this.start();
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }

  /** Asks many nodes now, because one has named another address or the network has changed. */
  survey(): void {
    const nowMs = this.#clock.now();
    if (Math.abs(nowMs - this.#surveyedMs) < SURVEY_MS) return;
    this.#surveyedMs = nowMs;
    this.#ask(SURVEYED);
  }

  #ask(count: number): void {
    const { id, nodes, socket, destroyed } = this.#krpc;
    if (destroyed) return;
    const networks = new Set<string>();
    for (const contact of nodes.closest(randomBytes(id.length), 4 * count)) {
      const network = networkOf(contact.host) ?? contact.host;
      if (networks.has(network)) continue;
      networks.add(network);
      socket.query(contact, { q: "ping", a: { id } }, () => {});
      if (networks.size === count) return;
    }
  }
}
