/**
 * Lookups among nodes that hold the item and omit `nodes` from their reply, as npm:bittorrent-dht
 * does.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { SimulatedNode } from "../../../support/simulated_node.ts";
import { Fixture } from "../../../support/dht_fixture.ts";

/** Makes a node omit `nodes` from replies with an item. */
function nameNobody(node: SimulatedNode): void {
  node.behave = ({ name }, honest) => {
    const answer = honest();
    if (name !== "get" || answer.kind !== "reply" || answer.body.v === undefined) return answer;
    const { nodes: _, ...body } = answer.body;
    return { ...answer, body };
  };
}

/** Makes a client that knows only one node, which holds the item. */
function oneContact(at: Fixture) {
  const [first] = at.near(1);
  const client = at.dht.client({ known: 0, bootstrap: [{ host: first!.host, port: first!.port }] });
  at.lent = [client];
  for (const node of at.dht.nodes) nameNobody(node);
  return client;
}

Deno.test("newer copies are found although the only known node returns an old copy without nodes", async () => {
  const at = new Fixture();
  const near = at.near(8);
  for (const [i, node] of near.entries()) at.plant(node, at.item(i === 0 ? 1 : 2));
  oneContact(at);
  const got = await at.run(at.manager.get(at.key));
  assert.equal(got.item!.seq, 2);
  assert.ok(got.responded >= 8, `${got.responded} answered`);
});

Deno.test("a put reaches the eight closest nodes although the only known node returns no nodes", async () => {
  const at = new Fixture();
  at.plant(at.near(1)[0]!, at.item(1));
  oneContact(at);
  const put = await at.run(at.manager.put(at.item(2)));
  assert.deepEqual([put.holding, put.weak], [8, false]);
  assert.ok(at.near(8).every((node) => node.item(at.targetHex)?.seq === 2));
});

Deno.test("few follow-up queries are sent when other nodes are known or the network is small", async () => {
  const at = new Fixture();
  for (const node of at.near(8)) at.plant(node, at.item(1));
  for (const node of at.dht.nodes) nameNobody(node);
  await at.run(at.manager.get(at.key));
  assert.equal(at.client.count("find_node"), 0);

  const few = new Fixture({ nodes: 5 });
  for (const node of few.dht.nodes) {
    few.plant(node, few.item(1));
    nameNobody(node);
  }
  const got = await few.run(few.manager.get(few.key));
  assert.equal(got.holding, 5);
  assert.equal(few.client.count("find_node"), 3);
});

Deno.test("a put reaches eight live nodes although all named nodes are dead", async () => {
  for (let seed = 0; seed < 20; seed++) {
    const at = new Fixture({ nodes: 60, seed });
    const near = at.near(8);
    const client = at.dht.client({ known: 0 });
    for (const node of near) client.learn(node);
    at.lent = [client];
    for (const node of at.dht.nodes) nameNobody(node);
    for (const node of near) at.plant(node, at.item(1));
    for (const node of near.slice(0, 5)) at.dht.kill(node);
    const begunMs = at.clock.now();
    const put = await at.run(at.manager.put(at.item(1)));
    assert.deepEqual([put.holding, put.stored, put.weak], [8, 5, false], `seed ${seed}`);
    assert.ok(at.clock.now() - begunMs < 2_000, "it waited until the dead were given up");
    assert.ok(client.sent.length < 40, `${client.sent.length} packets`);
  }
});
