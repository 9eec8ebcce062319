import assert from "node:assert/strict";
import { utf8 } from "../../../../src/base/mod.ts";
import { DhtError, type PutOutcome } from "../../../../src/dht/mod.ts";
import { generateKeyPair } from "../../../../src/identity/mod.ts";
import { bencode } from "../../../../src/bencode/mod.ts";
import { settle } from "../../../support/fake_clock.ts";
import { seededRandom } from "../../../support/simulated_dht.ts";
import { Announcements, good, HOUR_MS, idOf, MINUTE_MS, record } from "../announcements.ts";
import { keepRecord } from "../../../support/keep_record.ts";
import { signedItem } from "../../../support/signed.ts";

Deno.test("a record is announced when it is due, and again after each interval", async () => {
  const at = new Announcements();
  const item = record("a");
  keepRecord(at.reannouncer, item, at.clock.now() + 10 * MINUTE_MS);
  await at.clock.advance(4 * HOUR_MS);
  assert.deepEqual(at.minutes(idOf(item)), [10, 70, 130, 190]);
  assert.deepEqual(at.reports[0], {
    kind: "record",
    idHex: idOf(item),
    atMs: at.beganMs + 10 * MINUTE_MS,
    nextDueMs: at.beganMs + 70 * MINUTE_MS + 100,
    failures: 0,
    put: good,
  });
});

Deno.test("an entry with a past due time is announced at once", async () => {
  const at = new Announcements();
  keepRecord(at.reannouncer, record("a"), 0);
  await settle();
  assert.equal(at.calls.length, 1);
});

Deno.test("intervals have a jitter of a tenth either way", async () => {
  const random = seededRandom(7);
  const at = new Announcements({ random });
  at.takesMs = 0;
  keepRecord(at.reannouncer, record("a"), 0);
  await at.clock.advance(1_000 * HOUR_MS);
  const pauses = at.calls.slice(1).map(({ atMs }, i) => atMs - at.calls[i]!.atMs);
  assert.ok(Math.min(...pauses) >= 54 * MINUTE_MS);
  assert.ok(Math.max(...pauses) <= 66 * MINUTE_MS);
  assert.ok(Math.max(...pauses) - Math.min(...pauses) > 11 * MINUTE_MS);
  const mean = pauses.reduce((sum, pause) => sum + pause, 0) / pauses.length;
  assert.ok(Math.abs(mean - HOUR_MS) < MINUTE_MS);
});

const failures: [string, Partial<PutOutcome> | Error][] = [
  ["an error", new DhtError("network", "DHT_OFF", "off")],
  ["a put that needs a retry", { holding: 3, weak: true, needsRetry: true }],
  ["a put that nobody holds", { holding: 0, weak: true, needsRetry: false }],
];
for (const [what, outcome] of failures) {
  Deno.test(`after ${what} the pause is a minute, doubled each time up to the interval`, async () => {
    const at = new Announcements();
    at.takesMs = 0;
    at.outcome = () => outcome;
    const item = record("a");
    keepRecord(at.reannouncer, item, 0);
    await at.clock.advance(6 * HOUR_MS);
    assert.deepEqual(at.minutes(idOf(item)), [0, 1, 3, 7, 15, 31, 63, 123, 183, 243, 303]);
    assert.deepEqual(at.reports.slice(0, 3).map(({ failures }) => failures), [1, 2, 3]);
    // A successful announcement resets the back-off.
    at.outcome = () => ({});
    await at.clock.advance(3 * MINUTE_MS);
    assert.equal(at.reports.at(-1)!.failures, 0);
    at.outcome = () => outcome;
    at.calls.length = 0;
    await at.clock.advance(65 * MINUTE_MS);
    assert.deepEqual(at.minutes(idOf(item)), [363 + 60, 363 + 61, 363 + 63]);
  });
}

Deno.test("a weak put that needs no retry, as on all four nodes of a network, is followed by a full interval", async () => {
  const at = new Announcements();
  at.takesMs = 0;
  at.outcome = () => ({ responded: 4, holding: 4, weak: true, needsRetry: false });
  const item = record("a");
  keepRecord(at.reannouncer, item, 0);
  await at.clock.advance(3 * HOUR_MS);
  assert.deepEqual(at.minutes(idOf(item)), [0, 60, 120, 180]);
  assert.deepEqual(at.reports.map(({ failures }) => failures), [0, 0, 0, 0]);
});

Deno.test("errors thrown by callbacks are reported, and the schedule goes on with overdue entries", async () => {
  let isBroken = false;
  const errors: unknown[] = [];
  const breaks = () => {
    if (isBroken) throw new TypeError("a defect");
    return true;
  };
  const at = new Announcements({
    isReachable: breaks,
    onReport: breaks,
    onError: (error) => errors.push(error),
  });
  at.takesMs = 0;
  const item = record("a");
  keepRecord(at.reannouncer, item, at.clock.now() + MINUTE_MS);
  isBroken = true;
  await at.clock.advance(10 * MINUTE_MS);
  assert.deepEqual(at.calls, []);
  assert.ok(errors.length > 0 && errors.every((error) => error instanceof TypeError));
  isBroken = false;
  await at.clock.advance(MINUTE_MS);
  assert.equal(at.calls.length, 1);
  // An error thrown by `onReport` does not stop the schedule either.
  isBroken = true;
  await at.clock.until(at.reannouncer.announceNow(idOf(item))!);
  isBroken = false;
  await at.clock.advance(2 * HOUR_MS);
  assert.ok(at.calls.length >= 4, `${at.calls.length} announcements`);
});

Deno.test("back-off has jitter too, and is at most 1.1 intervals", async () => {
  const random = seededRandom(3);
  const at = new Announcements({ random });
  at.takesMs = 0;
  at.outcome = () => new Error("no");
  keepRecord(at.reannouncer, record("a"), 0);
  await at.clock.advance(100 * HOUR_MS);
  const pauses = at.calls.slice(1).map(({ atMs }, i) => atMs - at.calls[i]!.atMs);
  assert.ok(pauses[0]! >= 54_000 && pauses[0]! <= 66_000);
  assert.ok(Math.max(...pauses) <= 66 * MINUTE_MS);
});

Deno.test("back-off continues from the failures of an earlier run", async () => {
  const at = new Announcements();
  at.takesMs = 0;
  at.outcome = () => new Error("no");
  const item = record("a");
  keepRecord(at.reannouncer, item, 0, 3);
  await at.clock.advance(30 * MINUTE_MS);
  assert.deepEqual(at.minutes(idOf(item)), [0, 8, 24]);
});

Deno.test("the error of a failed announcement is in its report", async () => {
  const at = new Announcements();
  const error = new DhtError("network", "DHT_OFF", "off");
  at.outcome = () => error;
  keepRecord(at.reannouncer, record("a"), 0);
  at.reannouncer.keepTorrent("ab".repeat(20), 0);
  await at.clock.advance(1_000);
  assert.deepEqual(at.reports.map((report) => report.error), [error, error]);
  assert.ok(at.reports.every((report) => !report.put && !report.announce));
});

Deno.test("torrents are announced before nodes forget them, and retried soon if no node accepted", async () => {
  const at = new Announcements();
  at.takesMs = 0;
  const idHex = "cd".repeat(20);
  at.reannouncer.keepTorrent(idHex, at.clock.now() + MINUTE_MS);
  at.outcome = () => ({ stored: at.sinceMs < 2 * MINUTE_MS ? 0 : 5 });
  await at.clock.advance(HOUR_MS);
  assert.deepEqual(at.minutes(idHex), [1, 2, 28, 54]);
  assert.deepEqual(at.reports.map(({ kind, failures }) => [kind, failures]), [
    ["torrent", 1],
    ["torrent", 0],
    ["torrent", 0],
    ["torrent", 0],
  ]);
});

Deno.test("nodes that forget a peer after half an hour always know it", async () => {
  const random = seededRandom(11);
  const at = new Announcements({ random });
  const idHex = "cd".repeat(20);
  at.reannouncer.keepTorrent(idHex, at.clock.now() + 50 * MINUTE_MS);
  await at.clock.advance(1_000 * HOUR_MS);
  const atMs = [0, ...at.calls.map((call) => call.atMs)];
  const pauses = atMs.slice(1).map((ms, i) => ms - atMs[i]!);
  assert.ok(Math.max(...pauses) < 29 * MINUTE_MS && Math.min(...pauses.slice(1)) > 23 * MINUTE_MS);
});

Deno.test("an interval below 26 minutes applies to torrents too", async () => {
  const at = new Announcements({ intervalMs: 10 * MINUTE_MS });
  at.takesMs = 0;
  const idHex = "cd".repeat(20);
  at.reannouncer.keepTorrent(idHex, 0);
  await at.clock.advance(25 * MINUTE_MS);
  assert.deepEqual(at.minutes(idHex), [0, 10, 20]);
  at.reannouncer.intervalMs = 2 * HOUR_MS;
  await at.clock.advance(HOUR_MS);
  assert.deepEqual(at.minutes(idHex), [0, 10, 20, 30, 56, 82]);
});

Deno.test("records are announced before torrents when not all can be", async () => {
  const at = new Announcements();
  at.takesMs = 1_000;
  at.reannouncer.keepTorrent("cd".repeat(20), 0);
  for (let i = 0; i < 20; i++) at.reannouncer.keepTorrent(i.toString(16).padStart(40, "0"), 0);
  for (let i = 0; i < 8; i++) keepRecord(at.reannouncer, record(`r ${i}`), 1_000);
  await at.clock.advance(60_000);
  const kinds = at.calls.map(({ item }) => item ? "record" : "torrent");
  // Skip the torrents at the start of the list: their announcements were already running when the
  // records became due.
  const begun = kinds.indexOf("record");
  assert.deepEqual(kinds.slice(begun, begun + 8), Array(8).fill("record"));
  assert.equal(kinds.length, 29);
});

Deno.test("a superseding item replaces ours in the schedule and is put to all nodes soon", async () => {
  const at = new Announcements();
  at.takesMs = 0;
  const [ours, theirs] = [record("a", 1), record("a", 5)];
  at.outcome = () => at.calls.length === 1 ? { superseded: theirs, holding: 0 } : {};
  keepRecord(at.reannouncer, ours, 0);
  await at.clock.advance(2 * HOUR_MS);
  assert.deepEqual(at.calls.map(({ item }) => item?.seq), [1, 5, 5]);
  assert.deepEqual(at.minutes(idOf(ours)), [0, 1, 61]);
  assert.deepEqual(at.reports[0]!.put?.superseded, theirs);
  assert.equal(at.reports[0]!.failures, 0);
});

Deno.test("a record that is kept already is replaced by a newer item, at its due time", async () => {
  const at = new Announcements();
  const item = record("a");
  keepRecord(at.reannouncer, item, at.clock.now() + 30 * MINUTE_MS);
  keepRecord(at.reannouncer, record("a", 2), at.clock.now() + 5 * MINUTE_MS);
  await at.clock.advance(HOUR_MS);
  assert.deepEqual(at.minutes(idOf(item)), [5]);
  assert.equal(at.calls[0]!.item!.seq, 2);
  assert.deepEqual(at.reannouncer.counts(), { kept: 1, overdue: 0 });
});

Deno.test("a record that is replaced during its announcement is announced once an interval, not twice", async () => {
  const at = new Announcements();
  const item = record("a");
  keepRecord(at.reannouncer, item, 0);
  await at.clock.advance(50);
  keepRecord(at.reannouncer, record("a", 2), at.clock.now());
  await at.clock.advance(150 * MINUTE_MS);
  assert.deepEqual(at.calls.map(({ item }) => item!.seq), [1, 2, 2, 2]);
  assert.deepEqual(at.minutes(idOf(item)), [0, 0, 60, 120]);
});

Deno.test("a forgotten entry is not announced again, even if it was under way", async () => {
  const at = new Announcements();
  const [a, b] = [record("a"), record("b")];
  keepRecord(at.reannouncer, a, 0);
  keepRecord(at.reannouncer, b, at.clock.now() + MINUTE_MS);
  await at.clock.advance(50);
  at.reannouncer.forget(idOf(a));
  at.reannouncer.forget(idOf(b));
  at.reannouncer.forget("ff".repeat(20));
  await at.clock.advance(5 * HOUR_MS);
  assert.equal(at.calls.length, 1);
  assert.deepEqual(at.reannouncer.counts(), { kept: 0, overdue: 0 });
});

Deno.test("failures lower the number of concurrent announcements, successes raise it", async () => {
  const at = new Announcements();
  at.takesMs = 1_000;
  at.outcome = () => new Error("no");
  for (let i = 0; i < 100; i++) keepRecord(at.reannouncer, record(`r ${i}`), 0);
  await at.clock.advance(1_500);
  assert.equal(at.mostUnderWay, 4);
  await at.clock.advance(30_000);
  assert.equal(at.underWay, 1);
  at.outcome = () => ({});
  await at.clock.advance(HOUR_MS);
  at.mostUnderWay = 0;
  at.clock.jump(2 * HOUR_MS);
  await at.clock.advance(2 * MINUTE_MS);
  assert.ok(at.mostUnderWay >= 3);
});

Deno.test("announceNow announces an entry that is not due, and moves its due time", async () => {
  const at = new Announcements();
  const item = record("a");
  keepRecord(at.reannouncer, item, at.clock.now() + 50 * MINUTE_MS);
  await at.clock.advance(40 * MINUTE_MS);
  const report = await at.clock.until(at.reannouncer.announceNow(idOf(item))!);
  assert.equal(report.failures, 0);
  await at.clock.advance(70 * MINUTE_MS);
  assert.deepEqual(at.minutes(idOf(item)), [40, 100]);
  assert.equal(at.reports.length, 2);
});

Deno.test("announceNow joins an announcement under way, and is undefined for an unknown entry", async () => {
  const at = new Announcements();
  const item = record("a");
  keepRecord(at.reannouncer, item, 0);
  const now = at.reannouncer.announceNow(idOf(item));
  assert.equal(at.reannouncer.announceNow(idOf(item)), now);
  await at.clock.until(now!);
  assert.equal(at.calls.length, 1);
  assert.equal(at.reannouncer.announceNow("ff".repeat(20)), undefined);
});

Deno.test("due announcements wait for the rate limiter; urgent ones do not", async () => {
  const at = new Announcements();
  const items = ["due", "asked for", "urgent"].map((name) => record(name));
  keepRecord(at.reannouncer, items[0]!, 0);
  for (const item of items.slice(1)) {
    keepRecord(at.reannouncer, item, at.clock.now() + 50 * MINUTE_MS);
  }
  at.reannouncer.announceNow(idOf(items[1]!));
  at.reannouncer.announceNow(idOf(items[2]!), true);
  await at.clock.advance(1_000);
  assert.deepEqual(at.calls.map(({ background }) => background), [true, true, false]);
});

Deno.test("resume makes failed entries due, and no others", async () => {
  const at = new Announcements();
  const [bad, fine] = [record("bad"), record("fine")];
  at.outcome = (idHex) => idHex === idOf(bad) ? new DhtError("network", "DHT_OFF", "off") : {};
  keepRecord(at.reannouncer, bad, 0);
  keepRecord(at.reannouncer, fine, 0);
  await at.clock.advance(20 * MINUTE_MS);
  const tries = at.minutes(idOf(bad)).length;
  at.outcome = () => ({});
  at.reannouncer.resume();
  await at.clock.advance(1_000);
  assert.equal(at.minutes(idOf(bad)).length, tries + 1);
  assert.equal(at.minutes(idOf(fine)).length, 1);
  // The entry that failed before has now been announced, so it is not due again within the next
  // hour.
  await at.clock.advance(59 * MINUTE_MS);
  assert.equal(at.minutes(idOf(bad)).length, tries + 1);
});

Deno.test("a copy is refreshed only if it could expire before the next announcement", async () => {
  for (const [intervalMinutes, expected] of [[60, 54], [40, 76], [20, 98], [120, 0]] as const) {
    const at = new Announcements({ intervalMs: intervalMinutes * MINUTE_MS });
    keepRecord(at.reannouncer, record("a"), 0);
    await at.clock.advance(10 * HOUR_MS);
    const minutes = at.calls.map(({ refreshAfterMs }) => Math.round(refreshAfterMs! / MINUTE_MS));
    assert.deepEqual(minutes, Array(at.calls.length).fill(expected));
  }
});

Deno.test("another publisher's record is kept alive without its private key", async () => {
  const at = new Announcements();
  const item = signedItem(generateKeyPair(), { salt: utf8("theirs"), seq: 3, value: bencode("x") });
  keepRecord(at.reannouncer, item, 0);
  await at.clock.advance(90 * MINUTE_MS);
  assert.deepEqual(at.calls.map((call) => call.item), [item, item]);
});

Deno.test("stop aborts announcements, sends no more reports and leaves no timer", async () => {
  const at = new Announcements();
  at.takesMs = 10_000;
  for (let i = 0; i < 10; i++) keepRecord(at.reannouncer, record(`r ${i}`), 0);
  await at.clock.advance(1_000);
  assert.equal(at.underWay, 4);
  at.reannouncer.stop();
  await settle();
  assert.equal(at.underWay, 0);
  assert.equal(at.reports.length, 0);
  keepRecord(at.reannouncer, record("late"), 0);
  at.reannouncer.resume();
  at.reannouncer.intervalMs = 1_000;
  const calls = at.calls.length;
  await at.clock.advance(5 * HOUR_MS);
  assert.equal(at.calls.length, calls);
  assert.equal(at.clock.timers, 0);
});

Deno.test("while the DHT is unreachable nothing is announced or failed; overdue entries follow afterwards", async () => {
  let isReachable = false;
  const at = new Announcements({ isReachable: () => isReachable });
  const [due, later] = [record("a"), record("b")];
  keepRecord(at.reannouncer, due, 0);
  keepRecord(at.reannouncer, later, at.clock.now() + 10 * MINUTE_MS);
  at.reannouncer.keepTorrent("ab".repeat(20), at.clock.now() + 90 * MINUTE_MS);
  await at.clock.advance(HOUR_MS);
  assert.deepEqual(at.calls, []);
  assert.deepEqual(at.reannouncer.counts(), { kept: 3, overdue: 3 });
  isReachable = true;
  at.reannouncer.resume();
  await at.clock.advance(MINUTE_MS);
  assert.deepEqual(at.minutes(idOf(due)), [60]);
  assert.deepEqual(at.minutes(idOf(later)), [60]);
  // The schedule runs normally again, and pauses again when the DHT becomes unreachable.
  isReachable = false;
  await at.clock.advance(3 * HOUR_MS);
  assert.ok(at.reports.every(({ failures }) => failures === 0));
  assert.equal(at.calls.length, 3);
});
