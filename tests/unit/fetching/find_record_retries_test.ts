/**
 * Number and times of repeated lookups for a record or a name's index, and outcomes after which no
 * lookup is repeated.
 *
 * @module
 */

import assert from "node:assert/strict";
import { bencode } from "../../../src/bencode/mod.ts";
import { equalBytes } from "../../../src/base/mod.ts";
import type { Operations } from "../../../src/control/operations.ts";
import type { GetOutcome, ItemKey } from "../../../src/dht/mod.ts";
import { findRecord } from "../../../src/fetching/find_record.ts";
import { formatPublicKey } from "../../../src/identity/mod.ts";
import { OfferCache } from "../../../src/fetching/offer_cache.ts";
import { readIndex } from "../../../src/names/read_index.ts";
import {
  dayOf,
  type NameIndexEntry,
  nameIndexKeyPair,
  nameIndexSalt,
} from "../../../src/records/mod.ts";
import { temporaryTrust } from "../../support/identities.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { keysOfSlot } from "../../support/names_home.ts";
import { NOON } from "../../support/names_world.ts";
import { signedEntry, signedItem } from "../../support/signed.ts";
import { nobodyMet } from "../../support/fake_rendezvous.ts";

const SLOT = 1;
const keys = keysOfSlot(SLOT, 1);
const salt = new Uint8Array(32);
const item = signedItem(keys, { salt, seq: 1, value: bencode("x") });

/**
 * Makes a network that gives the listed answers in turn and then repeats the last answer. It
 * records the times of the lookups.
 */
function network(clock: FakeClock, answers: Partial<GetOutcome>[]) {
  const askedMs: number[] = [];
  let turn = 0;
  const operations = {
    ...nobodyMet,
    lookUp() {
      askedMs.push(clock.now() - NOON);
      const nothing = { asked: 8, responded: 8, holding: 0, stale: 0, invalid: 0, errors: {} };
      const answer = answers[Math.min(turn++, answers.length - 1)];
      return Promise.resolve({ ...nothing, ...answer });
    },
  } as unknown as Operations;
  return { operations, askedMs };
}

async function find(answers: Partial<GetOutcome>[], timeoutMs = 30_000, signal?: AbortSignal) {
  const clock = new FakeClock(NOON);
  const { operations, askedMs } = network(clock, answers);
  const missed: number[] = [];
  const outcome = await clock.until(
    findRecord(operations, { publicKey: keys.publicKey, salt }, "hello@1.0.0 of somebody", {
      clock,
      timeoutMs,
      signal,
      onMiss: ({ responded }) => missed.push(responded),
    }).then((found) => ({ found, error: undefined }), (error) => ({ error, found: undefined })),
  );
  return { ...outcome, askedMs, missed, tookMs: clock.now() - NOON };
}

const silent = { responded: 0 };

Deno.test("a missing record is looked up three times, with growing pauses", async () => {
  const { error, askedMs, missed } = await find([{}]);
  assert.deepEqual([error.code, error.kind], ["RECORD_NOT_FOUND", "not-found"]);
  assert.match(error.message, /hello@1\.0\.0 of somebody: 8 nodes answered, none has it/);
  assert.deepEqual(askedMs, [0, 500, 1_500]);
  assert.deepEqual(missed, [8, 8]);
});

Deno.test("a record that appears after the first lookup is found", async () => {
  const { found, askedMs } = await find([{}, { item, holding: 3 }]);
  assert.deepEqual([found!.item.seq, found!.counts.holding], [1, 3]);
  assert.deepEqual(askedMs, [0, 500]);
});

Deno.test("a silent network is asked until the timeout, at most every 15 seconds", async () => {
  const { error, askedMs, tookMs } = await find([silent], 60_000);
  assert.deepEqual([error.code, error.kind], ["DHT_UNREACHABLE", "network"]);
  assert.deepEqual(askedMs, [0, 500, 1_500, 3_500, 7_500, 15_500, 30_500, 45_500]);
  assert(tookMs <= 60_000);
});

Deno.test("the timeout ends the search, however short it is", async () => {
  for (const [timeoutMs, tries] of [[0, 1], [499, 1], [500, 2], [1_000, 2], [1_500, 3]] as const) {
    const { askedMs, tookMs } = await find([silent], timeoutMs);
    assert.deepEqual([askedMs.length, tookMs <= timeoutMs], [tries, true], `${timeoutMs} ms`);
  }
});

Deno.test("a network that answers again is used, and unanswered lookups do not count as misses", async () => {
  const { found, askedMs } = await find([silent, silent, {}, silent, { item }], 60_000);
  assert(found);
  assert.equal(askedMs.length, 5);
});

Deno.test("without any known node, the error names --bootstrap", async () => {
  const { error } = await find([{ asked: 0, responded: 0 }], 1_000);
  assert.equal(error.kind, "network");
  assert.match(error.message, /no DHT node is known. Name one with --bootstrap/);
});

Deno.test("the error counts nodes that showed a record with a wrong signature", async () => {
  const { error } = await find([{ invalid: 2 }]);
  assert.equal(error.code, "RECORD_NOT_FOUND");
  assert.match(error.message, /2 showed a record with a wrong signature/);
});

Deno.test("an item altered on the way from the owner of the engine is rejected", async () => {
  const altered = { ...item, seq: 2 };
  const { error, found } = await find([{ item: altered, holding: 8 }]);
  assert.equal(found, undefined);
  assert.match(error.message, /1 showed a record with a wrong signature/);
});

Deno.test("an aborted signal ends the search", async () => {
  const { error, askedMs } = await find([silent], 60_000, AbortSignal.abort(new Error("enough")));
  assert.equal(error.message, "enough");
  assert.equal(askedMs.length, 1);
});

/** Reads the index of "hello" in which today's record of one slot is `record`. */
async function index(record: Uint8Array | undefined, responded = 8) {
  const clock = new FakeClock(NOON);
  const today = nameIndexKeyPair("hello", dayOf(NOON));
  const shown = record &&
    signedItem(today, { salt: nameIndexSalt("hello", SLOT), seq: NOON, value: record });
  const askedMs: number[] = [];
  const operations = {
    ...nobodyMet,
    lookUp({ publicKey, salt }: ItemKey) {
      askedMs.push(clock.now() - NOON);
      const isIt = shown && equalBytes(shown.publicKey, publicKey) && equalBytes(shown.salt, salt);
      return Promise.resolve({
        item: isIt ? shown : undefined,
        others: [],
        asked: 8,
        responded,
        holding: 0,
        stale: 0,
        invalid: 0,
        errors: {},
      });
    },
  } as unknown as Operations;
  const details: string[] = [];
  await using known = await temporaryTrust(clock);
  const outcome = await clock.until(
    readIndex({
      operations,
      state: known.state,
      offers: new OfferCache(known.trust),
      finding: { clock, timeoutMs: 30_000 },
      policy: "first-seen",
      onDetail: (message) => details.push(message),
    }, "hello").then(
      (read) => ({ read, error: undefined }),
      (error) => ({ error, read: undefined }),
    ),
  );
  return { ...outcome, details, rounds: [...new Set(askedMs)], lookups: askedMs.length };
}

function entryOf({ publicKey, ...entry }: NameIndexEntry) {
  const { firstSeenMs: f, timestampMs: t, version: v, signature: s } = entry;
  return { f, k: publicKey, s, t, v };
}

const times = { version: "1.0.0", firstSeenMs: NOON - 1_000, timestampMs: NOON - 1_000 };
const good = entryOf(signedEntry(keys, "hello", times));
const forged = entryOf({
  ...signedEntry(keysOfSlot(SLOT, 2), "hello", times),
  version: "9.9.9",
});

Deno.test("reading an index takes eight lookups: four slots, today and yesterday", async () => {
  const { read, lookups } = await index(bencode([good]));
  assert.deepEqual([read!.entries.length, lookups, read!.lookups], [1, 8, 8]);
});

Deno.test("an empty index is read three times", async () => {
  const { read, rounds } = await index(undefined);
  assert.deepEqual(read!.entries, []);
  assert.deepEqual(rounds, [0, 500, 1_500]);
});

Deno.test("an entry with a wrong signature is dropped and reported, and the index is not read again", async () => {
  for (const others of [[good], []]) {
    const { read, rounds, details } = await index(bencode([forged, ...others]));
    assert.equal(read!.entries.length, others.length);
    assert.deepEqual(rounds, [0]);
    const named = details.filter((text) => /9\.9\.9: bad-signature$/.test(text));
    assert.equal(named.length, 1, details.join("\n"));
    assert(named[0]!.includes(formatPublicKey(keysOfSlot(SLOT, 2).publicKey)), named[0]);
  }
});

Deno.test("a record that is no index is reported, and not read again", async () => {
  const { read, rounds, details } = await index(bencode("nothing of the kind"));
  assert.deepEqual([read!.entries, rounds], [[], [0]]);
  assert(
    details.some((text) => /left out of the index of hello: not a valid name index/.test(text)),
  );
});

Deno.test("an unanswered index is an error, not an empty index", async () => {
  const { error } = await index(undefined, 0);
  assert.deepEqual([error.code, error.kind], ["DHT_UNREACHABLE", "network"]);
  assert.match(
    error.message,
    /The index of hello could not be read: DHT nodes answered none of \d+ queries/,
  );
});
