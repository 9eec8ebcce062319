/**
 * A frugal lookup queries a node known from earlier lookups only if other nodes still return it.
 *
 * @module
 */

import assert from "node:assert/strict";
import { concatBytes } from "../../../../src/base/mod.ts";
import type { SimulatedClient } from "../../../support/simulated_dht.ts";
import { Fixture } from "../../../support/dht_fixture.ts";

/**
 * A time after which other nodes no longer return a dead node, and unresponsive nodes are no longer
 * skipped.
 */
const FORGOTTEN_MS = 16 * 60_000;

/**
 * Returns the number of packets for putting a record again after four of its eight holders have
 * died.
 */
async function packetsToPutAgain(seed: number, background: boolean): Promise<number> {
  const at = new Fixture({ nodes: 200, seed });
  const client: SimulatedClient = at.dht.client({ known: 40 });
  at.lent = [client];
  await at.run(at.manager.put(at.item(1)));
  for (const [i, node] of at.near(8).entries()) if (i % 2 === 0) at.dht.kill(node);
  await at.clock.advance(FORGOTTEN_MS);
  const before = client.sent.length;
  const put = await at.run(at.manager.put(at.item(1), { background }));
  assert.deepEqual([put.holding, put.stored, put.weak], [8, 4, false]);
  return client.sent.length - before;
}

Deno.test("nodes that their neighbours no longer name are not queried, except the first two", async () => {
  let frugal = 0;
  for (let seed = 1; seed <= 10; seed++) {
    // The 16 packets are queries to eight live nodes, four puts, and queries to the four dead
    // nodes.
    assert.equal(await packetsToPutAgain(seed, false), 16);
    frugal += await packetsToPutAgain(seed, true);
  }
  assert.ok(frugal <= 150, `${frugal} packets`);
});

Deno.test("a node that is named again is queried: two lying nodes cannot get their neighbours skipped", async () => {
  for (let seed = 1; seed <= 10; seed++) {
    const at = new Fixture({ nodes: 200, seed });
    await at.run(at.manager.put(at.item(1)));
    const near = at.near(16);
    // The lying nodes return eight nodes that are farther away than the closest ones.
    const nodes = concatBytes(...near.slice(8).map(({ compact }) => compact));
    for (const liar of near.slice(0, 2)) {
      liar.behave = (_query, honest) => {
        const answer = honest();
        return answer.kind === "reply" ? { ...answer, body: { ...answer.body, nodes } } : answer;
      };
    }
    const put = await at.run(at.manager.put(at.item(1), { background: true }));
    assert.deepEqual([put.holding, put.stored, put.weak], [8, 0, false], `seed ${seed}`);
  }
});

Deno.test("a reply without nodes causes no node to be skipped", async () => {
  const at = new Fixture({ nodes: 200 });
  for (const node of at.dht.nodes) {
    node.behave = ({ name }, honest) => {
      const answer = honest();
      if (name !== "get" || answer.kind !== "reply" || answer.body.v === undefined) return answer;
      const { nodes: _, ...body } = answer.body;
      return { ...answer, body };
    };
  }
  await at.run(at.manager.put(at.item(1)));
  const before = at.client.sent.length;
  const put = await at.run(at.manager.put(at.item(1), { background: true }));
  assert.deepEqual([put.asked, put.holding, put.stored], [8, 8, 0]);
  assert.equal(at.client.sent.length - before, 8);
});
