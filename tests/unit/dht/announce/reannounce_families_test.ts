/** Tests that what was announced to the DHT of one family follows to that of the other. */

import assert from "node:assert/strict";
import type { Family } from "../../../../src/base/mod.ts";
import { encodeItem } from "../../../../src/records/mod.ts";
import { Announcements, HOUR_MS, MINUTE_MS, record } from "../announcements.ts";

const torrent = "ab".repeat(20);

/** Keeps a record and a torrent, and returns the families that are lent from now on. */
function keep(): { at: Announcements; families: Family[] } {
  const families: Family[] = [4];
  const at = new Announcements({ intervalMs: HOUR_MS, families: () => [...families] });
  at.reannouncer.keepRecords([{ item: encodeItem(record("a")), dueMs: 0, failures: 0 }]);
  at.reannouncer.keepTorrent(torrent, 0);
  return { at, families };
}

Deno.test("when a DHT of IPv6 answers, it gets what was announced without it", async () => {
  const { at, families } = keep();
  await at.clock.advance(MINUTE_MS);
  assert.equal(at.calls.length, 2);
  at.reannouncer.resume();
  await at.clock.advance(MINUTE_MS);
  assert.equal(at.calls.length, 2, "without another DHT, nothing is repeated");
  families.push(6);
  at.reannouncer.resume();
  await at.clock.advance(MINUTE_MS);
  assert.equal(at.calls.length, 4);
  at.reannouncer.resume();
  await at.clock.advance(MINUTE_MS);
  assert.equal(at.calls.length, 4, "each once");
  families.pop();
  at.reannouncer.resume();
  families.push(6);
  at.reannouncer.resume();
  await at.clock.advance(MINUTE_MS);
  assert.equal(at.calls.length, 4, "nothing was announced while the DHT of IPv6 was silent");
  at.reannouncer.stop();
});

Deno.test("a DHT that answers during an announcement gets it afterwards", async () => {
  const { at, families } = keep();
  at.takesMs = MINUTE_MS;
  await at.clock.advance(MINUTE_MS / 2);
  families.push(6);
  at.reannouncer.resume();
  await at.clock.advance(5 * MINUTE_MS);
  assert.equal(at.calls.length, 4);
  at.reannouncer.stop();
});

Deno.test("entries of an earlier run keep their due times when a DHT answers", async () => {
  const { at, families } = keep();
  const later = "cd".repeat(20);
  at.reannouncer.keepTorrent(later, at.clock.now() + 10 * MINUTE_MS);
  await at.clock.advance(MINUTE_MS);
  families.push(6);
  at.reannouncer.resume();
  await at.clock.advance(MINUTE_MS);
  assert.ok(at.calls.every(({ idHex }) => idHex !== later));
  at.reannouncer.stop();
});
