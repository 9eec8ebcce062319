/**
 * Messages about the loss and return of the DHT connection, on a fake clock.
 *
 * @module
 */

import assert from "node:assert/strict";
import { DhtWatch, type DhtWatchOptions } from "../../../../src/host/records/dht_watch.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

const silent = { state: "on", silent: true } as const;
const on = { state: "on" } as const;
const off = { state: "off", why: "UDP port 1 is taken" } as const;

function watching(options: Partial<DhtWatchOptions> = {}) {
  const clock = new FakeClock();
  const said: string[] = [];
  const watch = new DhtWatch({
    clock,
    isWanted: true,
    tellsOfSilence: true,
    onNotice: (message) => said.push(`notice: ${message}`),
    onWarning: (message) => said.push(`warning: ${message}`),
    ...options,
  });
  return { clock, said, watch };
}

Deno.test("a silent DHT is reported once after 30 s, and once when a node answers", async () => {
  const { clock, said, watch } = watching();
  watch.hear(silent);
  await clock.advance(29_999);
  watch.hear(silent);
  assert.deepEqual(said, []);
  await clock.advance(1);
  assert.equal(said.length, 1);
  assert.match(said[0]!, /^warning: no DHT node has answered for 30 s: .*libreseed doctor/);
  watch.hear(silent);
  await clock.advance(3_600_000);
  assert.equal(said.length, 1);
  watch.hear(on);
  assert.deepEqual(said.slice(1), ["notice: DHT nodes answer: what is due is announced now"]);
  watch.hear(on);
  await clock.advance(3_600_000);
  assert.equal(said.length, 2);
  // A second loss of the DHT connection is reported in the same way as the first loss.
  watch.hear(silent);
  await clock.advance(30_000);
  watch.hear(on);
  assert.equal(said.length, 4);
  assert.equal(clock.timers, 0);
});

Deno.test("a DHT that answers within 30 s is not reported", async () => {
  const { clock, said, watch } = watching();
  for (let i = 0; i < 3; i++) {
    watch.hear(silent);
    await clock.advance(29_000);
    watch.hear(on);
    await clock.advance(60_000);
  }
  assert.deepEqual(said, []);
});

Deno.test("a DHT that is off is reported at once with its reason, and silence counts from its return", async () => {
  const { clock, said, watch } = watching();
  watch.hear(silent);
  await clock.advance(20_000);
  watch.hear(off);
  watch.hear(off);
  await clock.advance(60_000);
  assert.deepEqual(said, [
    "warning: UDP port 1 is taken; going on without the DHT, and trying again",
  ]);
  watch.hear(silent);
  assert.equal(said[1], "notice: the DHT is back");
  await clock.advance(29_000);
  assert.equal(said.length, 2);
  await clock.advance(1_000);
  assert.equal(said.length, 3);
});

Deno.test("a command, a daemon without a DHT and a stopped watch report no silence", async () => {
  for (const options of [{ tellsOfSilence: false }, { isWanted: false }]) {
    const { clock, said, watch } = watching(options);
    watch.hear(silent);
    await clock.advance(60_000);
    assert.deepEqual(said, []);
  }
  const { clock, said, watch } = watching();
  watch.hear(silent);
  watch.stop();
  await clock.advance(60_000);
  assert.deepEqual([said, clock.timers], [[], 0]);
});
