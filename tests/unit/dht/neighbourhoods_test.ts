import assert from "node:assert/strict";
import { compactNode, parseCompactNodes } from "../../../src/dht/compact_nodes.ts";
import { Neighbourhoods } from "../../../src/dht/neighbourhoods.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { Fixture } from "./fixture.ts";

const HOUR_MS = 3_600_000;
const node = (byte: number) => ({
  id: new Uint8Array(20).fill(byte),
  host: `10.0.${byte}.255`,
  port: 60_000 + byte,
});
const target = new Uint8Array(20);

Deno.test("compact node info is read as it was written", () => {
  assert.deepEqual(parseCompactNodes(compactNode(node(7))), [node(7)]);
});

Deno.test("the closest nodes of a target are remembered for three hours, the last ones count", async () => {
  const clock = new FakeClock();
  const known = new Neighbourhoods(clock);
  assert.deepEqual(known.of(target), []);
  known.learn(target, [node(1), node(2)]);
  known.learn(target, [node(3)]);
  await clock.advance(3 * HOUR_MS);
  assert.deepEqual(known.of(target), [node(3)]);
  await clock.advance(1);
  assert.deepEqual(known.of(target), []);
  known.learn(target, [node(4)]);
  clock.jump(-4 * HOUR_MS);
  assert.deepEqual(known.of(target), [], "the clock was set back");
});

Deno.test("a lookup that found nobody leaves nothing to begin with", () => {
  const known = new Neighbourhoods(new FakeClock());
  known.learn(target, [node(1)]);
  known.learn(target, []);
  assert.deepEqual(known.of(target), []);
});

Deno.test("a record that is put again costs its eight nodes one query each, far as they are", async () => {
  const at = new Fixture({ nodes: 3_000 });
  const client = at.dht.client({ known: 20 });
  // It never learns more nodes than it began with.
  client.learn = () => {};
  at.lent = [client];
  const first = await at.run(at.manager.put(at.item(1)));
  assert.ok(first.asked > 12, `${first.asked} asked`);
  const again = await at.run(at.manager.put(at.item(1)));
  assert.deepEqual([again.asked, again.holding, again.stored], [8, 8, 0]);
});

Deno.test("a node that was silent lately is passed over, unless nobody else is there", async () => {
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

Deno.test("a put that runs out of nodes turns to those that were silent: they may be back", async () => {
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
