import assert from "node:assert/strict";
import { type Rate, withRate } from "../../../../src/dashboard/data/rates.ts";

function event(timeMs: number, packetsIn: number, packetsOut = packetsIn) {
  return {
    kind: "rates" as const,
    ...{ timeMs, uploadSpeed: 1, downloadSpeed: 2, peers: 3, packetsIn, packetsOut },
  };
}

function gathered(...events: ReturnType<typeof event>[]): readonly Rate[] {
  return events.reduce<readonly Rate[]>((rates, each) => withRate(rates, each), []);
}

Deno.test("packets a second follow from two counts", () => {
  const rates = gathered(event(1_000, 10), event(2_000, 15, 30));
  assert.deepEqual(rates.map((rate) => rate.packetsInSpeed), [null, 5]);
  assert.deepEqual(rates.map((rate) => rate.packetsOutSpeed), [null, 20]);
});

Deno.test("after a pause, or a daemon that counts from 0, the packets are not known", () => {
  assert.equal(gathered(event(1_000, 10), event(60_000, 500)).at(-1)!.packetsInSpeed, null);
  assert.equal(gathered(event(1_000, 10), event(2_000, 1)).at(-1)!.packetsInSpeed, null);
});

Deno.test("times rise, and only five minutes are kept", () => {
  const back = gathered(event(1_000, 1), event(2_000, 2), event(1_500, 3));
  assert.deepEqual(back.map(({ timeMs }) => timeMs), [1_000, 1_500]);
  const many = gathered(...Array.from({ length: 400 }, (_, at) => event(at * 1_000, at)));
  assert.equal(many.length, 300);
  assert.equal(many.at(-1)!.timeMs, 399_000);
});
