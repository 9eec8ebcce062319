/** Tests the announcement of everything after a change of our address. */

import assert from "node:assert/strict";
import { encodeItem } from "../../../../src/records/mod.ts";
import { Announcements, HOUR_MS, idOf, MINUTE_MS, record } from "../announcements.ts";

const torrents = Array.from({ length: 40 }, (_, i) => i.toString(16).padStart(40, "0"));
const items = ["a", "b", "c"].map((name) => record(name));

/** Keeps the records and torrents, and waits until each was announced once. */
async function announced(): Promise<Announcements> {
  const at = new Announcements({ intervalMs: HOUR_MS });
  at.reannouncer.keepRecords(
    items.map((item) => ({ item: encodeItem(item), dueMs: 0, failures: 0 })),
  );
  for (const torrent of torrents) at.reannouncer.keepTorrent(torrent, 0);
  await at.clock.advance(MINUTE_MS);
  assert.equal(at.calls.length, torrents.length + items.length);
  at.calls.length = 0;
  at.mostUnderWay = 0;
  return at;
}

Deno.test("after a change of our address torrents come first, the newest one before the others", async () => {
  const at = await announced();
  at.reannouncer.announceAll();
  await at.clock.advance(MINUTE_MS);
  const wanted = [...torrents.toReversed(), ...items.toReversed().map(idOf)];
  assert.deepEqual(at.calls.map(({ idHex }) => idHex), wanted);
  assert.ok(at.mostUnderWay < torrents.length, "not all at once");
  at.reannouncer.stop();
});

Deno.test("afterwards records come before torrents again, and each at its interval", async () => {
  const at = await announced();
  at.reannouncer.announceAll();
  await at.clock.advance(20 * MINUTE_MS);
  assert.equal(at.calls.length, torrents.length + items.length);
  at.calls.length = 0;
  await at.clock.advance(60 * MINUTE_MS);
  for (const item of items) {
    assert.equal(at.calls.filter(({ idHex }) => idHex === idOf(item)).length, 1);
  }
  at.reannouncer.stop();
});

Deno.test("a torrent is announced again if the address changes during its announcement", async () => {
  const at = new Announcements();
  at.takesMs = MINUTE_MS;
  at.reannouncer.keepTorrent(torrents[0]!, 0);
  await at.clock.advance(MINUTE_MS / 2);
  at.reannouncer.announceAll();
  await at.clock.advance(5 * MINUTE_MS);
  assert.equal(at.calls.length, 2);
  at.reannouncer.stop();
});

Deno.test("torrents of an earlier run are ordered by their age", async () => {
  const at = new Announcements();
  const ages = [3, 1, 2];
  for (const age of ages) {
    at.reannouncer.keepTorrent(torrents[age]!, 0, at.beganMs - age * HOUR_MS);
  }
  await at.clock.advance(MINUTE_MS);
  at.calls.length = 0;
  at.reannouncer.announceAll();
  await at.clock.advance(MINUTE_MS);
  assert.deepEqual(at.calls.map(({ idHex }) => idHex), [1, 2, 3].map((age) => torrents[age]));
  at.reannouncer.stop();
});
