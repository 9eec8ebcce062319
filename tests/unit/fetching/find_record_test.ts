/**
 * Repeated lookups of a single record: outcomes and errors, on a fake clock.
 *
 * @module
 */

import assert from "node:assert/strict";
import { utf8 } from "../../../src/base/mod.ts";
import type { Operations } from "../../../src/control/operations.ts";
import type { GetOutcome } from "../../../src/dht/mod.ts";
import { FetchingError } from "../../../src/fetching/errors.ts";
import { findRecord } from "../../../src/fetching/find_record.ts";
import { recordLookup } from "../../../src/fetching/record_lookup.ts";
import { keyPairFromSeed } from "../../../src/identity/mod.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { signedItem } from "../../support/signed.ts";
import { nobodyMet } from "../../support/fake_rendezvous.ts";

const keys = keyPairFromSeed(new Uint8Array(32).fill(7));
const key = { publicKey: keys.publicKey, salt: utf8("salt") };
const item = signedItem(keys, { salt: key.salt, seq: 3, value: utf8("2:hi") });

const silence: GetOutcome = {
  item: undefined,
  others: [],
  ...{ asked: 4, responded: 0, holding: 0, stale: 0, invalid: 0 },
  errors: { timeout: 4 },
};
const miss: GetOutcome = { ...silence, responded: 4, errors: {} };
const hit: GetOutcome = { ...miss, holding: 3, item };
const forged: GetOutcome = { ...hit, item: { ...item, value: utf8("2:ho") } };

/**
 * Finds a record in a DHT that gives the listed answers in turn and then repeats the last answer.
 */
function search(
  answers: GetOutcome[],
  { timeoutMs = 60_000, signal = undefined as AbortSignal | undefined } = {},
) {
  const clock = new FakeClock();
  const begunMs = clock.now();
  const asked: unknown[] = [];
  const misses: unknown[] = [];
  const operations = {
    ...nobodyMet,
    lookUp(request: unknown) {
      asked.push(request);
      return Promise.resolve(answers[Math.min(asked.length, answers.length) - 1]!);
    },
  } as unknown as Operations;
  const found = findRecord(operations, key, "x@1.0.0", {
    clock,
    timeoutMs,
    signal,
    onMiss: (outcome) => misses.push(outcome),
  });
  found.catch(() => {});
  return { clock, asked, misses, found, tookMs: () => clock.now() - begunMs };
}

async function failure(promise: Promise<unknown>): Promise<FetchingError> {
  const error = await promise.then(() => undefined, (error) => error);
  assert(error instanceof FetchingError, `${error}`);
  return error;
}

Deno.test("a published record is found by the first lookup", async () => {
  const { found, asked, clock, misses, tookMs } = search([hit]);
  const { item: got, counts } = await clock.until(found);
  assert.deepEqual(got, item);
  assert.equal(counts.holding, 3);
  assert.deepEqual([tookMs(), misses.length], [0, 0]);
  assert.deepEqual(asked, [key]);
});

Deno.test("a record that appears later is found, and each miss is reported", async () => {
  const { found, clock, misses } = search([miss, miss, hit]);
  assert.deepEqual((await clock.until(found)).item, item);
  const absent = recordLookup(miss);
  assert.equal(absent.kind, "absent");
  assert.deepEqual(misses, [absent, absent]);
});

Deno.test("three answered lookups without the record end the search", async () => {
  const { found, clock, asked, tookMs } = search([miss]);
  const error = await failure(clock.until(found));
  assert.deepEqual([error.kind, error.code], ["not-found", "RECORD_NOT_FOUND"]);
  assert(error.message.includes("x@1.0.0") && error.message.includes("4 nodes"), error.message);
  assert.equal(asked.length, 3);
  assert(tookMs() < 10_000);
});

Deno.test("unanswered lookups repeat until the timeout", async () => {
  const { found, clock, asked, tookMs } = search([silence]);
  const error = await failure(clock.until(found));
  assert.deepEqual([error.kind, error.code], ["network", "DHT_UNREACHABLE"]);
  assert(error.message.includes("none of 4"), error.message);
  assert(asked.length > 3);
  assert(tookMs() <= 60_000);
});

Deno.test("a network that answers before the timeout is used", async () => {
  const { found, clock } = search([silence, silence, silence, silence, hit]);
  assert.deepEqual((await clock.until(found)).item, item);
});

Deno.test("without any known node, the error says how to name one", async () => {
  const { found, clock } = search([{ ...silence, asked: 0, errors: {} }], { timeoutMs: 1_000 });
  const error = await failure(clock.until(found));
  assert.equal(error.kind, "network");
  assert(error.message.includes("--bootstrap"), error.message);
});

Deno.test("a record with a wrong signature counts as missing, and the error reports it", async () => {
  const { found, clock } = search([forged]);
  const error = await failure(clock.until(found));
  assert.equal(error.code, "RECORD_NOT_FOUND");
  assert(error.message.includes("wrong signature"), error.message);
  const later = search([forged, hit]);
  assert.deepEqual((await later.clock.until(later.found)).item, item);
});

Deno.test("a signal ends the search and its timer", async () => {
  const end = new AbortController();
  const { found, clock } = search([silence], { signal: end.signal });
  await clock.advance(1_000);
  end.abort(new Error("enough"));
  await assert.rejects(clock.until(found), /enough/);
  assert.equal(clock.timers, 0);
});

Deno.test("an error of the owner of the engine is passed on", async () => {
  const operations = {
    lookUp: () => Promise.reject(new FetchingError("network", "DHT_OFF", "off")),
  } as unknown as Operations;
  const clock = new FakeClock();
  const found = findRecord(operations, key, "x", { clock, timeoutMs: 1_000 });
  found.catch(() => {});
  assert.equal((await failure(clock.until(found))).code, "DHT_OFF");
});
