/**
 * A simulated network of nodes around one target, for the tests of lookups.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { concatBytes, toHex } from "../../../../src/base/mod.ts";
import { DistanceEstimate } from "../../../../src/dht/lookup/distance_estimate.ts";
import { lookup, type LookupOptions } from "../../../../src/dht/lookup/lookup.ts";
import { RttEstimator } from "../../../../src/dht/lookup/rtt_estimator.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import {
  type SimulatedClient,
  SimulatedDht,
  type SimulatedDhtOptions,
} from "../../../support/simulated_dht.ts";

/** The target of every lookup. */
export const target = idOf("the target");

/** Makes a node id, 20 bytes, from a text. */
export function idOf(text: string): Uint8Array {
  return new Uint8Array(createHash("sha1").update(text).digest());
}

/** Makes a node id that shares the first `bytes` bytes with the target. */
export function near(bytes: number, text: string): Uint8Array {
  return concatBytes(target.subarray(0, bytes), idOf(text).subarray(bytes));
}

/** Makes a network, of 300 nodes by default. */
export function network(options: Partial<SimulatedDhtOptions> = {}): SimulatedDht {
  return new SimulatedDht({ clock: new FakeClock(), nodes: 300, ...options });
}

/** Looks up the target, and returns what was found and how long it took in simulated milliseconds. */
export async function look(dht: SimulatedDht, client: SimulatedClient, options = {}) {
  const begunMs = dht.clock.now();
  const found = await dht.clock.until(lookup(client, optionsOf(dht, options)));
  return { ...found, tookMs: dht.clock.now() - begunMs };
}

/** Makes the options of a lookup of the target. */
export function optionsOf(dht: SimulatedDht, options: Partial<LookupOptions> = {}): LookupOptions {
  return {
    target,
    query: "get",
    args: { target },
    closest: 8,
    concurrency: 4,
    rtt: new RttEstimator(),
    distances: new DistanceEstimate(),
    clock: dht.clock,
    ...options,
  };
}

/** Returns the ids of the first nodes that answered, in hexadecimal. */
export function ids(found: { answers: { contact: { id: Uint8Array } }[] }, count = 8): string[] {
  return found.answers.slice(0, count).map(({ contact }) => toHex(contact.id));
}

/** Returns the ids of the live nodes closest to the target, in hexadecimal. */
export function trueIds(dht: SimulatedDht, count = 8): string[] {
  return dht.closest(target, dht.nodes.length).filter((node) => node.alive)
    .slice(0, count).map((node) => toHex(node.id));
}
