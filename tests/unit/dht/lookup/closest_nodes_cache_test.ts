import assert from "node:assert/strict";
import { ClosestNodesCache } from "../../../../src/dht/lookup/closest_nodes_cache.ts";
import { compactNodes, parseCompactNodes } from "../../../../src/base/compact_nodes.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { Fixture } from "../../../support/dht_fixture.ts";

const HOUR_MS = 3_600_000;
const node = (byte: number) => ({
  id: new Uint8Array(20).fill(byte),
  host: `10.0.${byte}.255`,
  port: 60_000 + byte,
});
const target = new Uint8Array(20);

Deno.test("compact node info survives writing and reading", () => {
  assert.deepEqual(parseCompactNodes(compactNodes([node(7), node(255)], 4), 4), [
    node(7),
    node(255),
  ]);
});

Deno.test("the cache keeps the last closest nodes of a target for three hours", async () => {
  const clock = new FakeClock();
  const known = new ClosestNodesCache(clock, 4);
  assert.deepEqual(known.get(target), []);
  known.set(target, [node(1), node(2)]);
  known.set(target, [node(3)]);
  await clock.advance(3 * HOUR_MS);
  assert.deepEqual(known.get(target), [node(3)]);
  await clock.advance(1);
  assert.deepEqual(known.get(target), []);
  known.set(target, [node(4)]);
  clock.jump(-4 * HOUR_MS);
  assert.deepEqual(known.get(target), [], "the clock was set back");
});

Deno.test("a lookup without results removes the entry", () => {
  const known = new ClosestNodesCache(new FakeClock(), 4);
  known.set(target, [node(1)]);
  known.set(target, []);
  assert.deepEqual(known.get(target), []);
});

Deno.test("the least recently looked up targets are evicted first", async () => {
  const clock = new FakeClock();
  const known = new ClosestNodesCache(clock, 4);
  for (let hour = 0; hour < 12; hour++) {
    for (let n = 0; n < 50; n++) {
      known.set(new Uint8Array(20).fill(hour).fill(n, 10).fill(1, 19), [node(1)]);
    }
    known.set(target, [node(2)]);
    await clock.advance(HOUR_MS);
  }
  assert.ok(known.size <= 4 * 50 + 1, `${known.size}`);
  assert.deepEqual(known.get(target), [node(2)]);
});

Deno.test("the time of a put to a node is kept while the node is among the closest", async () => {
  const clock = new FakeClock();
  const known = new ClosestNodesCache(clock, 4);
  const since = (byte: number) => known.sincePutMs(target, node(byte).id);
  known.notePut(target, node(1).id);
  assert.equal(since(1), Infinity, "nobody is known yet");
  known.set(target, [node(1), node(2)]);
  known.notePut(target, node(1).id);
  known.notePut(target, node(9).id);
  await clock.advance(1_000);
  known.set(target, [node(2), node(3), node(1)]);
  known.notePut(target, node(3).id);
  await clock.advance(HOUR_MS);
  assert.deepEqual([1, 2, 3, 9].map(since), [HOUR_MS + 1_000, Infinity, HOUR_MS, Infinity]);
  known.set(target, [node(2)]);
  known.set(target, [node(1)]);
  assert.equal(since(1), Infinity, "it was gone in between");
  known.notePut(target, node(1).id);
  clock.jump(-1);
  assert.equal(since(1), Infinity, "the clock was set back");
});

Deno.test("only holders that were last sent the record long ago are refreshed", async () => {
  const at = new Fixture({ nodes: 60 });
  at.lent = [at.client];
  const refreshAfterMs = HOUR_MS;
  const item = at.item(1);
  const [first, second] = at.near(2);
  const puts = () => at.client.count("put");
  const again = async (expected: number) => {
    const before = puts();
    assert.equal((await at.run(at.manager.put(item, { refreshAfterMs }))).holding, 8);
    assert.equal(puts() - before, expected);
  };
  for (const node of at.near(8)) at.plant(node, item);
  await again(8);
  await again(0);
  await at.clock.advance(HOUR_MS / 2);
  first!.forget(at.targetHex);
  await again(1);
  await at.clock.advance(HOUR_MS / 2);
  // A put that the node refuses does not count as a refresh of the item. Error 302 does count if
  // the node holds the same item.
  second!.behave = ({ name }, honest) => name === "put" ? { kind: "refused", code: 202 } : honest();
  await again(7);
  await again(1);
  second!.behave = ({ name }, honest) => name === "put" ? { kind: "refused", code: 302 } : honest();
  await again(1);
  await again(0);
});

Deno.test("putting a record again costs one query for each of its eight nodes", async () => {
  const at = new Fixture({ nodes: 3_000 });
  const client = at.dht.client({ known: 20 });
  // Keep the routing table unchanged, so that only the cache can shorten the second lookup.
  client.learn = () => {};
  at.lent = [client];
  const first = await at.run(at.manager.put(at.item(1)));
  assert.ok(first.asked > 12, `${first.asked} asked`);
  const again = await at.run(at.manager.put(at.item(1)));
  assert.deepEqual([again.asked, again.holding, again.stored], [8, 8, 0]);
});

Deno.test("an unresponsive node is skipped unless there is no other", async () => {
  const at = new Fixture({ nodes: 60 });
  at.lent = [at.dht.client({ known: 60 })];
  const [silent] = at.near(1);
  silent!.behave = () => ({ kind: "silent" });
  await at.run(at.manager.get(at.key));
  await at.clock.advance(5_000);
  const begunMs = at.clock.now();
  const got = await at.run(at.manager.get(at.key));
  assert.equal(silent!.received.get, 1);
  assert.equal(got.responded, 8);
  assert.ok(at.clock.now() - begunMs < 60, "it waited for the silent one");
  silent!.behave = undefined;
  for (const other of at.dht.nodes) if (other !== silent) other.behave = () => ({ kind: "silent" });
  assert.equal((await at.run(at.manager.get(at.key))).responded, 1);
});

Deno.test("a put that runs out of nodes tries unresponsive ones, which may be back", async () => {
  const at = new Fixture({ nodes: 9 });
  at.lent = [at.dht.client({ known: 9 })];
  const [silent, refusing] = at.near(2);
  silent!.behave = () => ({ kind: "silent" });
  await at.run(at.manager.get(at.key));
  await at.clock.advance(5_000);
  silent!.behave = undefined;
  refusing!.behave = ({ name }, honest) =>
    name === "put" ? { kind: "refused", code: 202 } : honest();
  const put = await at.run(at.manager.put(at.item(1)));
  assert.equal(put.holding, 8);
  assert.ok(silent!.item(at.targetHex));
});
