/** Tests the change of the port that is announced for torrents, as when a router maps our port. */

import assert from "node:assert/strict";
import { Announcements, HOUR_MS, idOf, MINUTE_MS, record } from "../announcements.ts";
import { encodeItem } from "../../../../src/records/mod.ts";

const torrent = "ab".repeat(20);

Deno.test("torrents are announced at once with a new port, and records are not", async () => {
  const world = new Announcements();
  const item = record("a");
  world.reannouncer.keepRecords([{ item: encodeItem(item), dueMs: 0, failures: 0 }]);
  world.reannouncer.keepTorrent(torrent, 0);
  await world.clock.advance(MINUTE_MS);
  world.reannouncer.port = 40_001;
  await world.clock.advance(MINUTE_MS);
  assert.deepEqual(world.ports(torrent), [6_881, 40_001]);
  assert.deepEqual(world.minutes(idOf(item)), [0]);
  world.reannouncer.stop();
});

Deno.test("a torrent is announced again if the port changes during its announcement", async () => {
  const world = new Announcements();
  world.takesMs = MINUTE_MS;
  world.reannouncer.keepTorrent(torrent, 0);
  await world.clock.advance(MINUTE_MS / 2);
  world.reannouncer.port = 40_001;
  await world.clock.advance(5 * MINUTE_MS);
  assert.deepEqual(world.ports(torrent), [6_881, 40_001]);
  assert.deepEqual(world.reports.map(({ port }) => port), [6_881, 40_001]);
  world.reannouncer.stop();
});

Deno.test("the same port again announces nothing before its time", async () => {
  const world = new Announcements({ intervalMs: HOUR_MS });
  world.reannouncer.keepTorrent(torrent, 0);
  await world.clock.advance(MINUTE_MS);
  world.reannouncer.port = 6_881;
  await world.clock.advance(20 * MINUTE_MS);
  assert.deepEqual(world.ports(torrent), [6_881]);
  world.reannouncer.stop();
});
