/**
 * Compare-and-swap: a put with `basedOn` overwrites only those versions of an item that `basedOn`
 * lists.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Fixture } from "../../../support/dht_fixture.ts";

function seqs(at: Fixture): number[] {
  return at.near(8).map((node) => node.item(at.targetHex)?.seq ?? -1);
}

Deno.test("an item that reached a node after our get stays there, and is returned as a conflict", async () => {
  const at = new Fixture();
  for (const node of at.near(8)) at.plant(node, at.item(3));
  const put = await at.run(at.manager.put(at.item(5), { basedOn: [2] }));
  assert.deepEqual([put.conflict?.seq, put.stored], [3, 0]);
  assert.deepEqual(seqs(at), Array(8).fill(3));
});

Deno.test("an item that ours is based on is overwritten", async () => {
  const at = new Fixture();
  for (const [i, node] of at.near(8).entries()) at.plant(node, at.item(i < 3 ? 2 : 3));
  const put = await at.run(at.manager.put(at.item(5), { basedOn: [2, 3] }));
  assert.deepEqual([put.conflict, put.stored, put.holding], [undefined, 8, 8]);
  assert.deepEqual(seqs(at), Array(8).fill(5));
});

for (const [held, basedOn] of [["nothing", []], ["an older item", [1]]] as const) {
  Deno.test(`an item that arrives between get and put is not overwritten where ${held} was held`, async () => {
    const at = new Fixture();
    for (const node of at.near(8)) {
      for (const seq of basedOn) at.plant(node, at.item(seq));
      node.behave = ({ name }, honest) => {
        if (name === "put") at.plant(node, at.item(3));
        return honest();
      };
    }
    const put = await at.run(at.manager.put(at.item(5), { basedOn }));
    assert.deepEqual([put.conflict?.seq, put.stored], [3, 0]);
    assert.deepEqual(seqs(at), Array(8).fill(3));
  });
}

Deno.test("an older item that ours is not based on is not overwritten", async () => {
  const at = new Fixture();
  for (const [i, node] of at.near(8).entries()) at.plant(node, at.item(i === 5 ? 2 : 3));
  const put = await at.run(at.manager.put(at.item(5), { basedOn: [3] }));
  assert.deepEqual([put.conflict?.seq, put.stored], [2, 0]);
});

Deno.test("get returns the other items that nodes hold, each once", async () => {
  const at = new Fixture();
  for (const [i, node] of at.near(8).entries()) at.plant(node, at.item(i < 4 ? 3 : i < 6 ? 2 : 1));
  at.plant(at.near(8)[0]!, at.item(3, "another value"));
  const { item, others } = await at.run(at.manager.get(at.key));
  assert.equal(item!.seq, 3);
  assert.deepEqual(others.map(({ seq }) => seq).sort(), [1, 2, 3]);
});

Deno.test("a put without basedOn overwrites any older item", async () => {
  const at = new Fixture();
  for (const node of at.near(8)) at.plant(node, at.item(3));
  const put = await at.run(at.manager.put(at.item(5)));
  assert.deepEqual([put.conflict, put.stored], [undefined, 8]);
});
