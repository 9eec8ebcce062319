import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { concatBytes, toHex } from "../../../../src/base/mod.ts";
import { DistanceEstimate } from "../../../../src/dht/lookup/distance_estimate.ts";
import { lookup, type LookupOptions } from "../../../../src/dht/lookup/lookup.ts";
import { RttEstimator } from "../../../../src/dht/lookup/rtt_estimator.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import {
  type SimulatedClient,
  SimulatedDht,
  type SimulatedDhtOptions,
} from "../../../support/simulated_dht.ts";
import { compactNode, type SimulatedAnswer } from "../../../support/simulated_node.ts";

const target = idOf("the target");

function idOf(text: string): Uint8Array {
  return new Uint8Array(createHash("sha1").update(text).digest());
}

/** Makes a node id that shares the first `bytes` bytes with the target. */
function near(bytes: number, text: string): Uint8Array {
  return concatBytes(target.subarray(0, bytes), idOf(text).subarray(bytes));
}

function network(options: Partial<SimulatedDhtOptions> = {}): SimulatedDht {
  return new SimulatedDht({ clock: new FakeClock(), nodes: 300, ...options });
}

async function look(dht: SimulatedDht, client: SimulatedClient, options = {}) {
  const begunMs = dht.clock.now();
  const found = await dht.clock.until(lookup(client, optionsOf(dht, options)));
  return { ...found, tookMs: dht.clock.now() - begunMs };
}

function optionsOf(dht: SimulatedDht, options: Partial<LookupOptions> = {}): LookupOptions {
  return {
    target,
    query: "get",
    args: { target },
    closest: 8,
    concurrency: 4,
    rtt: new RttEstimator(),
    distances: new DistanceEstimate(),
    clock: dht.clock,
    ...options,
  };
}

function ids(found: { answers: { contact: { id: Uint8Array } }[] }, count = 8): string[] {
  return found.answers.slice(0, count).map(({ contact }) => toHex(contact.id));
}

function trueIds(dht: SimulatedDht, count = 8): string[] {
  return dht.closest(target, dht.nodes.length).filter((node) => node.alive)
    .slice(0, count).map((node) => toHex(node.id));
}

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
