import assert from "node:assert/strict";
import { encodeItem } from "../../../../src/records/mod.ts";
import { settle } from "../../../support/fake_clock.ts";
import { keepRecord } from "../../../support/keep_record.ts";
import { Announcements, HOUR_MS, idOf, MINUTE_MS, record } from "../announcements.ts";

Deno.test("an entry that is announced once leaves the schedule, whatever the outcome", async () => {
  for (const outcome of [{}, { holding: 0, needsRetry: true }, new Error("broken")]) {
    const at = new Announcements();
    at.outcome = () => outcome;
    const dueMs = at.clock.now() + 5 * MINUTE_MS;
    const item = record("a");
    at.reannouncer.keepRecords([{ item: encodeItem(item), dueMs, failures: 0, isOnce: true }]);
    at.reannouncer.keepTorrent("ab".repeat(20), dueMs, undefined, true);
    assert.equal(at.reannouncer.counts().kept, 2);
    await at.clock.advance(6 * HOUR_MS);
    assert.deepEqual(at.minutes(idOf(item)), [5]);
    assert.deepEqual(at.minutes("ab".repeat(20)), [5]);
    assert.equal(at.reannouncer.counts().kept, 0);
    assert.equal(at.reports.length, 2);
  }
});

Deno.test("a single announcement takes nothing out of the schedule that is announced regularly", async () => {
  const at = new Announcements();
  const item = record("a");
  keepRecord(at.reannouncer, item, at.clock.now() + 10 * MINUTE_MS);
  const dueMs = at.clock.now();
  at.reannouncer.keepRecords([{ item: encodeItem(item), dueMs, failures: 0, isOnce: true }]);
  await at.clock.advance(2 * HOUR_MS);
  assert.deepEqual(at.minutes(idOf(item)), [10, 70]);
});

Deno.test("an entry that is announced once can become a regular one", async () => {
  const at = new Announcements();
  const item = record("a");
  const dueMs = at.clock.now() + HOUR_MS / 2;
  at.reannouncer.keepRecords([{ item: encodeItem(item), dueMs, failures: 0, isOnce: true }]);
  keepRecord(at.reannouncer, item, dueMs);
  await at.clock.advance(2 * HOUR_MS);
  assert.deepEqual(at.minutes(idOf(item)), [30, 90]);
});

Deno.test("retain ends what is not listed, but nothing new and nothing that is announced once", async () => {
  const at = new Announcements();
  const [kept, ended, once, fresh] = ["kept", "ended", "once", "fresh"].map((name) => record(name));
  const later = at.clock.now() + HOUR_MS / 2;
  keepRecord(at.reannouncer, kept!, later);
  keepRecord(at.reannouncer, ended!, later);
  at.reannouncer.keepRecords([{
    ...{ item: encodeItem(once!), dueMs: later, failures: 0, isOnce: true },
  }]);
  at.reannouncer.keepTorrent("ab".repeat(20), later);
  await at.clock.advance(2 * MINUTE_MS);
  keepRecord(at.reannouncer, fresh!, later);
  at.reannouncer.retain([idOf(kept!)]);
  await settle();
  assert.equal(at.reannouncer.counts().kept, 3);
  await at.clock.advance(HOUR_MS / 2);
  const announced = new Set(at.calls.map(({ idHex }) => idHex));
  assert.deepEqual(announced, new Set([kept!, once!, fresh!].map(idOf)));
});
