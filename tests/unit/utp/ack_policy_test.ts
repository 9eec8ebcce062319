/** Tests which packets are acknowledged at once. */

import assert from "node:assert/strict";
import { AckPolicy } from "../../../src/utp/ack_policy.ts";

/** Time between two packets of a line of 10 Mbit/s, in microseconds. */
const SLOW_US = 1_200;
/** And of one of 1,000 Mbit/s. */
const FAST_US = 12;
let nowUs = 0;

/** Receives packets in order; returns the number of acknowledgements. */
function receive(policy: AckPolicy, packets: number, everyUs = SLOW_US): number {
  let acks = 0;
  for (let i = 0; i < packets; i++) {
    nowUs += everyUs;
    if (!policy.received("in order", false, false, nowUs)) continue;
    acks++;
    policy.acknowledged();
  }
  return acks;
}

Deno.test("a bulk transfer is acknowledged every four packets, its beginning at once", () => {
  const policy = new AckPolicy();
  assert.equal(receive(policy, 16), 16);
  assert.equal(receive(policy, 112), 56);
  assert.equal(receive(policy, 400), 100);
});

Deno.test("packets that follow each other fast are acknowledged sixteen at once, except at first", () => {
  const policy = new AckPolicy();
  assert.equal(receive(policy, 16, FAST_US), 16);
  assert.equal(receive(policy, 112, FAST_US), 56);
  assert.equal(receive(policy, 400, FAST_US), 25);
});

Deno.test("the last packets of a fast transfer wait a quarter of the time of the first ones", () => {
  const policy = new AckPolicy();
  receive(policy, 20, FAST_US);
  const first = policy.delayUs;
  receive(policy, 400, FAST_US);
  assert.equal(policy.delayUs, first / 4);
});

Deno.test("the first packets after a missing one are acknowledged at once, and what fills the gap", () => {
  const policy = new AckPolicy();
  receive(policy, 400);
  let acks = 0;
  for (let i = 0; i < 88; i++) {
    if (!policy.received("early", false, true, nowUs += SLOW_US)) continue;
    acks++;
    policy.acknowledged();
  }
  assert.equal(acks, 8 + 20);
  assert.ok(policy.received("in order", false, true, nowUs), "one of two gaps is filled");
  assert.ok(policy.received("in order", false, false, nowUs), "the other one is filled");
  policy.acknowledged();
  assert.equal(receive(policy, 400), 100);
});

Deno.test("a repeated packet and the end are acknowledged at once, a dropped packet is not", () => {
  const policy = new AckPolicy();
  receive(policy, 400);
  assert.ok(policy.received("repeated", false, false, nowUs));
  assert.ok(policy.received("in order", true, false, nowUs));
  assert.ok(!policy.received("dropped", false, true, nowUs));
});
