/**
 * Asks a DHT node now and then at which address it sees us (BEP 42). A home router may get another
 * external address while nothing changes on this machine; only others can tell.
 *
 * @module
 */

import { randomBytes } from "node:crypto";
import { type Clock, type Family, networkOf, type Timer } from "../../base/mod.ts";
import type { Krpc } from "../libraries/mod.ts";
import type { DhtHostOptions } from "./dht_host_options.ts";

/** Interval between two queries (ms). A new address is noticed in about this time. */
const PROBE_MS = 10_000;
/** Minimum interval between two surveys (ms). */
const SURVEY_MS = 10_000;
/** Number of nodes asked in a survey, each in a network of its own. */
const SURVEYED = 16;
/**
 * Maximum pause between two surveys while our address is unknown (ms). The pause is doubled each
 * time, because all nodes that we know may be of the kind that tells no address.
 */
const MAX_PAUSE_MS = 5 * 60_000;

/** Queries nodes of the routing table for our external address. */
export class AddressProbe {
  readonly #krpc: Krpc;
  readonly #clock: Clock;
  readonly #family: Family;
  readonly #knowsAddress: () => boolean;
  #timer: Timer | undefined;
  #surveyedMs = -Infinity;
  #pauseMs = SURVEY_MS;

  constructor(
    krpc: Krpc,
    { clock, family, knowsAddress }: Pick<DhtHostOptions, "clock" | "family" | "knowsAddress">,
  ) {
    this.#krpc = krpc;
    this.#clock = clock;
    this.#knowsAddress = () => knowsAddress?.(family) ?? true;
    this.#family = family;
  }

  /** Starts asking one node each ten seconds, and many now and then while our address is unknown. */
  start(): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.after(PROBE_MS, () => {
      const isKnown = this.#knowsAddress();
      if (isKnown) this.#pauseMs = SURVEY_MS;
      if (!isKnown && Math.abs(this.#clock.now() - this.#surveyedMs) >= this.#pauseMs) {
        this.#pauseMs = Math.min(this.#pauseMs * 2, MAX_PAUSE_MS);
        this.survey();
        if (this.#family === 4) this.#lookFurther();
      } else this.#ask(1);
      this.start();
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }

  /** Asks many nodes now, because our address is unknown, or may be another one. */
  survey(): void {
    const nowMs = this.#clock.now();
    if (Math.abs(nowMs - this.#surveyedMs) < SURVEY_MS) return;
    this.#surveyedMs = nowMs;
    this.#ask(SURVEYED);
  }

  /** Searches a random id: too few nodes of a small table may tell addresses. */
  #lookFurther(): void {
    const { id, destroyed } = this.#krpc;
    const target = randomBytes(id.length);
    if (!destroyed) this.#krpc.populate(target, { q: "find_node", a: { id, target } }, () => {});
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
