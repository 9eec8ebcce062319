/** Tests lookups among nodes that lie, or send what is malformed. */

import assert from "node:assert/strict";
import { concatBytes, toHex } from "../../../../src/base/mod.ts";
import { compactNode } from "../../../support/simulated_node.ts";
import { ids, look, near, network, target, trueIds } from "./lookup_network.ts";

Deno.test("a reply with another id than the node was listed with does not count", async () => {
  for (const checksIds of [true, false]) {
    const dht = network();
    const liar = dht.closest(target, 3)[2]!;
    // The node claims an id that is closer to the target than the ids of all other nodes.
    const claimed = near(19, "liar");
    liar.behave = (_query, honest) => {
      const answer = honest();
      return answer.kind === "reply"
        ? { ...answer, body: { ...answer.body, id: claimed } }
        : answer;
    };
    const found = await look(dht, dht.client({ checksIds }));
    assert.ok(!ids(found, 99).includes(toHex(claimed)));
    assert.ok(!ids(found, 99).includes(toHex(liar.id)));
    assert.equal(found.errors["another node id"], 1);
    const others = trueIds(dht, 9).filter((id) => id !== toHex(liar.id));
    assert.deepEqual(ids(found), others);
  }
});

Deno.test("two addresses with the same id count once", async () => {
  const dht = network({ nodes: 30 });
  const [first, second] = dht.nodes;
  second!.behave = (_query, honest) => {
    const answer = honest();
    return answer.kind === "reply"
      ? { ...answer, body: { ...answer.body, id: first!.id } }
      : answer;
  };
  const bootstrap = [first!, second!].map(({ host, port }) => ({ host, port }));
  const found = await look(dht, dht.client({ known: 0, bootstrap }));
  const all = ids(found, 99);
  assert.equal(new Set(all).size, all.length);
  assert.equal(found.errors["id seen twice"], 1);
});

for (
  const [what, id] of [
    ["no id", undefined],
    ["an id of 19 bytes", new Uint8Array(19)],
    ["a number for an id", 7],
    ["a list for an id", [new Uint8Array(20)]],
  ] as const
) {
  Deno.test(`a reply with ${what} does not count, and its node is replaced by the next closest`, async () => {
    const dht = network();
    const [odd] = dht.closest(target, 1);
    odd!.behave = (_query, honest) => {
      const answer = honest();
      if (answer.kind !== "reply") return answer;
      const { id: _, ...body } = answer.body;
      return { kind: "reply", body: id === undefined ? body : { ...body, id } };
    };
    const found = await look(dht, dht.client({ checksIds: false }));
    assert.deepEqual(ids(found), trueIds(dht, 9).slice(1));
    assert.equal(found.errors["no node id"], 1);
  });
}

Deno.test("a malformed list of nodes is ignored", async () => {
  const garbage: unknown[] = [
    undefined,
    0,
    -1,
    "text",
    [],
    {},
    [new Uint8Array(26)],
    new Uint8Array(0),
    new Uint8Array(25),
    new Uint8Array(26),
    new Uint8Array(26).fill(255),
    new Uint8Array(26 * 3 + 7).fill(1),
  ];
  const dht = network();
  for (const [i, node] of dht.closest(target, garbage.length).entries()) {
    node.behave = (_query, honest) => {
      const answer = honest();
      return answer.kind === "reply"
        ? { ...answer, body: { ...answer.body, nodes: garbage[i] } }
        : answer;
    };
  }
  const found = await look(dht, dht.client());
  assert.deepEqual(ids(found), trueIds(dht));
});

Deno.test("refusals are counted by error code, and other nodes take their place", async () => {
  const dht = network();
  for (const node of dht.closest(target, 4)) node.behave = () => ({ kind: "refused", code: 202 });
  const found = await look(dht, dht.client());
  assert.equal(found.errors["202"], 4);
  assert.deepEqual(ids(found, 4), trueIds(dht, 8).slice(4));
  assert.ok(found.answers.length >= 8);
});

Deno.test("lying nodes that name 4,000 fake nodes next to the target do not hide the true ones", async () => {
  const dht = network({ nodes: 1_000 });
  const liars = dht.closest(target, 40).filter((_node, i) => i > 8 && i % 8 === 1);
  for (const [number, liar] of liars.entries()) {
    const nodes = concatBytes(
      ...Array.from({ length: 4_000 }, (_, i) =>
        compactNode(
          near(4, `fake ${number} ${i}`),
          `10.99.${i >> 8}.${i & 255}`,
          1_000 + number,
        )),
    );
    liar.behave = (_query, honest) => {
      const answer = honest();
      return answer.kind === "reply" ? { ...answer, body: { ...answer.body, nodes } } : answer;
    };
  }
  for (let i = 0; i < 5; i++) {
    const client = dht.client({ known: 24 });
    for (const liar of liars) client.learn(liar);
    const found = await look(dht, client);
    assert.deepEqual(ids(found), trueIds(dht));
    assert.ok(found.asked < 200, `${found.asked} queries`);
  }
});
