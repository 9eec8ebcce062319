/**
 * Tests a DHT in which a share of the nodes lies, never answers, answers late, or sends excess
 * data. Reads return only values that the key's owner signed, puts report their true outcome, and
 * both end in time. Tests of the DHT manager cover single malformed answers.
 */

import assert from "node:assert/strict";
import { concatBytes } from "../../src/base/mod.ts";
import { generateKeyPair } from "../../src/identity/mod.ts";
import { bencode } from "../../src/bencode/mod.ts";
import type { SimulatedClient } from "../support/simulated_dht.ts";
import {
  compactNode,
  type SimulatedAnswer,
  type SimulatedNode,
  type SimulatedQuery,
} from "../support/simulated_node.ts";
import { Fixture, salt } from "../support/dht_fixture.ts";
import { signedItem } from "../support/signed.ts";

/** Maximum duration of a put or a get, by the simulated network's clock. */
const DEADLINE_MS = 15_000;
/** Maximum number of packets that a put or a get sends. */
const MAX_PACKETS = 120;

type Behaviour = (
  at: Fixture,
  node: SimulatedNode,
  query: SimulatedQuery,
  honest: () => SimulatedAnswer,
) => SimulatedAnswer;

/** Copies an honest answer, with some members replaced. */
function altered(answer: SimulatedAnswer, members: Record<string, unknown>): SimulatedAnswer {
  if (answer.kind !== "reply") return answer;
  return { ...answer, body: { ...answer.body, ...members } };
}

/**
 * Makes node entries whose ids share their first 18 bytes with the target, and so are closer than
 * every honest node's id.
 */
function besideTarget(target: Uint8Array, count: number, hostOf: (i: number) => string) {
  return concatBytes(...Array.from({ length: count }, (_, i) => {
    const id = target.slice();
    id[18]! ^= 1 + (i >> 8);
    id[19]! ^= i & 255;
    return compactNode(id, hostOf(i), 6881);
  }));
}

const stranger = generateKeyPair();
const forged = signedItem(stranger, { salt, seq: 9_000_000, value: bencode("forged") });

function refuses(code: number): Behaviour {
  return (_at, _node, { name }, honest) => name === "put" ? { kind: "refused", code } : honest();
}

const behaviours: Record<string, Behaviour> = {
  "never answer": () => ({ kind: "silent" }),
  "answer after 1.9 s": (_at, _node, _query, honest) => {
    const answer = honest();
    return answer.kind === "silent" ? answer : { ...answer, delayMs: 1_900 };
  },
  "answer after a minute": (_at, _node, _query, honest) => {
    const answer = honest();
    return answer.kind === "silent" ? answer : { ...answer, delayMs: 60_000 };
  },
  "answer under another's id": (at, _node, _query, honest) =>
    altered(honest(), { id: at.near(1)[0]!.id }),
  "name 4,000 dead nodes beside the target": (at, _node, _query, honest) =>
    altered(honest(), {
      nodes: besideTarget(at.target, 4_000, (i) => `10.9.${i >> 8}.${i & 255}`),
    }),
  "name nodes in private ranges, on loopback and at our own address": (
    at,
    _node,
    _query,
    honest,
  ) => {
    const hosts = ["192.168.0.1", "127.0.0.1", "172.16.0.9", "169.254.169.254", "0.0.0.0"];
    return altered(honest(), { nodes: besideTarget(at.target, 40, (i) => hosts[i % 5]!) });
  },
  "give tokens of 60 KB": (_at, _node, _query, honest) =>
    altered(honest(), { token: new Uint8Array(60_000) }),
  "show a forged item with a huge seq": (_at, _node, { name }, honest) =>
    name === "get"
      ? altered(honest(), {
        v: "forged",
        k: forged.publicKey,
        sig: forged.signature,
        seq: 9_000_000,
      })
      : honest(),
  "show our key with a signature that does not hold": (at, _node, { name }, honest) =>
    name === "get"
      ? altered(honest(), {
        v: "forged",
        k: at.key.publicKey,
        sig: new Uint8Array(64),
        seq: 9_000_000,
      })
      : honest(),
  "show an older version": (at, _node, { name }, honest) => {
    if (name !== "get") return honest();
    const old = at.item(1, "old");
    return altered(honest(), { v: "old", k: old.publicKey, sig: old.signature, seq: 1 });
  },
  "take a put and keep nothing": (at, node, { name }, honest) =>
    name === "put"
      ? { kind: "reply", body: { id: node.id } }
      : (node.forget(at.targetHex), honest()),
  "answer 301 to every put": refuses(301),
  "answer 302 to every put": refuses(302),
  "answer 205 to every put": refuses(205),
  "answer with an unknown error code": refuses(-7_000_000),
  "refuse everything": () => ({ kind: "refused", code: 202 }),
  "answer with members of odd types": (_at, _node, _query, honest) =>
    altered(honest(), { nodes: [5], token: 5, v: { a: { b: [1] } }, k: [], sig: "x", seq: "y" }),
};

/**
 * Gives a behaviour to a random share of the simulated nodes. Returns a function that counts the
 * queries to these nodes.
 */
function corrupt(at: Fixture, share: number, behaviour: Behaviour): () => number {
  let asked = 0;
  for (const node of at.dht.nodes) {
    if (at.dht.random() >= share) continue;
    node.behave = (query, honest) => {
      asked++;
      return behaviour(at, node, query, honest);
    };
  }
  return () => asked;
}

/**
 * Runs a put or a get. Checks its duration, its number of packets, and that no query remains in
 * flight.
 */
async function bounded<T>(at: Fixture, operation: () => Promise<T>): Promise<T> {
  const client = at.lent[0] as SimulatedClient;
  const startMs = at.clock.now();
  const packets = client.sent.length;
  const result = await at.run(operation());
  assert.ok(at.clock.now() - startMs <= DEADLINE_MS, `${at.clock.now() - startMs} ms`);
  const sent = client.sent.length - packets;
  assert.ok(sent <= MAX_PACKETS, `${sent} packets`);
  assert.equal(client.underWay, 0, "queries are left under way");
  return result;
}

for (const [behaves, behaviour] of Object.entries(behaviours)) {
  Deno.test(`a record is put and got by another client although 40 % of the nodes ${behaves}`, async () => {
    for (let seed = 1; seed <= 5; seed++) {
      const at = new Fixture({ nodes: 300, seed });
      const asked = corrupt(at, 0.4, behaviour);
      const item = at.item(5);
      const put = await bounded(at, () => at.manager.put(item));
      assert.equal(put.superseded, undefined, "a forgery superseded ours");
      assert.equal(put.conflict, undefined);
      assert.ok(put.holding >= 4, `held by ${put.holding}: ${JSON.stringify(put.errors)}`);
      at.lent = [at.dht.client()];
      const got = await bounded(at, () => at.manager.get(at.key));
      assert.deepEqual(got.item, item, JSON.stringify(got.errors));
      assert.ok(asked() > 0, "none of them was met");
    }
  });
}

Deno.test("with 70 % of the nodes hostile in mixed ways, nothing forged is read and operations end in time", async () => {
  const ways = Object.values(behaviours);
  let found = 0;
  for (let seed = 1; seed <= 20; seed++) {
    const at = new Fixture({ nodes: 300, seed, loss: 0.05 });
    for (const node of at.dht.nodes) {
      if (at.dht.random() >= 0.7) continue;
      const way = ways[Math.floor(at.dht.random() * ways.length)]!;
      node.behave = (query, honest) => way(at, node, query, honest);
    }
    const item = at.item(5);
    const put = await bounded(at, () => at.manager.put(item));
    assert.equal(put.superseded, undefined);
    at.lent = [at.dht.client()];
    const got = await bounded(at, () => at.manager.get(at.key));
    // The only acceptable old version is one with the owner's signature. Lying nodes can hide the
    // newest version but cannot forge one.
    if (got.item) assert.deepEqual(got.item, got.item.seq === 5 ? item : at.item(1, "old"));
    if (got.item?.seq === 5) found++;
  }
  assert.ok(found >= 16, `only ${found} of 20 were found`);
});

Deno.test("a record is found when six of the eight closest nodes hide it", async () => {
  const at = new Fixture({ nodes: 300 });
  const hide = behaviours["take a put and keep nothing"]!;
  for (const node of at.near(8).slice(0, 6)) {
    node.behave = (query, honest) => hide(at, node, query, honest);
  }
  const item = at.item(5);
  await bounded(at, () => at.manager.put(item));
  const got = await bounded(at, () => at.manager.get(at.key));
  assert.deepEqual(got.item, item);
  assert.equal(got.holding, 2);
});

Deno.test("an eclipsed record is not found, and nothing is read in its place", async () => {
  const at = new Fixture({ nodes: 300 });
  const hide = behaviours["take a put and keep nothing"]!;
  for (const node of at.near(24)) {
    node.behave = (query, honest) => hide(at, node, query, honest);
  }
  const item = at.item(5);
  await bounded(at, () => at.manager.put(item));
  const got = await bounded(at, () => at.manager.get(at.key));
  assert.equal(got.item, undefined);
  // The second put queries the nodes again and finds that none of them holds the record. It does
  // not trust the acknowledgements of the first put.
  const again = await bounded(at, () => at.manager.put(item));
  assert.ok(again.stored > 0);
  assert.equal(again.stored, again.holding, "none of them had it");
});

Deno.test("a put does not echo a token of 60 KB", async () => {
  const at = new Fixture({ nodes: 50 });
  corrupt(at, 1, behaviours["give tokens of 60 KB"]!);
  const put = await bounded(at, () => at.manager.put(at.item(5)));
  assert.equal(at.client.count("put"), 0);
  assert.equal(put.weak, true);
  assert.ok(put.errors["no token"]! > 0, JSON.stringify(put.errors));
  const announced = await bounded(at, () => at.manager.announcePeer(at.target, 6881));
  assert.equal(announced.stored, 0);
  assert.equal(at.client.count("announce_peer"), 0);
});

/**
 * Adds hostile nodes around the target. The id of each shares 15 bits more with the target than the
 * closest honest id.
 */
function crowd(at: Fixture, count: number, networks: number): void {
  const hide = behaviours["take a put and keep nothing"]!;
  for (let i = 0; i < count; i++) {
    const id = at.target.slice();
    id[3]! ^= 1 + (i >> 8);
    id[4]! ^= i & 255;
    const host = `46.1.${i % networks}.${1 + Math.floor(i / networks)}`;
    const node = at.dht.join({ id, host });
    node.behave = (query, honest) => hide(at, node, query, honest);
  }
}

for (const [count, networks] of [[200, 1], [500, 4], [1_000, 7]] as const) {
  Deno.test(`a record is put and found although ${count} nodes of ${networks} networks surround its target (eclipse)`, async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const at = new Fixture({ nodes: 300, seed, network: 45 });
      crowd(at, count, networks);
      const item = at.item(5);
      const put = await bounded(at, () => at.manager.put(item));
      assert.ok(put.holding >= 8 - networks, `held by ${put.holding}`);
      at.lent = [at.dht.client()];
      const got = await bounded(at, () => at.manager.get(at.key));
      assert.deepEqual(got.item, item, `seed ${seed}: ${JSON.stringify(got)}`);
    }
  });
}

Deno.test("a record that 100 nodes of 50 networks eclipse is not found, and nothing is read in its place", async () => {
  const at = new Fixture({ nodes: 300, network: 45 });
  crowd(at, 100, 50);
  const put = await bounded(at, () => at.manager.put(at.item(5)));
  assert.ok(put.stored > 0, JSON.stringify(put));
  at.lent = [at.dht.client()];
  assert.equal((await bounded(at, () => at.manager.get(at.key))).item, undefined);
});
