import assert from "node:assert/strict";
import { Fixture, holding } from "../../../support/dht_fixture.ts";
import { SimulatedDht } from "../../../support/simulated_dht.ts";

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

/** A DHT of IPv4 and one of IPv6, with one manager that borrows a node of each. */
function bothFamilies(nodes = 100) {
  const at = new Fixture();
  const six = new SimulatedDht({ clock: at.clock, nodes, network: 12, family: 6 });
  at.lent = [at.client, six.client()];
  return { at, six };
}

Deno.test("a put goes to the DHTs of both families, and the outcome tells each", async () => {
  const { at, six } = bothFamilies();
  const put = await at.run(at.manager.put(at.item(1)));
  assert.deepEqual(put.byFamily?.[4]?.holding, 8);
  assert.deepEqual(put.byFamily?.[6]?.holding, 8);
  assert.equal(put.stored, 16);
  assert.deepEqual(put.errors, {});
  assert.equal(six.holders(at.targetHex).length, 8);
  assert.equal(holding(at, at.item(1)).length, 8);
});

Deno.test("a record is found in either family's DHT, and the highest seq of both wins", async () => {
  const { at, six } = bothFamilies();
  await at.run(at.manager.put(at.item(1)));
  for (const node of six.nodes) node.forget(at.targetHex);
  assert.equal((await at.run(at.manager.get(at.key))).item?.seq, 1);
  for (const node of at.dht.nodes) node.forget(at.targetHex);
  for (const node of six.closest(at.target, 8)) at.plant(node, at.item(5));
  assert.equal((await at.run(at.manager.get(at.key))).item?.seq, 5);
});

Deno.test("peers of both families are found, and announcements go to both", async () => {
  const { at } = bothFamilies();
  const announced = await at.run(at.manager.announcePeer(at.target, 6_881));
  assert.equal(announced.byFamily?.[4]?.holding, 8);
  assert.equal(announced.byFamily?.[6]?.holding, 8);
  const { peers } = await at.run(at.manager.findPeers(at.target));
  assert.deepEqual(peers.map(({ host }) => host).sort(), ["192.0.2.1", "2001:db8::1"]);
});

Deno.test("a silent DHT of IPv6 neither fails a put nor makes it weak", async () => {
  const { at, six } = bothFamilies();
  for (const node of six.nodes) node.alive = false;
  const put = await at.run(at.manager.put(at.item(1)));
  assert.equal(put.holding, 8);
  assert.equal(put.weak, false);
  assert.equal(put.needsRetry, false);
  assert.deepEqual(put.byFamily?.[6], { responded: 0, holding: 0 });
});

Deno.test("a put that the DHT of IPv6 refused is repeated", async () => {
  const { at, six } = bothFamilies();
  for (const node of six.nodes) {
    node.behave = ({ name }, honest) => name === "put" ? { kind: "refused", code: 203 } : honest();
  }
  const put = await at.run(at.manager.put(at.item(1)));
  assert.equal(put.holding, 8);
  assert.equal(put.needsRetry, true);
});

Deno.test("of an IPv6 site (/48) one node counts", async () => {
  const { at, six } = bothFamilies(30);
  at.lent = [at.lent[1]!];
  const target = at.target;
  for (let i = 0; i < 20; i++) {
    const id = new Uint8Array(target);
    id[19]! ^= i + 1;
    six.join({ id, host: `2600:bad:1:${(i + 1).toString(16)}::1` });
  }
  const put = await at.run(at.manager.put(at.item(1)));
  const sybils = six.holders(at.targetHex).filter(({ host }) => host.startsWith("2600:bad:"));
  assert.equal(sybils.length, 1);
  assert.equal(put.holding, 8);
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
