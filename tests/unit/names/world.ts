/**
 * A simulated DHT with homes in it, on a fake clock.
 *
 * @module
 */

import assert from "node:assert/strict";
import { type Clock, LibreseedError, toHex } from "../../../src/base/mod.ts";
import { DhtManager } from "../../../src/dht/mod.ts";
import type { KeyPair } from "../../../src/identity/mod.ts";
import {
  bencode,
  type BValue,
  dayOf,
  nameIndexKeyPair,
  nameIndexSalt,
  signItem,
  targetOf,
} from "../../../src/records/mod.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { SimulatedDht, type SimulatedDhtOptions } from "../../support/simulated_dht.ts";
import { keysOfSlot, NamesHome, storeOver } from "./home.ts";

/** A quarter to noon UTC: midnight is far. */
export const NOON = Date.UTC(2026, 5, 1, 11, 45);

/** A network and what lives in it. */
export class World implements AsyncDisposable {
  readonly clock: FakeClock;
  readonly dht: SimulatedDht;
  /** The same clock as homes read it: a patience may end between two milliseconds, no clock says so. */
  readonly wholeClock: Clock;
  readonly #homes: NamesHome[] = [];

  constructor({ atMs = NOON, ...options }: Partial<SimulatedDhtOptions> & { atMs?: number } = {}) {
    this.clock = new FakeClock(atMs);
    this.wholeClock = {
      now: () => Math.floor(this.clock.now()),
      after: (delayMs, fire) => this.clock.after(delayMs, fire),
    };
    this.dht = new SimulatedDht({ nodes: 50, ...options, clock: this.clock });
  }

  /** A new home, with a key of its own or the one given; of the same slot if none is named. */
  async home(keys: KeyPair | number = 0): Promise<NamesHome> {
    const pair = typeof keys === "number" ? keysOfSlot(keys, this.#homes.length) : keys;
    const home = await NamesHome.open(this.manager(), this.wholeClock, pair);
    this.#homes.push(home);
    return home;
  }

  /** A manager with a node of its own. */
  manager(): DhtManager {
    const bootstrap = this.dht.nodes.slice(0, 3).map(({ host, port }) => ({ host, port }));
    const client = this.dht.client({ bootstrap });
    return new DhtManager({ nodes: () => [client], clock: this.clock });
  }

  store() {
    return storeOver(this.manager());
  }

  /** The outcome, with the clock running. */
  run<T>(work: Promise<T>): Promise<T> {
    return this.clock.until(work);
  }

  /** Puts anything at all into a slot of the index of a name, as anybody can. */
  async vandalize(
    name: string,
    slot: number,
    value: BValue,
    { seq = this.clock.now() + 1_000, day = dayOf(this.clock.now()) } = {},
  ): Promise<void> {
    const item = signItem(nameIndexKeyPair(name, day), {
      salt: nameIndexSalt(name, slot),
      seq,
      value: bencode(value),
    });
    await this.run(this.manager().put(item));
  }

  /** The seqs under which a slot of the index of a name lies on living nodes. */
  seqs(name: string, slot: number, day = dayOf(this.clock.now())): number[] {
    const { publicKey } = nameIndexKeyPair(name, day);
    const target = toHex(targetOf(publicKey, nameIndexSalt(name, slot)));
    return this.dht.holders(target).map((node) => node.item(target)!.seq);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const home of this.#homes) {
      await this.run(home.keeper.stop());
      await home[Symbol.asyncDispose]();
    }
  }
}

/** The error of work that is to fail, with the clock running. */
export async function failure(world: World, work: Promise<unknown>) {
  const error = await world.run(work.then(() => undefined, (error) => error));
  assert(error instanceof LibreseedError, `it was to fail, not ${error}`);
  return error;
}
