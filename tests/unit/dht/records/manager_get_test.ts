import assert from "node:assert/strict";
import { utf8 } from "../../../../src/base/mod.ts";
import { generateKeyPair, recordBytes } from "../../../../src/identity/mod.ts";
import { bencode } from "../../../../src/bencode/mod.ts";
import { SimulatedDht } from "../../../support/simulated_dht.ts";
import type { SimulatedAnswer } from "../../../support/simulated_node.ts";
import { Fixture, salt } from "../../../support/dht_fixture.ts";
import { signedItem } from "../../../support/signed.ts";

Deno.test("get returns the version with the highest seq, whichever node answers first", async () => {
  const at = new Fixture();
  const near = at.near(8);
  near.forEach((node, i) => at.plant(node, at.item([3, 5, 5, 9, 1, 5, 3, 5][i]!)));
  // The slowest node returns the newest version.
  near[3]!.behave = (_query, honest) => ({ ...honest(), delayMs: 58 }) as SimulatedAnswer;
  const got = await at.run(at.manager.get(at.key));
  assert.equal(got.item?.seq, 9);
  assert.deepEqual(got.item?.value, bencode("value 9"));
  assert.equal(got.holding, 1);
  assert.equal(got.stale, 7);
  assert.equal(got.invalid, 0);
});

Deno.test("get returns the item with the requested key and salt", async () => {
  const at = new Fixture();
  at.plant(at.near(1)[0]!, at.item(2, { a: [1, "two", { b: 3 }] }));
  const got = await at.run(at.manager.get(at.key));
  assert.deepEqual(got.item, at.item(2, { a: [1, "two", { b: 3 }] }));
});

Deno.test("get without a salt finds the item of the key alone", async () => {
  const at = new Fixture();
  const item = signedItem(at.keys, { salt: new Uint8Array(), seq: 1, value: bencode("x") });
  await at.run(at.manager.put(item));
  assert.ok(at.client.sent.every(({ name, args }) => name !== "put" || !("salt" in args)));
  const got = await at.run(at.manager.get({ publicKey: at.keys.publicKey, salt: item.salt }));
  assert.deepEqual(got.item, item);
});

const other = generateKeyPair();
const lies: [string, (at: Fixture) => Record<string, unknown>][] = [
  ["a signature that is wrong by one bit", (at) => {
    const sig = new Uint8Array(at.item(9).signature);
    sig[10]! ^= 1;
    return { sig };
  }],
  ["a signature of 63 bytes", (at) => ({ sig: at.item(9).signature.subarray(1) })],
  ["a signature of 65 bytes", () => ({ sig: new Uint8Array(65) })],
  ["no signature", () => ({ sig: undefined })],
  ["a text for a signature", () => ({ sig: "x".repeat(64) })],
  ["a higher seq than was signed", () => ({ seq: 10 })],
  ["a negative seq", () => ({ seq: -9 })],
  ["a seq that is no whole number", () => ({ seq: 9.5 })],
  ["a seq too large to count with", () => ({ seq: 2 ** 53 })],
  ["bytes for a seq", () => ({ seq: utf8("9") })],
  ["no seq", () => ({ seq: undefined })],
  ["another value than was signed", () => ({ v: utf8("forged") })],
  ["a value with a number that bencode cannot say", () => ({ v: { n: 1.5 } })],
  ["a value that is nested without end", () => {
    const v: unknown[] = [];
    v.push(v);
    return { v };
  }],
  ["no key", () => ({ k: undefined })],
  ["a key of 31 bytes", (at) => ({ k: at.keys.publicKey.subarray(1) })],
  ["a list for a key", (at) => ({ k: [at.keys.publicKey] })],
  ["another key, with its own good signature", () => {
    const item = signedItem(other, { salt, seq: 9, value: bencode("theirs") });
    return { k: other.publicKey, sig: item.signature, v: utf8("theirs") };
  }],
  ["another salt, with its own good signature", (at) => {
    const item = signedItem(at.keys, {
      salt: utf8("other salt"),
      seq: 9,
      value: bencode("value 9"),
    });
    return { sig: item.signature };
  }],
  ["a value of 1,001 bytes, well signed", (at) => {
    const large = bencode("x".repeat(997));
    assert.equal(large.length, 1_001);
    return {
      v: utf8("x".repeat(997)),
      sig: at.keys.signBytes(recordBytes({ salt, seq: 9, value: large })),
    };
  }],
];

for (const [what, changes] of lies) {
  Deno.test(`an item with ${what} is counted as invalid and never returned`, async () => {
    const at = new Fixture();
    const near = at.near(8);
    for (const node of near.slice(0, 5)) at.plant(node, at.item(9), changes(at));
    const nothing = await at.run(at.manager.get(at.key));
    assert.equal(nothing.item, undefined);
    assert.equal(nothing.invalid, 5);
    assert.equal(nothing.holding, 0);
    // An invalid item with a higher seq does not hide a valid item with a lower seq.
    at.plant(near[6]!, at.item(1));
    const good = await at.run(at.manager.get(at.key));
    assert.equal(good.item?.seq, 1);
    assert.equal(good.invalid, 5);
  });
}

Deno.test("a value of exactly 1,000 bytes is accepted", async () => {
  const at = new Fixture();
  const item = at.item(1, "x".repeat(996));
  assert.equal(item.value.length, 1_000);
  const put = await at.run(at.manager.put(item));
  assert.equal(put.stored, 8);
  assert.deepEqual((await at.run(at.manager.get(at.key))).item, item);
});

Deno.test("a reply with an empty value contains no item", async () => {
  const at = new Fixture();
  for (const node of at.near(4)) at.plant(node, at.item(1), { v: null });
  const got = await at.run(at.manager.get(at.key));
  assert.equal(got.item, undefined);
  assert.equal(got.invalid, 0);
});

Deno.test("every get queries the network: a forgotten item is gone", async () => {
  const at = new Fixture();
  await at.run(at.manager.put(at.item(1)));
  assert.equal((await at.run(at.manager.get(at.key))).item?.seq, 1);
  for (const node of at.dht.nodes) node.forget(at.targetHex);
  const sent = at.client.sent.length;
  const got = await at.run(at.manager.get(at.key));
  assert.equal(got.item, undefined);
  assert.equal(got.asked, at.client.sent.length - sent);
  assert.ok(got.asked >= 8);
});

Deno.test("a get without replies returns an outcome, not an error", async () => {
  const at = new Fixture();
  for (const node of at.dht.nodes) node.alive = false;
  const got = await at.run(at.manager.get(at.key));
  assert.equal(got.item, undefined);
  assert.equal(got.responded, 0);
  assert.equal(got.errors.timeout, got.asked);
  assert.deepEqual(at.manager.stats(), {
    gets: 1,
    getsAnswered: 0,
    peerSearches: 0,
    peerSearchesFound: 0,
    peersFound: 0,
    puts: 0,
    putsStrong: 0,
    roundTripMs: undefined,
  });
});

Deno.test("an aborted get returns its results so far", async () => {
  const at = new Fixture({ latencyMs: [100, 100] });
  await at.run(at.manager.put(at.item(1)));
  for (const slow of at.near(8).slice(0, 4)) {
    slow.behave = (_query, honest) => ({ ...honest(), delayMs: 1_000 });
  }
  const controller = new AbortController();
  const running = at.manager.get(at.key, { signal: controller.signal });
  await at.clock.advance(150);
  controller.abort();
  const got = await running;
  assert.equal(got.responded, 4);
  assert.equal(at.client.underWay, 0);
});

Deno.test("with two borrowed nodes the newer item wins", async () => {
  const at = new Fixture({ nodes: 30 });
  // A second DHT that shares no nodes with the first, as the DHT over IPv6 shares none with the DHT
  // over IPv4.
  const elsewhere = new SimulatedDht({ clock: at.clock, nodes: 30, network: 11 });
  const far = elsewhere.client();
  at.near(8).forEach((node) => at.plant(node, at.item(4)));
  elsewhere.closest(at.target, 2).forEach((node) => at.plant(node, at.item(6)));
  at.lent = [at.client, far];
  const got = await at.run(at.manager.get(at.key));
  assert.equal(got.item?.seq, 6);
  assert.equal(got.holding, 2);
  assert.equal(got.stale, 8);
  assert.equal(got.asked, at.client.sent.length + far.sent.length);
});

Deno.test("a node that both borrowed nodes queried counts once", async () => {
  const at = new Fixture({ nodes: 30 });
  at.near(8).forEach((node) => at.plant(node, at.item(4)));
  at.lent = [at.client, at.dht.client()];
  const got = await at.run(at.manager.get(at.key));
  assert.equal(got.holding, 8);
});

Deno.test("a borrowed node without a network does not spoil the result of the other", async () => {
  const at = new Fixture();
  const cut = at.dht.client({ known: 0 });
  await at.run(at.manager.put(at.item(1)));
  at.lent = [cut, at.client];
  const got = await at.run(at.manager.get(at.key));
  assert.equal(got.item?.seq, 1);
});
