import assert from "node:assert/strict";
import { utf8 } from "../../../../src/base/mod.ts";
import { DistanceEstimate, proximityBits } from "../../../../src/dht/lookup/distance_estimate.ts";
import { Fixture } from "../../../support/dht_fixture.ts";

Deno.test("proximity is measured in bits, with fractions", () => {
  const target = new Uint8Array(20);
  const at = (...bytes: number[]) => {
    const id = new Uint8Array(20);
    id.set(bytes);
    return proximityBits(target, id);
  };
  assert.ok(Math.abs(at(0x80) - 1) < 1e-9);
  assert.ok(Math.abs(at(0x40) - 2) < 1e-9);
  assert.ok(Math.abs(at(0, 0x10) - 12) < 1e-9);
  assert.ok(at(0xff) < at(0x81) && at(0x81) < at(0x80));
  assert.equal(proximityBits(target, target), 56);
});

Deno.test("isNear is false before the first lookup, then true for a similar proximity", () => {
  const distances = new DistanceEstimate();
  assert.equal(distances.isNear(50), false);
  for (let i = 0; i < 50; i++) distances.add(10);
  assert.deepEqual([8.9, 9.1, 10, 30].map((bits) => distances.isNear(bits)), [
    false,
    true,
    true,
    true,
  ]);
  // The simulated network has grown since the estimate.
  for (let i = 0; i < 50; i++) distances.add(14);
  assert.equal(distances.isNear(12), false);
});

Deno.test("the first lookup of a process queries all of the closest candidates at once", async () => {
  const at = new Fixture({ nodes: 100 });
  const client = at.dht.client({ known: 100 });
  at.lent = [client];
  const running = at.manager.get(at.key);
  await at.clock.advance(5);
  assert.equal(client.underWay, 8);
  await at.run(running);
  assert.equal(client.mostUnderWay, 8);
});

Deno.test("a lookup that starts at the closest nodes queries all of them at once, and no others", async () => {
  const at = new Fixture({ nodes: 100 });
  const client = at.dht.client({ known: 100 });
  at.lent = [client];
  await at.run(at.manager.get(at.key));
  client.sent.length = 0;
  const got = await at.run(at.manager.get(at.key));
  assert.equal(client.mostUnderWay, 8);
  assert.deepEqual([got.asked, client.sent.length], [8, 8]);
});

Deno.test("a lookup that starts far away keeps to its concurrency until it has converged", async () => {
  const at = new Fixture({ nodes: 3_000 });
  await at.run(at.manager.get({ ...at.key, salt: utf8("another") }));
  const client = at.dht.client({ known: 20 });
  at.lent = [client];
  const running = at.manager.get(at.key);
  await at.clock.advance(5);
  assert.equal(client.underWay, 4);
  await at.run(running);
  assert.equal(client.mostUnderWay, 8);
});
