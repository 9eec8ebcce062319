import assert from "node:assert/strict";
import { Fixture, holding } from "../../../support/dht_fixture.ts";

Deno.test("put goes through every borrowed node and returns the best outcome", async () => {
  const at = new Fixture();
  const far = new Fixture({ nodes: 5, network: 11 });
  at.lent = [far.dht.client(), at.client];
  const running = at.manager.put(at.item(1));
  for (let i = 0; i < 50; i++) {
    await at.clock.advance(50);
    await far.clock.advance(50);
  }
  const put = await running;
  assert.equal(put.holding, 8);
  assert.equal(put.stored, 13);
  assert.equal(put.weak, false);
  assert.equal(holding(at, at.item(1)).length, 8);
  assert.equal(far.dht.holders(at.targetHex).length, 5);
});

Deno.test("two borrowed nodes in one network store the record once on each node, without errors", async () => {
  for (const refresh of [true, false]) {
    const at = new Fixture({ items: { refresh } });
    at.lent = [at.client, at.dht.client()];
    const put = await at.run(at.manager.put(at.item(1)));
    assert.equal(put.holding, 8);
    assert.deepEqual(put.errors, {});
    assert.equal(holding(at, at.item(1)).length, 8);
  }
});

Deno.test("a newer record in one borrowed node's network is returned although the other network took ours", async () => {
  const at = new Fixture();
  const far = new Fixture({ nodes: 5, network: 11 });
  const newer = at.item(9);
  for (const node of far.dht.nodes) at.plant(node, newer);
  at.lent = [at.client, far.dht.client()];
  const running = at.manager.put(at.item(5));
  for (let i = 0; i < 50; i++) {
    await at.clock.advance(50);
    await far.clock.advance(50);
  }
  assert.deepEqual((await running).superseded, newer);
});
