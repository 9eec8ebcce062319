/**
 * A simulated DHT on a fake clock, with homes that use it.
 *
 * @module
 */

import assert from "node:assert/strict";
import { type Clock, LibreseedError, toHex } from "../../src/base/mod.ts";
import { DhtManager } from "../../src/dht/mod.ts";
import type { KeyPair } from "../../src/identity/mod.ts";
import { bencode, type BValue } from "../../src/bencode/mod.ts";
import { dayOf, nameIndexKeyPair, nameIndexSalt, targetOf } from "../../src/records/mod.ts";
import { FakeClock } from "./fake_clock.ts";
import { SimulatedDht, type SimulatedDhtOptions } from "./simulated_dht.ts";
import { keysOfSlot, NamesHome, storeOver } from "./names_home.ts";
import { signedItem } from "./signed.ts";

/** The time 11:45 UTC, far from midnight, in Unix milliseconds. */
export const NOON = Date.UTC(2026, 5, 1, 11, 45);

/** A simulated network and the homes in it. */
export class World implements AsyncDisposable {
  readonly clock: FakeClock;
  readonly dht: SimulatedDht;
  /** Clock of the homes. It shows whole milliseconds, like a real clock. */
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

  /**
   * Opens a home with the given key pair or a new one. By default, the entries of new key pairs
   * belong to the same slot.
   */
  async home(keys: KeyPair | number = 0): Promise<NamesHome> {
    const pair = typeof keys === "number" ? keysOfSlot(keys, this.#homes.length) : keys;
    const home = await NamesHome.open(this.manager(), this.wholeClock, pair);
    this.#homes.push(home);
    return home;
  }

  /** Makes a DHT manager with a client of its own. */
  manager(): DhtManager {
    const bootstrap = this.dht.nodes.slice(0, 3).map(({ host, port }) => ({ host, port }));
    const client = this.dht.client({ bootstrap });
    return new DhtManager({ nodes: () => [client], clock: this.clock });
  }

  store() {
    return storeOver(this.manager());
  }

  /** Advances the clock until the work ends, and returns its result. */
  run<T>(work: Promise<T>): Promise<T> {
    return this.clock.until(work);
  }

  /** Puts an arbitrary value into a slot of a name's index, as an attacker could. */
  async vandalize(
    name: string,
    slot: number,
    value: BValue,
    { seq = this.clock.now() + 1_000, day = dayOf(this.clock.now()) } = {},
  ): Promise<void> {
    const item = signedItem(nameIndexKeyPair(name, day), {
      salt: nameIndexSalt(name, slot),
      seq,
      value: bencode(value),
    });
    await this.run(this.manager().put(item));
  }

  /** Returns the sequence numbers of a slot's record on the live nodes. */
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

/** Advances the clock until the work fails, and returns its error. */
export async function failure(world: World, work: Promise<unknown>) {
  const error = await world.run(work.then(() => undefined, (error) => error));
  assert(error instanceof LibreseedError, `it was to fail, not ${error}`);
  return error;
}
