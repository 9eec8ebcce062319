/** Tests when torrents are announced in the local network. */

import assert from "node:assert/strict";
import {
  Announcements,
  INTERVAL_MS,
  MAX_TOGETHER,
  REPEAT_MS,
} from "../../../../src/engine/lan/announcements.ts";

const START_MS = 1_000_000;

function hashes(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, i) => (from + i).toString(16).padStart(40, "0"));
}

/** Runs until `endMs`, and returns the time of each announcement with its infohashes. */
function run(announcements: Announcements, fromMs: number, endMs: number) {
  const sent: { atMs: number; infoHashesHex: string[] }[] = [];
  for (let atMs = fromMs;;) {
    const infoHashesHex = announcements.take(atMs);
    if (infoHashesHex.length > 0) sent.push({ atMs, infoHashesHex });
    const waitMs = announcements.waitMs(atMs);
    if (waitMs === undefined || atMs + waitMs >= endMs) return sent;
    atMs += waitMs;
  }
}

Deno.test("a torrent is announced at once, and then each five minutes", () => {
  const announcements = new Announcements(START_MS);
  const [one] = hashes(1) as [string];
  announcements.add(one, false, START_MS);
  const sent = run(announcements, START_MS, START_MS + 4 * INTERVAL_MS);
  assert.deepEqual(
    sent,
    [0, 1, 2, 3].map((i) => ({ atMs: START_MS + i * INTERVAL_MS, infoHashesHex: [one] })),
  );
});

Deno.test("without torrents, nothing is announced", () => {
  const announcements = new Announcements(START_MS);
  assert.equal(announcements.waitMs(START_MS), undefined);
  assert.deepEqual(announcements.take(START_MS), []);
});

Deno.test("a torrent that was removed is not announced any more", () => {
  const announcements = new Announcements(START_MS);
  const [one, other] = hashes(2) as [string, string];
  for (const hash of [one, other]) announcements.add(hash, true, START_MS);
  announcements.take(START_MS);
  announcements.remove(one);
  const sent = run(announcements, START_MS, START_MS + 2 * INTERVAL_MS);
  assert.deepEqual([...new Set(sent.flatMap(({ infoHashesHex }) => infoHashesHex))], [other]);
});

Deno.test("a download is announced twice more within seconds", () => {
  const announcements = new Announcements(START_MS);
  announcements.add(hashes(1)[0]!, true, START_MS);
  const sent = run(announcements, START_MS, START_MS + INTERVAL_MS);
  const sumMs = REPEAT_MS[0]! + REPEAT_MS[1]!;
  assert.deepEqual(sent.map(({ atMs }) => atMs - START_MS), [0, REPEAT_MS[0]!, sumMs]);
});

Deno.test("120 torrents need one announcement a minute", () => {
  const announcements = new Announcements(START_MS);
  // Added one minute after the other, in groups that fill an announcement.
  let nowMs = START_MS;
  for (let group = 0; group < 5; group++, nowMs += 60_000) {
    for (const hash of hashes(24, 24 * group)) announcements.add(hash, false, nowMs);
    announcements.take(nowMs);
  }
  const sent = run(announcements, nowMs, nowMs + 3_600_000);
  assert.equal(sent.length, 60);
  for (const [index, { atMs }] of sent.entries()) {
    if (index > 0) assert(atMs - sent[index - 1]!.atMs >= 60_000);
  }
});

Deno.test("5,000 torrents are announced at one announcement a second, each within its interval", () => {
  const announcements = new Announcements(START_MS);
  const all = hashes(5_000);
  for (const hash of all) announcements.add(hash, false, START_MS);
  const sent = run(announcements, START_MS, START_MS + 2 * INTERVAL_MS);
  for (const { infoHashesHex } of sent) assert(infoHashesHex.length <= MAX_TOGETHER);
  const seen = new Map<string, number[]>();
  for (const { atMs, infoHashesHex } of sent) {
    for (const hash of infoHashesHex) seen.set(hash, [...seen.get(hash) ?? [], atMs]);
  }
  assert.equal(seen.size, all.length);
  for (const [firstMs, nextMs = Infinity] of seen.values()) {
    assert(nextMs - firstMs! <= INTERVAL_MS + 1_000, `${nextMs - firstMs!} ms`);
  }
  // Eight at once, then one each second.
  assert(sent.length <= 8 + 2 * INTERVAL_MS / 1_000);
});

Deno.test("a new torrent does not wait for the others", () => {
  const announcements = new Announcements(START_MS);
  for (const hash of hashes(24)) announcements.add(hash, false, START_MS);
  announcements.take(START_MS);
  const [late] = hashes(1, 500) as [string];
  announcements.add(late, false, START_MS + 2_000);
  assert.equal(announcements.waitMs(START_MS + 2_000), 0);
  assert.deepEqual(announcements.take(START_MS + 2_000), [late]);
});

Deno.test("after a change of the network, all torrents are due at once", () => {
  const announcements = new Announcements(START_MS);
  const all = hashes(3);
  for (const hash of all) announcements.add(hash, false, START_MS);
  announcements.take(START_MS);
  announcements.again();
  assert.deepEqual(announcements.take(START_MS + 1).toSorted(), all);
});

Deno.test("a clock that was set back delays an announcement by one interval at most", () => {
  const announcements = new Announcements(START_MS);
  announcements.add(hashes(1)[0]!, false, START_MS);
  announcements.take(START_MS);
  assert.equal(announcements.waitMs(START_MS - 100 * INTERVAL_MS), INTERVAL_MS);
});
