import assert from "node:assert/strict";
import { Announcements, HOUR_MS, idOf, MINUTE_MS, record } from "../announcements.ts";
import { keepRecord } from "../../../support/keep_record.ts";

Deno.test("a shorter interval moves due times forward; a longer one moves none", async () => {
  const at = new Announcements();
  at.takesMs = 0;
  const item = record("a");
  keepRecord(at.reannouncer, item, 0);
  await at.clock.advance(10 * MINUTE_MS);
  at.reannouncer.intervalMs = 15 * MINUTE_MS;
  await at.clock.advance(60 * MINUTE_MS);
  assert.deepEqual(at.minutes(idOf(item)), [0, 25, 40, 55, 70]);
  at.reannouncer.intervalMs = 30 * MINUTE_MS;
  await at.clock.advance(60 * MINUTE_MS);
  assert.deepEqual(at.minutes(idOf(item)).slice(5), [85, 115]);
});

Deno.test("a due time from an earlier run that is more than an interval away is moved forward", async () => {
  const at = new Announcements();
  const item = record("a");
  // The saved due time lies a day ahead: the earlier run used an interval of a day, or its clock
  // was wrong.
  keepRecord(at.reannouncer, item, at.clock.now() + 24 * HOUR_MS);
  at.reannouncer.keepTorrent("ab".repeat(20), at.clock.now() + 24 * HOUR_MS);
  await at.clock.advance(70 * MINUTE_MS);
  assert.equal(at.minutes(idOf(item)).length, 1);
  assert.deepEqual(at.minutes("ab".repeat(20)), [29, 55]);
});

Deno.test("a clock that is set back by a day does not delay announcements by a day", async () => {
  const at = new Announcements();
  const item = record("a");
  keepRecord(at.reannouncer, item, 0);
  await at.clock.advance(10 * MINUTE_MS);
  at.clock.jump(-24 * HOUR_MS);
  at.calls.length = 0;
  await at.clock.advance(70 * MINUTE_MS);
  assert.equal(at.calls.length, 1);
});

Deno.test("after twelve hours of suspension all overdue entries are announced, most overdue first", async () => {
  const at = new Announcements();
  const items = Array.from({ length: 200 }, (_, i) => record(`record ${i}`));
  for (const [i, item] of items.entries()) {
    keepRecord(at.reannouncer, item, at.clock.now() + (30 + (i * 77) % 200) * 1_000);
  }
  // Simulate suspension: the time of day advances, but timers do not.
  at.clock.jump(12 * HOUR_MS);
  await at.clock.advance(2 * MINUTE_MS);
  assert.equal(at.calls.length, 200);
  const order = at.calls.map(({ idHex }) => items.findIndex((item) => idOf(item) === idHex));
  const due = order.map((i) => (i * 77) % 200);
  assert.deepEqual(due, due.toSorted((a, b) => a - b));
  assert.ok(at.mostUnderWay <= 64);
});

Deno.test("a record that became due during suspension is announced within a minute", async () => {
  const at = new Announcements();
  keepRecord(at.reannouncer, record("a"), at.clock.now() + 50 * MINUTE_MS);
  at.clock.jump(HOUR_MS);
  assert.deepEqual(at.reannouncer.counts(), { kept: 1, overdue: 1 });
  await at.clock.advance(MINUTE_MS);
  assert.equal(at.calls.length, 1);
});

Deno.test("after the clock was set back, retain ends what was added before", async () => {
  const at = new Announcements();
  const [kept, ended] = ["kept", "ended"].map((name) => record(name));
  for (const item of [kept!, ended!]) keepRecord(at.reannouncer, item, at.clock.now());
  await at.clock.advance(10 * MINUTE_MS);
  at.clock.jump(-24 * HOUR_MS);
  await at.clock.advance(10 * MINUTE_MS);
  at.reannouncer.retain([idOf(kept!)]);
  assert.equal(at.reannouncer.counts().kept, 1);
});
