/** Tests that nodes whose ids do not fit their addresses (BEP 42) count last as holders. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { bencode } from "../../../../src/bencode/mod.ts";
import { concatBytes, parseAddress, toHex } from "../../../../src/base/mod.ts";
import { DistanceEstimate } from "../../../../src/dht/lookup/distance_estimate.ts";
import { preferFitting } from "../../../../src/dht/lookup/holders.ts";
import { lookup } from "../../../../src/dht/lookup/lookup.ts";
import { RttEstimator } from "../../../../src/dht/lookup/rtt_estimator.ts";
import { DhtManager } from "../../../../src/dht/mod.ts";
import { keyPairFromSeed } from "../../../../src/identity/mod.ts";
import { targetOf } from "../../../../src/records/mod.ts";
import { fitsAddress, makeNodeId } from "../../../../src/reachability/mod.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { signedItem } from "../../../support/signed.ts";
import { SimulatedDht } from "../../../support/simulated_dht.ts";

const K = 8;
const item = signedItem(keyPairFromSeed(new Uint8Array(32)), {
  salt: new Uint8Array(),
  seq: 1,
  value: bencode("a record"),
});
const target = targetOf(item.publicKey, item.salt);

function bytesOf(text: string): Uint8Array {
  return new Uint8Array(createHash("sha1").update(text).digest());
}

/** Makes a network of 300 nodes, of which each `every`th has an id that fits its address. */
function network(every: number): SimulatedDht {
  const dht = new SimulatedDht({ clock: new FakeClock(), nodes: 0 });
  for (let i = 0; i < 300; i++) {
    const host = `45.${i & 255}.${i >> 8}.1`;
    const id = bytesOf(host);
    dht.join({ host, id: i % every === 0 ? makeNodeId(parseAddress(host)!, id) : id });
  }
  return dht;
}

/** Adds nodes closer to the target than all others, each in a network of its own. */
function addSybils(dht: SimulatedDht, count: number): void {
  for (let i = 0; i < count; i++) {
    const id = concatBytes(target.subarray(0, 6), bytesOf(`sybil ${i}`).subarray(6));
    dht.join({ host: `46.${i}.1.1`, id });
  }
}

async function look(dht: SimulatedDht) {
  return await dht.clock.until(lookup(dht.client(), {
    target,
    query: "get",
    args: { target },
    closest: K,
    concurrency: 4,
    rtt: new RttEstimator(),
    distances: new DistanceEstimate(),
    clock: dht.clock,
  }));
}

/** Returns the hosts of the closest nodes that satisfy a condition. */
function closest(dht: SimulatedDht, isIt: (fits: boolean) => boolean, count = K): string[] {
  return dht.closest(target, dht.nodes.length)
    .filter(({ id, host }) => isIt(fitsAddress(id, host))).slice(0, count).map(({ host }) => host);
}

async function put(dht: SimulatedDht): Promise<string[]> {
  const client = dht.client();
  const manager = new DhtManager({ nodes: () => [client], clock: dht.clock });
  await dht.clock.until(manager.put(item));
  return dht.holders(toHex(target)).map(({ host }) => host);
}

Deno.test("chosen ids beside the target do not keep a record from the closest nodes that fit", async () => {
  const dht = network(1);
  addSybils(dht, 30);
  const fitting = closest(dht, (fits) => fits);
  const found = await look(dht);
  const asked = found.answers.map(({ contact }) => contact.host);
  for (const host of fitting) assert.ok(asked.includes(host), `${host} was asked`);
  assert.deepEqual(
    preferFitting(found.answers, K).slice(0, K).map(({ contact }) => contact.host),
    fitting,
  );
  assert.deepEqual((await put(dht)).sort(), fitting.sort());
});

Deno.test("where no id fits, the closest nodes are asked and hold the record", async () => {
  const dht = network(1_000);
  const all = closest(dht, () => true);
  const found = await look(dht);
  assert.deepEqual(found.answers.slice(0, K).map(({ contact }) => contact.host), all);
  assert.ok(found.asked <= 40, `${found.asked} queries`);
  const holders = await put(dht);
  assert.ok(all.filter((host) => holders.includes(host)).length >= K - 1, `${holders}`);
});

Deno.test("where few ids fit, a reader finds the record, whichever nodes it knows", async () => {
  const dht = network(20);
  await put(dht);
  for (let i = 0; i < 10; i++) {
    const client = dht.client();
    const manager = new DhtManager({ nodes: () => [client], clock: dht.clock });
    const { item: found } = await dht.clock.until(manager.get(item));
    assert.equal(found?.seq, item.seq);
  }
});

Deno.test("where half of the ids fit, the closest of those hold the record", async () => {
  const dht = network(2);
  const holders = await put(dht);
  const fitting = closest(dht, (fits) => fits, K + 2);
  const share = holders.filter((host) => fitting.includes(host)).length;
  assert.ok(share >= K - 2, `${share} of ${holders.length}`);
});
