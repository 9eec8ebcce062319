import assert from "node:assert/strict";
import { HolderHalfLife } from "../../../../src/dht/announce/holder_half_life.ts";
import { Announcements, HOUR_MS, MINUTE_MS, record } from "../announcements.ts";
import { keepRecord } from "../../../support/keep_record.ts";

Deno.test("the half-life follows the share of holders that stay", () => {
  const halfLife = new HolderHalfLife();
  assert.equal(halfLife.halfLifeMs, Infinity);
  for (let i = 0; i < 4; i++) halfLife.add(8, 4, HOUR_MS);
  assert.equal(halfLife.halfLifeMs, Infinity, "four announcements say too little");
  for (let i = 0; i < 20; i++) halfLife.add(8, 4, HOUR_MS);
  assert.ok(Math.abs(halfLife.halfLifeMs - HOUR_MS) < 1_000, `${halfLife.halfLifeMs}`);
  for (let i = 0; i < 1_000; i++) halfLife.add(8, 2, HOUR_MS);
  assert.ok(Math.abs(halfLife.halfLifeMs - HOUR_MS / 2) < MINUTE_MS, `${halfLife.halfLifeMs}`);
});

Deno.test("the half-life is infinite when all holders stay, and short when all leave", () => {
  const all = new HolderHalfLife();
  const none = new HolderHalfLife();
  for (let i = 0; i < 20; i++) {
    all.add(8, 8, HOUR_MS);
    none.add(8, 0, HOUR_MS);
  }
  assert.equal(all.halfLifeMs, Infinity);
  assert.ok(none.halfLifeMs > 0 && none.halfLifeMs < HOUR_MS / 4);
});

Deno.test("impossible observations are ignored", () => {
  const halfLife = new HolderHalfLife();
  for (let i = 0; i < 20; i++) {
    halfLife.add(8, 8, HOUR_MS);
    halfLife.add(0, 3, HOUR_MS);
    halfLife.add(8, 0, 0);
    halfLife.add(8, 0, -HOUR_MS);
  }
  assert.equal(halfLife.halfLifeMs, Infinity);
});

/**
 * Returns the intervals in minutes between announcements of a record, if each announcement finds
 * `stayed` of 8 holders again.
 */
async function pauses(stayed: number, intervalMs = HOUR_MS): Promise<number[]> {
  const at = new Announcements({ intervalMs, random: () => 0.5 });
  at.outcome = () => ({ holding: 8, stored: 8 - stayed });
  keepRecord(at.reannouncer, record("one"), at.clock.now());
  await at.clock.advance(24 * HOUR_MS);
  at.reannouncer.stop();
  return at.calls.slice(1).map(({ atMs }, i) => Math.round((atMs - at.calls[i]!.atMs) / MINUTE_MS));
}

Deno.test("a record is announced again when a little more than half of its holders have left", async () => {
  const found = await pauses(2);
  assert.deepEqual(found.slice(0, 6), [60, 60, 60, 60, 60, 33]);
});

Deno.test("a record is announced once an interval without churn, and at most every 20 minutes with it", async () => {
  assert.ok((await pauses(8)).every((minutes) => minutes === 60));
  assert.equal((await pauses(0)).at(-1), 20);
  assert.equal((await pauses(0, 10 * MINUTE_MS)).at(-1), 10);
});
