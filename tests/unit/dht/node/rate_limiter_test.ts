import assert from "node:assert/strict";
import { RateLimiter } from "../../../../src/dht/mod.ts";
import { FakeClock, settle } from "../../../support/fake_clock.ts";

function start(perSecond: number) {
  const clock = new FakeClock();
  const limiter = new RateLimiter(clock, perSecond);
  const taken: { who: string; atMs: number }[] = [];
  const beginMs = clock.now();
  const take = (who: string, packets: number, signal?: AbortSignal) =>
    limiter.take(packets, signal).then((got) => {
      if (got) taken.push({ who, atMs: clock.now() - beginMs });
      return got;
    });
  return { clock, limiter, taken, take };
}

Deno.test("a new bucket holds one second of refill", async () => {
  const { clock, taken, take } = start(10);
  for (let i = 0; i < 12; i++) take(`${i}`, 1);
  await settle();
  assert.equal(taken.length, 10);
  await clock.advance(100);
  assert.equal(taken.length, 11);
  await clock.advance(100);
  assert.equal(taken.length, 12);
  assert.equal(clock.timers, 0);
});

Deno.test("an idle bucket never holds more than one second of refill", async () => {
  const { clock, taken, take } = start(10);
  await clock.advance(3_600_000);
  for (let i = 0; i < 30; i++) take(`${i}`, 1);
  await settle();
  assert.equal(taken.length, 10);
});

Deno.test("in any ten seconds at most eleven seconds of refill are taken", async () => {
  const { clock, taken, take } = start(20);
  for (let i = 0; i < 200; i++) take(`${i}`, 1 + (i * 7) % 13);
  await clock.advance(200_000);
  assert.equal(taken.length, 200);
  const packets = taken.map(({ atMs }, i) => ({ atMs, packets: 1 + (i * 7) % 13 }));
  for (const { atMs } of packets) {
    const inWindow = packets.filter((one) => one.atMs >= atMs && one.atMs < atMs + 10_000)
      .reduce((sum, one) => sum + one.packets, 0);
    assert.ok(inWindow <= 11 * 20, `${inWindow} in the window from ${atMs}`);
  }
});

Deno.test("callers are served in order, and a large request is not overtaken", async () => {
  const { clock, taken, take } = start(10);
  take("first", 10);
  take("large", 9);
  take("small", 1);
  await clock.advance(5_000);
  assert.deepEqual(taken, [
    { who: "first", atMs: 0 },
    { who: "large", atMs: 900 },
    { who: "small", atMs: 1_000 },
  ]);
});

Deno.test("a request above the capacity is granted from a full bucket and leaves a debt", async () => {
  const { clock, taken, take } = start(10);
  take("huge", 50);
  take("next", 1);
  await clock.advance(20_000);
  assert.deepEqual(taken, [{ who: "huge", atMs: 0 }, { who: "next", atMs: 4_100 }]);
});

Deno.test("spend delays callers of take, by at most ten seconds", async () => {
  const { clock, limiter, taken, take } = start(10);
  limiter.spend(20);
  take("a", 10);
  await clock.advance(10_000);
  assert.deepEqual(taken, [{ who: "a", atMs: 2_000 }]);
  limiter.spend(1_000_000);
  take("b", 1);
  await clock.advance(60_000);
  assert.equal(taken[1]!.atMs, 10_000 + 10_100);
});

Deno.test("a refund fills the bucket, up to its capacity", async () => {
  const { clock, limiter, taken, take } = start(10);
  take("a", 10);
  limiter.spend(-10);
  take("b", 10);
  await settle();
  assert.equal(taken.length, 2);
  limiter.spend(-1_000);
  take("c", 10);
  take("d", 1);
  await settle();
  assert.equal(taken.length, 3);
  await clock.advance(100);
  assert.equal(taken.length, 4);
});

Deno.test("a changed rate applies at once to waiting callers", async () => {
  const { clock, limiter, taken, take } = start(1);
  take("a", 1);
  take("b", 1);
  take("c", 1);
  await clock.advance(100);
  limiter.perSecond = 100;
  await clock.advance(20);
  assert.equal(taken.length, 3);
  limiter.perSecond = 2;
  take("d", 2);
  await clock.advance(900);
  assert.equal(taken.length, 3);
  await clock.advance(200);
  assert.equal(taken.length, 4);
});

Deno.test("a clock that is set back does not stop the refill", async () => {
  const { clock, taken, take } = start(10);
  take("a", 10);
  clock.jump(-3_600_000);
  take("b", 5);
  await clock.advance(600);
  assert.equal(taken.length, 2);
});

Deno.test("a clock that jumps ahead refills one second's worth, not an hour's", async () => {
  const { clock, taken, take } = start(10);
  take("a", 10);
  clock.jump(3_600_000);
  for (let i = 0; i < 20; i++) take(`${i}`, 1);
  await settle();
  assert.equal(taken.length, 1 + 10);
});

Deno.test("an aborted caller takes no tokens and lets the next one go ahead", async () => {
  const { clock, taken, take } = start(10);
  take("a", 10);
  const controller = new AbortController();
  const large = take("large", 10, controller.signal);
  take("small", 1);
  await clock.advance(50);
  controller.abort();
  assert.equal(await large, false);
  await clock.advance(50);
  assert.deepEqual(taken.map(({ who }) => who), ["a", "small"]);
  assert.equal(clock.timers, 0);
});

Deno.test("no timer is left when all callers have aborted", async () => {
  const { clock, take } = start(1);
  take("a", 1);
  const controller = new AbortController();
  const waiting = [1, 2, 3].map((n) => take(`${n}`, n, controller.signal));
  assert.equal(clock.timers, 1);
  controller.abort();
  assert.deepEqual(await Promise.all(waiting), [false, false, false]);
  assert.equal(clock.timers, 0);
  assert.equal(await take("late", 1, controller.signal), false);
});

Deno.test("aborting after the take changes nothing", async () => {
  const { clock, taken, take } = start(10);
  const controller = new AbortController();
  assert.equal(await take("a", 10, controller.signal), true);
  take("b", 5);
  controller.abort();
  await clock.advance(500);
  assert.equal(taken.length, 2);
});
