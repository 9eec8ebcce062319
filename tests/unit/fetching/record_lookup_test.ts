/**
 * The outcomes of one record lookup: found, absent, unanswered.
 *
 * @module
 */

import assert from "node:assert/strict";
import { utf8 } from "../../../src/base/mod.ts";
import type { GetOutcome, ItemKey } from "../../../src/dht/mod.ts";
import { lookUpRecord } from "../../../src/fetching/record_lookup.ts";
import { keyPairFromSeed } from "../../../src/identity/mod.ts";
import { signedItem } from "../../support/signed.ts";

const keys = keyPairFromSeed(new Uint8Array(32).fill(7));
const key = { publicKey: keys.publicKey, salt: utf8("salt") };
const [older, item] = [2, 3].map((seq) => signedItem(keys, { ...key, seq, value: utf8("2:hi") }));

const nothing: GetOutcome = {
  ...{ item: undefined, others: [], asked: 4, responded: 4 },
  ...{ holding: 0, stale: 0, invalid: 0, errors: {} },
};

/** Looks up a record in a DHT that returns the given outcome. */
function lookUp(outcome: GetOutcome, signal?: AbortSignal) {
  const asked: unknown[] = [];
  const operations = {
    lookUp(key: ItemKey, options?: { signal?: AbortSignal }) {
      asked.push([key, options?.signal]);
      return Promise.resolve(outcome);
    },
  };
  return { asked, lookup: lookUpRecord(operations, key, signal) };
}

Deno.test("a verified record is found, with the other items and the node counts", async () => {
  const { signal } = new AbortController();
  const { asked, lookup } = lookUp({ ...nothing, item, others: [older!], holding: 3 }, signal);
  const counts = { asked: 4, responded: 4, holding: 3, stale: 0, invalid: 0, errors: {} };
  assert.deepEqual(await lookup, { kind: "found", item, others: [older], ...counts });
  assert.deepEqual(asked, [[key, signal]]);
});

Deno.test("a record that no answering node has is absent", async () => {
  const lookup = await lookUp({ ...nothing, responded: 1 }).lookup;
  assert.deepEqual([lookup.kind, lookup.responded], ["absent", 1]);
});

Deno.test("a lookup without any answer is unanswered, whether or not nodes are known", async () => {
  for (const asked of [0, 4]) {
    const silent = { ...nothing, asked, responded: 0, errors: { timeout: asked } };
    const lookup = await lookUp(silent).lookup;
    assert.deepEqual([lookup.kind, lookup.errors], ["unanswered", { timeout: asked }]);
  }
});

Deno.test("a record altered on the way from the owner of the engine is absent and counted", async () => {
  const altered = { ...item!, seq: 4 };
  const lookup = await lookUp({ ...nothing, item: altered, invalid: 1, holding: 3 }).lookup;
  assert.deepEqual([lookup.kind, lookup.invalid], ["absent", 2]);
  assert(!("item" in lookup));
});
