import assert from "node:assert/strict";
import { AnnounceCosts } from "../../../../src/host/records/announce_costs.ts";

const MINUTE_MS = 60_000;

Deno.test("costs begin as docs/scale.md has measured them", () => {
  const costs = new AnnounceCosts();
  assert.equal(Math.round(costs.hourly("record")), 14);
  assert.equal(Math.round(costs.hourly("torrent")), 37);
  assert.equal(Math.round(costs.hourly("name")), 29);
  assert.equal(costs.packets("turn"), 16);
});

Deno.test("costs follow the packets and intervals of announcements, each kind by itself", () => {
  const costs = new AnnounceCosts();
  for (let i = 0; i < 200; i++) costs.add("record", 10, 24 * MINUTE_MS);
  assert.equal(Math.round(costs.hourly("record")), 25);
  assert.equal(Math.round(costs.hourly("torrent")), 37);
});

Deno.test("one announcement changes little", () => {
  const costs = new AnnounceCosts();
  costs.add("torrent", 200, 26 * MINUTE_MS);
  assert.ok(costs.packets("torrent") < 22);
});

Deno.test("announcements without a packet, retries and long sleeps do not count", () => {
  const costs = new AnnounceCosts();
  const before = costs.hourly("record");
  for (let i = 0; i < 200; i++) costs.add("record", 0, undefined);
  for (let i = 0; i < 200; i++) costs.add("record", 12, MINUTE_MS);
  for (let i = 0; i < 200; i++) costs.add("record", 12, 100 * 60 * MINUTE_MS);
  assert.ok(Math.abs(costs.hourly("record") - before) < 0.001);
});
