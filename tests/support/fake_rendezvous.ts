/**
 * Rendezvous without a network: who is met there and what is answered is set by the test.
 *
 * @module
 */

import { toHex } from "../../src/base/mod.ts";
import type { Operations } from "../../src/control/operations.ts";
import type { RendezvousAnswer } from "../../src/records/mod.ts";
import { type Clock, delay } from "../../src/base/mod.ts";

/** Operations of a host that finds no peers at any rendezvous. */
export const nobodyMet: Pick<Operations, "askRendezvous"> = {
  askRendezvous: () => Promise.resolve({ found: 0, dialled: 0, answered: 0 }),
};

/** A peer at a rendezvous: its answer, after which time it comes; `undefined` for a peer that is dead. */
export interface MetPeer {
  answer?: Partial<RendezvousAnswer>;
  afterMs?: number;
  from?: string;
}

/** Rendezvous on a clock. */
export class FakeRendezvous implements Pick<Operations, "askRendezvous"> {
  readonly #clock: Clock;
  readonly #peers = new Map<string, MetPeer[]>();
  /** The questions so far: names, keys in hexadecimal digits, and `KEY NAME@VERSION`. */
  readonly asked: string[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Sets the peers at the rendezvous of a name or of a publisher, or those that have a version. */
  meet(of: string | Uint8Array, ...peers: MetPeer[]): void {
    this.#peers.set(typeof of === "string" ? of : toHex(of), peers);
  }

  readonly askRendezvous: Operations["askRendezvous"] = async (question, options = {}) => {
    const of = "version" in question
      ? `${toHex(question.publicKey)} ${question.name}@${question.version}`
      : "name" in question
      ? question.name
      : toHex(question.publicKey);
    this.asked.push(of);
    const peers = this.#peers.get(of) ?? [];
    const { signal, onEvent } = options;
    let answered = 0;
    await Promise.all(peers.map(async ({ answer, afterMs = 200, from = "192.0.2.1" }) => {
      await delay(this.#clock, answer ? afterMs : 60_000, signal);
      answered++;
      onEvent?.({ entries: [], items: [], ...answer, from });
    }));
    return { found: peers.length, dialled: peers.length, answered };
  };
}
