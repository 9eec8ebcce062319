import assert from "node:assert/strict";
import { utf8 } from "../../../../src/base/mod.ts";
import { bencode } from "../../../../src/bencode/mod.ts";
import type { SimulatedNode } from "../../../support/simulated_node.ts";
import { Fixture, holding, salt } from "../../../support/dht_fixture.ts";
import { signedItem } from "../../../support/signed.ts";

function hosts(nodes: SimulatedNode[]): string[] {
  return nodes.map(({ host }) => host).sort();
}

function puts(at: Fixture) {
  return at.client.sent.filter(({ name }) => name === "put");
}

Deno.test("a new record goes to the eight closest nodes, and to no other", async () => {
  const at = new Fixture();
  const item = at.item(1);
  const put = await at.run(at.manager.put(item));
  assert.deepEqual(hosts(holding(at, item)), hosts(at.near(8)));
  assert.equal(puts(at).length, 8);
  assert.deepEqual({ ...put, asked: 0, responded: 0, packets: 0 }, {
    packets: 0,
    asked: 0,
    responded: 0,
    holding: 8,
    stored: 8,
    weak: false,
    needsRetry: false,
    superseded: undefined,
    conflict: undefined,
    byFamily: { 4: { responded: put.responded, holding: 8 } },
    errors: {},
  });
  assert.equal(put.asked, at.client.count("get"));
});

Deno.test("a put asks first, and sends only to nodes that lack the record or hold an older one", async () => {
  const at = new Fixture();
  const item = at.item(5);
  const near = at.near(8);
  for (const node of near.slice(0, 3)) at.plant(node, item);
  for (const node of near.slice(3, 5)) at.plant(node, at.item(2));
  const put = await at.run(at.manager.put(item));
  assert.equal(put.holding, 8);
  assert.equal(put.stored, 5);
  const sentTo = puts(at).map(({ to }) => to.host);
  assert.deepEqual(sentTo.toSorted(), near.slice(3).map(({ host }) => host).toSorted());
});

Deno.test("cas goes only to nodes that returned a value, and is the seq that each returned", async () => {
  const at = new Fixture();
  const near = at.near(8);
  at.plant(near[0]!, at.item(2));
  at.plant(near[4]!, at.item(3));
  const put = await at.run(at.manager.put(at.item(5)));
  assert.equal(put.stored, 8);
  const cas = new Map(puts(at).map(({ to, args }) => [to.host, args.cas]));
  assert.equal(cas.get(near[0]!.host), 2);
  assert.equal(cas.get(near[4]!.host), 3);
  assert.equal([...cas.values()].filter((seq) => seq !== undefined).length, 2);
});

Deno.test("cas is not sent to a node that returned an invalid item", async () => {
  const at = new Fixture();
  const [odd] = at.near(1);
  at.plant(odd!, at.item(9), { sig: new Uint8Array(64) });
  await at.run(at.manager.put(at.item(5)));
  const [sent] = puts(at).filter(({ to }) => to.host === odd!.host);
  assert.ok(sent);
  assert.ok(!("cas" in sent.args));
});

Deno.test("after error 302 the node is asked again, and replaced if it lacks the record", async () => {
  const at = new Fixture();
  const near = at.near(9);
  near[0]!.behave = ({ name }, honest) =>
    name === "put" ? { kind: "refused", code: 302 } : honest();
  const item = at.item(1);
  const put = await at.run(at.manager.put(item));
  assert.equal(put.holding, 8);
  assert.equal(put.errors["302"], 1);
  assert.deepEqual(hosts(holding(at, item)), hosts(near.slice(1)));
  // The node receives two `get` queries: one from the lookup, and one after it refused the put.
  assert.equal(near[0]!.received.get, 2);
});

Deno.test("after error 302 a node that turns out to hold the record counts as a holder", async () => {
  const at = new Fixture();
  const near = at.near(8);
  const item = at.item(1);
  // Another process puts the same item between the get and the put of this test.
  near[0]!.behave = ({ name }, honest) => {
    if (name !== "put") return honest();
    at.plant(near[0]!, item);
    return { kind: "refused", code: 302 };
  };
  const put = await at.run(at.manager.put(item));
  assert.equal(put.holding, 8);
  assert.equal(put.stored, 7);
  assert.deepEqual(put.errors, {});
  assert.equal(put.weak, false);
});

Deno.test("error 302 from a node with a newer record supersedes ours", async () => {
  const at = new Fixture();
  const [first] = at.near(1);
  const newer = at.item(9);
  first!.behave = ({ name }, honest) => {
    if (name !== "put") return honest();
    at.plant(first!, newer);
    return { kind: "refused", code: 302 };
  };
  const put = await at.run(at.manager.put(at.item(5)));
  assert.deepEqual(put.superseded, newer);
});

Deno.test("after error 301 the node is asked again, and the put repeated with its current seq", async () => {
  const at = new Fixture();
  const [first] = at.near(1);
  at.plant(first!, at.item(2));
  let changed = false;
  first!.behave = ({ name }, honest) => {
    if (name === "put" && !changed) {
      changed = true;
      at.plant(first!, at.item(3));
    }
    return honest();
  };
  const item = at.item(5);
  const put = await at.run(at.manager.put(item));
  assert.equal(put.stored, 8);
  assert.ok(holding(at, item).includes(first!));
  const cas = puts(at).filter(({ to }) => to.host === first!.host).map(({ args }) => args.cas);
  assert.deepEqual(cas, [2, 3]);
});

Deno.test("a node that keeps answering 301 is replaced", async () => {
  const at = new Fixture();
  const near = at.near(9);
  at.plant(near[0]!, at.item(2));
  near[0]!.behave = ({ name }, honest) =>
    name === "put" ? { kind: "refused", code: 301 } : honest();
  const item = at.item(5);
  const put = await at.run(at.manager.put(item));
  assert.deepEqual(hosts(holding(at, item)), hosts(near.slice(1)));
  assert.equal(put.errors["301"], 1);
  assert.equal(near[0]!.received.put, 2);
});

Deno.test("a newer record on any node is returned, and nothing is put", async () => {
  const at = new Fixture();
  const near = at.near(8);
  at.plant(near[6]!, at.item(8));
  at.plant(near[7]!, at.item(7));
  const put = await at.run(at.manager.put(at.item(5)));
  assert.deepEqual(put.superseded, at.item(8));
  assert.equal(put.stored, 0);
  assert.equal(puts(at).length, 0);
});

Deno.test("a newer record with a bad signature supersedes nothing", async () => {
  const at = new Fixture();
  at.plant(at.near(1)[0]!, at.item(8), { sig: new Uint8Array(64) });
  const put = await at.run(at.manager.put(at.item(5)));
  assert.equal(put.superseded, undefined);
  assert.equal(put.errors["302"], 1);
  assert.equal(put.holding, 8);
});

Deno.test("the same seq with another value is a conflict, and nothing is put", async () => {
  const at = new Fixture();
  at.plant(at.near(8)[5]!, at.item(5, "another value"));
  const put = await at.run(at.manager.put(at.item(5, "our value")));
  assert.deepEqual(put.conflict, at.item(5, "another value"));
  assert.equal(put.superseded, undefined);
  assert.equal(puts(at).length, 0);
});

Deno.test("a newer record that is found midway ends the put", async () => {
  const at = new Fixture({ latencyMs: [50, 50] });
  const near = at.near(8);
  // One node refuses the put, because the node has received a newer record meanwhile. The other
  // nodes take half a second to refuse the put.
  near.forEach((node, i) => {
    node.behave = ({ name }, honest) => {
      if (name !== "put") return honest();
      if (i > 0) return { kind: "refused", code: 202, delayMs: 500 };
      at.plant(node, at.item(9));
      return { kind: "refused", code: 302 };
    };
  });
  const put = await at.run(at.manager.put(at.item(5)));
  assert.equal(put.superseded?.seq, 9);
  assert.equal(put.stored, 0);
  assert.equal(puts(at).length, 8);
});

for (
  const [what, behaviour] of [
    ["refuses", { kind: "refused", code: 202 }],
    ["is silent", { kind: "silent" }],
  ] as const
) {
  Deno.test(`a node that ${what} is replaced by the next closest`, async () => {
    const at = new Fixture();
    const near = at.near(12);
    const [first, second] = [near[1]!, near[4]!];
    for (const node of [first, second]) {
      node.behave = ({ name }, honest) => name === "put" ? behaviour : honest();
    }
    const item = at.item(1);
    const put = await at.run(at.manager.put(item));
    const held = holding(at, item);
    const others = near.filter((node) => node !== first && node !== second);
    assert.equal(held.length, 8);
    // Both puts time out at the same moment, so the order in which the parallel workers take the
    // next nodes is not determined.
    assert.ok(
      others.slice(0, 6).every((node) => held.includes(node)),
      "one of the closest lacks it",
    );
    assert.ok(held.every((node) => others.includes(node)), "one of the far ones has it");
    assert.equal(put.holding, 8);
    assert.equal(put.weak, false);
  });
}

Deno.test("a node that accepted the record but whose reply was lost counts as a holder", async () => {
  const at = new Fixture();
  const [first] = at.near(1);
  first!.behave = ({ name }, honest) => {
    const answer = honest();
    return name === "put" ? { kind: "silent" } : answer;
  };
  const put = await at.run(at.manager.put(at.item(1)));
  assert.equal(put.holding, 8);
  assert.equal(put.stored, 7);
  assert.equal(holding(at, at.item(1)).length, 8);
});

Deno.test("nothing is put to a node that returned no token", async () => {
  const at = new Fixture();
  const near = at.near(9);
  for (const [i, token] of [undefined, 7, "text", []].entries()) {
    near[i]!.behave = (_query, honest) => {
      const answer = honest();
      return answer.kind === "reply" ? { ...answer, body: { ...answer.body, token } } : answer;
    };
  }
  const put = await at.run(at.manager.put(at.item(1)));
  assert.equal(put.errors["no token"], 4);
  for (const node of near.slice(0, 4)) assert.equal(node.received.put, undefined);
});

Deno.test("a put that few nodes accepted is weak", async () => {
  const at = new Fixture();
  at.dht.nodes.forEach((node) => {
    if (at.near(3).includes(node)) return;
    node.behave = ({ name }, honest) => name === "put" ? { kind: "refused", code: 202 } : honest();
  });
  const put = await at.run(at.manager.put(at.item(1)));
  assert.equal(put.stored, 3);
  assert.deepEqual([put.weak, put.needsRetry], [true, true]);
  assert.equal(at.manager.stats().puts, 1);
  assert.equal(at.manager.stats().putsStrong, 0);
});

Deno.test("in a network of three nodes a put on all three is weak without retry, and on two needs a retry", async () => {
  const three = new Fixture({ nodes: 3 });
  const all = await three.run(three.manager.put(three.item(1)));
  assert.deepEqual([all.holding, all.weak, all.needsRetry], [3, true, false]);
  assert.equal(three.manager.stats().putsStrong, 0);
  const two = new Fixture({ nodes: 3 });
  two.dht.nodes[0]!.behave = ({ name }, honest) =>
    name === "put" ? { kind: "refused", code: 202 } : honest();
  const some = await two.run(two.manager.put(two.item(1)));
  assert.deepEqual([some.holding, some.weak, some.needsRetry], [2, true, true]);
});

Deno.test("a put that reached no node is weak, not an exception", async () => {
  const at = new Fixture();
  for (const node of at.dht.nodes) node.alive = false;
  const put = await at.run(at.manager.put(at.item(1)));
  assert.equal(put.holding, 0);
  assert.equal(put.responded, 0);
  assert.deepEqual([put.weak, put.needsRetry], [true, true]);
});

Deno.test("storeNodes and minNodes set how many nodes hold a record and how many suffice", async () => {
  const at = new Fixture({}, { storeNodes: 12, minNodes: 3 });
  const put = await at.run(at.manager.put(at.item(1)));
  assert.equal(put.holding, 12);
  for (const node of at.dht.nodes.filter((node) => !at.near(4).includes(node))) {
    node.behave = ({ name }, honest) => name === "put" ? { kind: "refused", code: 202 } : honest();
  }
  const few = await at.run(at.manager.put(at.item(2)));
  assert.equal(few.stored, 4);
  assert.deepEqual([few.weak, few.needsRetry], [false, false]);
});

Deno.test("two puts to one target run one after the other, and the second sees the first", async () => {
  const at = new Fixture();
  const first = at.manager.put(at.item(1));
  const second = at.manager.put(at.item(2));
  const [a, b] = await at.run(Promise.all([first, second]));
  assert.equal(a.stored, 8);
  assert.equal(a.superseded, undefined);
  assert.equal(b.stored, 8);
  assert.deepEqual(b.errors, {});
  assert.ok(puts(at).slice(8).every(({ args }) => args.cas === 1));
  assert.equal(holding(at, at.item(2)).length, 8);
});

Deno.test("puts to different targets run at the same time", async () => {
  const at = new Fixture({ latencyMs: [50, 50] });
  const one = signedItem(at.keys, { salt: utf8("one"), seq: 1, value: bencode("1") });
  const begunMs = at.clock.now();
  await at.run(at.manager.put(one));
  const alone = at.clock.now() - begunMs;
  const items = Array.from(
    { length: 10 },
    (_, i) => signedItem(at.keys, { salt: utf8(`salt ${i}`), seq: 1, value: bencode(i + 1) }),
  );
  const againMs = at.clock.now();
  await at.run(Promise.all(items.map((item) => at.manager.put(item))));
  assert.ok(at.clock.now() - againMs < 3 * alone);
});

Deno.test("a failed put does not block the next one to its target", async () => {
  let asked = 0;
  const at: Fixture = new Fixture({}, { nodes: () => asked++ === 0 ? [] : at.lent });
  const failed = assert.rejects(at.manager.put(at.item(1)), { code: "DHT_OFF" });
  const second = at.manager.put(at.item(2));
  await failed;
  assert.equal((await at.run(second)).stored, 8);
});

Deno.test("an aborted put returns its outcome so far, and leaves nothing under way", async () => {
  const at = new Fixture({ latencyMs: [100, 100] });
  const controller = new AbortController();
  const running = at.manager.put(at.item(1), { signal: controller.signal });
  // Wait until the lookup has ended and the puts have been sent.
  while (puts(at).length === 0) await at.clock.advance(50);
  controller.abort();
  const put = await running;
  assert.equal(put.stored, 0);
  assert.equal(put.weak, true);
  assert.equal(at.client.underWay, 0);
  const sent = at.client.sent.length;
  await at.clock.advance(10_000);
  assert.equal(at.client.sent.length, sent);
  assert.equal(at.clock.timers, 0);
});

Deno.test("put sends exactly the signed bytes", async () => {
  const at = new Fixture();
  const value = {
    p: { "@a/b": ["1.0.0", "2.0.0"], c: [] },
    n: 0,
    s: new Uint8Array([0, 255, 128]),
  };
  const item = at.item(Number.MAX_SAFE_INTEGER, value);
  assert.equal((await at.run(at.manager.put(item))).stored, 8);
  assert.deepEqual(
    (await at.run(at.manager.get({ publicKey: at.keys.publicKey, salt }))).item,
    item,
  );
});
