/** Tests lookups: what they find, in how many queries, and how they end. */

import assert from "node:assert/strict";
import { concatBytes, toHex } from "../../../../src/base/mod.ts";
import { DistanceEstimate } from "../../../../src/dht/lookup/distance_estimate.ts";
import { lookup } from "../../../../src/dht/lookup/lookup.ts";
import { RttEstimator } from "../../../../src/dht/lookup/rtt_estimator.ts";
import { compactNode, type SimulatedAnswer } from "../../../support/simulated_node.ts";
import { idOf, ids, look, network, optionsOf, target, trueIds } from "./lookup_network.ts";

Deno.test("a lookup finds the 8 closest of 3,000 nodes, closest first, with few queries", async () => {
  const dht = network({ nodes: 3_000 });
  for (let i = 0; i < 20; i++) {
    const client = dht.client();
    const found = await look(dht, client);
    assert.deepEqual(ids(found), trueIds(dht));
    assert.ok(found.asked <= 40, `${found.asked} queries`);
    assert.equal(found.asked, client.sent.length);
    assert.deepEqual(found.errors, {});
  }
});

Deno.test("a lookup ends when the closest nodes have answered, without waiting for others", async () => {
  const dht = network({ latencyMs: [20, 20] });
  for (let i = 0; i < 20; i++) {
    const client = dht.client({ known: 8 });
    // A dead node is queried in the first round, before any round-trip time is known. Its reply is
    // not needed.
    dht.at(client.closest(target, 8)[2]!)!.alive = false;
    const found = await look(dht, client);
    assert.equal(ids(found)[0], trueIds(dht)[0]);
    assert.ok(found.tookMs < 500, `${found.tookMs} ms`);
  }
});

Deno.test("a dead node among the closest costs the patience, not the full timeout", async () => {
  const dht = network({ latencyMs: [20, 20] });
  const client = dht.client({ known: 300 });
  const rtt = new RttEstimator();
  await look(dht, client, { rtt, target: idOf("elsewhere") });
  dht.closest(target, 3)[1]!.alive = false;
  const found = await look(dht, client, { rtt });
  assert.deepEqual(ids(found), trueIds(dht));
  assert.ok(found.tookMs <= 250, `${found.tookMs} ms`);
});

Deno.test("with a third of the nodes dead, the closest live nodes are found quickly", async () => {
  const dht = network({ nodes: 1_000 });
  for (const node of dht.nodes) node.alive = dht.random() > 1 / 3;
  for (let i = 0; i < 20; i++) {
    const found = await look(dht, dht.client());
    // Routing tables also contain dead nodes, so a live node may be missing from the tables of all
    // its neighbours.
    const missed = trueIds(dht).filter((id) => !ids(found).includes(id));
    assert.equal(ids(found)[0], trueIds(dht)[0]);
    assert.ok(missed.length <= 2, `${missed.length} missed`);
    assert.ok(found.tookMs < 2_000, `${found.tookMs} ms`);
  }
});

Deno.test("with all nodes dead, the lookup ends without replies", async () => {
  const dht = network();
  const client = dht.client();
  for (const node of dht.nodes) node.alive = false;
  const found = await look(dht, client);
  assert.deepEqual(found.answers, []);
  assert.equal(found.asked, 16);
  assert.equal(found.errors.timeout, 16);
});

Deno.test("with the nearest contacts dead, farther ones and bootstrap addresses are queried", async () => {
  const dht = network();
  const client = dht.client({ known: 40 });
  for (const contact of client.closest(target, 20)) dht.at(contact)!.alive = false;
  const living = trueIds(dht)[0]!;
  assert.equal(ids(await look(dht, client))[0], living);

  const { host, port } = dht.nodes.find(({ alive }) => alive)!;
  const stale = dht.client({ known: 40, bootstrap: [{ host, port }] });
  for (const contact of stale.closest(target, 40)) {
    if (contact.host !== host) dht.at(contact)!.alive = false;
  }
  assert.equal(ids(await look(dht, stale))[0], trueIds(dht)[0]);
});

Deno.test("without contacts and bootstrap addresses the lookup ends at once", async () => {
  const dht = network({ nodes: 1 });
  const found = await look(dht, dht.client({ known: 0 }));
  assert.deepEqual(found, {
    answers: [],
    others: [],
    doubtful: [],
    asked: 0,
    errors: {},
    tookMs: 0,
  });
});

Deno.test("a lookup starts from bootstrap addresses alone, and treats them as ordinary nodes", async () => {
  const dht = network({ nodes: 20 });
  // A bootstrap address is one of the closest nodes. Its reply counts, and it is not queried again.
  const [first] = dht.closest(target, 1);
  const bootstrap = [first!, dht.nodes[7]!].map(({ host, port }) => ({ host, port }));
  const client = dht.client({ known: 0, bootstrap });
  const found = await look(dht, client);
  assert.deepEqual(ids(found), trueIds(dht));
  assert.equal(first!.received.get, 1);
});

Deno.test("dead bootstrap addresses do not delay a lookup", async () => {
  const dht = network();
  const dead = [1, 2, 3].map((i) => ({ host: `10.255.255.${i}`, port: 6881 }));
  const client = dht.client({
    known: 0,
    bootstrap: [...dead, { host: dht.nodes[0]!.host, port: dht.nodes[0]!.port }],
  });
  const found = await look(dht, client);
  assert.deepEqual(ids(found), trueIds(dht));
  assert.ok(found.tookMs < 2_000, `${found.tookMs} ms`);
});

Deno.test("a bootstrap node that shows the item and names no nodes is asked for nodes at once", async () => {
  const dht = network({ nodes: 50, latencyMs: [20, 20] });
  const first = dht.nodes[0]!;
  first.behave = ({ name }, honest) => {
    const answer = honest();
    if (name !== "get" || answer.kind !== "reply") return answer;
    const { nodes: _, ...body } = answer.body;
    return { ...answer, body };
  };
  const { host, port } = first;
  const dead = { host: "10.255.255.1", port: 6881 };
  const found = await look(dht, dht.client({ known: 0, bootstrap: [dead, { host, port }] }));
  assert.deepEqual(ids(found), trueIds(dht));
  // Five round trips; waiting for the dead node takes 500 ms.
  assert.ok(found.tookMs <= 100, `${found.tookMs} ms`);
});

Deno.test("nodes that enter the routing table during a lookup become candidates", async () => {
  const dht = network({ nodes: 50, latencyMs: [20, 20] });
  const first = dht.nodes[0]!;
  first.behave = () => ({ kind: "reply", body: { id: first.id } });
  const bootstrap = ["10.255.255.1", first.host].map((host) => ({ host, port: first.port }));
  const client = dht.client({ known: 0, bootstrap });
  const running = look(dht, client);
  await dht.clock.advance(10);
  for (const node of dht.nodes.slice(1, 4)) client.learn(node);
  const found = await running;
  assert.deepEqual(ids(found), trueIds(dht));
  // The dead node becomes late after 60 ms; only then is the routing table read anyway.
  assert.ok(found.tookMs <= 100, `${found.tookMs} ms`);
});

Deno.test("a lookup never exceeds its concurrency", async () => {
  for (const concurrency of [1, 3, 8]) {
    const dht = network();
    const client = dht.client();
    await look(dht, client, { concurrency });
    assert.equal(client.mostUnderWay, concurrency);
  }
});

Deno.test("a lookup aside leaves the estimate of the distances to others", async () => {
  const dht = network();
  const distances = new DistanceEstimate();
  const found = await look(dht, dht.client(), { distances, isAside: true });
  assert.deepEqual(ids(found), trueIds(dht));
  assert.equal(distances.isKnown, false);
  await look(dht, dht.client(), { distances });
  assert.equal(distances.isKnown, true);
});

Deno.test("an aborted lookup ends at once with its results so far, and leaves no query or timer", async () => {
  const dht = network({ latencyMs: [100, 100] });
  const client = dht.client();
  const controller = new AbortController();
  const running = lookup(client, optionsOf(dht, { signal: controller.signal }));
  await dht.clock.advance(250);
  controller.abort();
  const found = await running;
  assert.equal(found.answers.length, 8);
  assert.equal(client.underWay, 0);
  assert.equal(dht.clock.timers, 0);
  const sent = client.sent.length;
  await dht.clock.advance(10_000);
  assert.equal(client.sent.length, sent);
});

Deno.test("a lookup whose signal has aborted already sends nothing", async () => {
  const dht = network();
  const client = dht.client();
  const found = await look(dht, client, { signal: AbortSignal.abort() });
  assert.equal(found.asked, 0);
  assert.equal(client.sent.length, 0);
});

Deno.test("a listener that returns false ends the lookup", async () => {
  const dht = network();
  const client = dht.client();
  let seen = 0;
  const found = await look(dht, client, { onAnswer: () => ++seen < 3 });
  assert.equal(seen, 3);
  assert.equal(found.answers.length, 3);
  assert.equal(dht.clock.timers, 0);
});

Deno.test("a late node is not waited for, and its reply still counts if it arrives", async () => {
  const dht = network({ nodes: 9, latencyMs: [10, 10] });
  const [closest] = dht.closest(target, 1);
  closest!.behave = (_query, honest) => ({ ...honest(), delayMs: 900 }) as SimulatedAnswer;
  // Eight of the nine closest nodes answer in time.
  const eight = await look(dht, dht.client());
  assert.equal(eight.answers.length, 8);
  assert.ok(eight.tookMs < 900);
  assert.ok(!ids(eight).includes(toHex(closest!.id)));
  // If nine replies are wanted, the lookup waits for the slow node.
  const nine = await look(dht, dht.client(), { closest: 9 });
  assert.equal(nine.answers.length, 9);
  assert.equal(ids(nine)[0], toHex(closest!.id));
  assert.equal(nine.tookMs, 900);
});

Deno.test("a lookup never queries the node that it runs through", async () => {
  const dht = network({ nodes: 30 });
  const client = dht.client();
  for (const node of dht.nodes) {
    node.behave = (_query, honest) => {
      const answer = honest();
      if (answer.kind !== "reply") return answer;
      const self = compactNode(client.id, "10.77.77.77", client.port);
      return {
        ...answer,
        body: { ...answer.body, nodes: concatBytes(self, answer.body.nodes as Uint8Array) },
      };
    };
  }
  await look(dht, client);
  assert.ok(client.sent.every(({ to }) => to.host !== "10.77.77.77"));
});

Deno.test("a lookup ends in spite of lost packets", async () => {
  const dht = network({ loss: 0.2 });
  for (let i = 0; i < 50; i++) {
    const found = await look(dht, dht.client());
    assert.ok(found.answers.length >= 8);
    assert.ok(found.tookMs < 10_000);
  }
});
