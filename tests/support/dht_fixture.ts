/**
 * Fixture for tests of the DHT manager: a simulated DHT, a manager that uses one of its clients,
 * and signed items.
 *
 * @module
 */

import { toHex, utf8 } from "../../src/base/mod.ts";
import { DhtManager, type DhtNode } from "../../src/dht/mod.ts";
import { type KeyPair, keyPairFromSeed } from "../../src/identity/mod.ts";
import { bencode, type BValue } from "../../src/bencode/mod.ts";
import { type MutableItem, targetOf } from "../../src/records/mod.ts";
import { FakeClock } from "./fake_clock.ts";
import { type SimulatedClient, SimulatedDht, type SimulatedDhtOptions } from "./simulated_dht.ts";
import { decodeLoosely, type SimulatedNode, type StoredItem } from "./simulated_node.ts";
import { signedItem } from "./signed.ts";

export const salt = utf8("a salt");

/** A simulated DHT, a client in it, a DHT manager that uses the client, and a key pair. */
export class Fixture {
  readonly clock = new FakeClock();
  readonly dht: SimulatedDht;
  readonly client: SimulatedClient;
  readonly manager: DhtManager;
  readonly keys: KeyPair = keyPairFromSeed(new Uint8Array(32).fill(7));
  /** The DHT clients that the manager is given. */
  lent: DhtNode[];

  constructor(
    options: Partial<SimulatedDhtOptions> = {},
    managerOptions: Partial<ConstructorParameters<typeof DhtManager>[0]> = {},
  ) {
    this.dht = new SimulatedDht({ clock: this.clock, nodes: 100, ...options });
    this.client = this.dht.client();
    this.lent = [this.client];
    this.manager = new DhtManager({ nodes: () => this.lent, clock: this.clock, ...managerOptions });
  }

  get key() {
    return { publicKey: this.keys.publicKey, salt };
  }

  get target(): Uint8Array {
    return targetOf(this.keys.publicKey, salt);
  }

  get targetHex(): string {
    return toHex(this.target);
  }

  item(seq: number, value: BValue = `value ${seq}`): MutableItem {
    return signedItem(this.keys, { salt, seq, value: bencode(value) });
  }

  /** Returns the nodes closest to the item's target. */
  near(count: number): SimulatedNode[] {
    return this.dht.closest(this.target, count);
  }

  /** Stores an item on a node, as a put would. */
  plant(node: SimulatedNode, item: MutableItem, changes: Record<string, unknown> = {}): void {
    node.plant(this.targetHex, { ...stored(item, this.clock.now()), ...changes });
  }

  /** Advances the clock until the operation of the manager has ended, and returns its outcome. */
  run<T>(operation: Promise<T>): Promise<T> {
    return this.clock.until(operation);
  }
}

/** Returns the live nodes that hold exactly the given version of the record. */
export function holding(at: Fixture, item: MutableItem): SimulatedNode[] {
  return at.dht.holders(at.targetHex)
    .filter((node) => node.item(at.targetHex)!.seq === item.seq);
}

function stored(item: MutableItem, atMs: number): StoredItem {
  const v = decodeLoosely(item.value);
  return { v, k: item.publicKey, sig: item.signature, seq: item.seq, atMs };
}
