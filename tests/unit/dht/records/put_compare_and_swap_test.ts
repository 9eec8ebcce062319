/**
 * Putting a record that others write too: what was put since ours was made is not overwritten unread.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Fixture } from "../fixture.ts";

function seqs(at: Fixture): number[] {
  return at.near(8).map((node) => node.item(at.targetHex)?.seq ?? -1);
}

Deno.test("what a node got since ours was read stays there, and comes back as a conflict", async () => {
  const at = new Fixture();
  for (const node of at.near(8)) at.plant(node, at.item(3));
  const put = await at.run(at.manager.put(at.item(5), { basedOn: [2] }));
  assert.deepEqual([put.conflict?.seq, put.stored], [3, 0]);
  assert.deepEqual(seqs(at), Array(8).fill(3));
});

Deno.test("what ours was made from is overwritten, and so are older ones", async () => {
  const at = new Fixture();
  for (const [i, node] of at.near(8).entries()) at.plant(node, at.item(i < 3 ? 2 : 3));
  const put = await at.run(at.manager.put(at.item(5), { basedOn: [2, 3] }));
  assert.deepEqual([put.conflict, put.stored, put.holding], [undefined, 8, 8]);
  assert.deepEqual(seqs(at), Array(8).fill(5));
});

for (const [what, basedOn] of [["nothing", []], ["an older one", [1]]] as const) {
  Deno.test(`what came between asking and putting stays too, where there was ${what}`, async () => {
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

Deno.test("what ours was not made from is not overwritten either where it is older", async () => {
  const at = new Fixture();
  for (const [i, node] of at.near(8).entries()) at.plant(node, at.item(i === 5 ? 2 : 3));
  const put = await at.run(at.manager.put(at.item(5), { basedOn: [3] }));
  assert.deepEqual([put.conflict?.seq, put.stored], [2, 0]);
});

Deno.test("a get shows what else the nodes hold, each once", async () => {
  const at = new Fixture();
  for (const [i, node] of at.near(8).entries()) at.plant(node, at.item(i < 4 ? 3 : i < 6 ? 2 : 1));
  at.plant(at.near(8)[0]!, at.item(3, "another value"));
  const { item, others } = await at.run(at.manager.get(at.key));
  assert.equal(item!.seq, 3);
  assert.deepEqual(others.map(({ seq }) => seq).sort(), [1, 2, 3]);
});

Deno.test("a record of one's own is put over whatever is older, as ever", async () => {
  const at = new Fixture();
  for (const node of at.near(8)) at.plant(node, at.item(3));
  const put = await at.run(at.manager.put(at.item(5)));
  assert.deepEqual([put.conflict, put.stored], [undefined, 8]);
});
