/** Tests which packets are acknowledged at once. */

import assert from "node:assert/strict";
import { AckPolicy } from "../../../src/utp/ack_policy.ts";

/** Receives packets in order; returns the number of acknowledgements. */
function receive(policy: AckPolicy, packets: number): number {
  let acks = 0;
  for (let i = 0; i < packets; i++) {
    if (!policy.received("in order", false, false)) continue;
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

Deno.test("the first packets after a missing one are acknowledged at once, and what fills the gap", () => {
  const policy = new AckPolicy();
  receive(policy, 400);
  let acks = 0;
  for (let i = 0; i < 88; i++) {
    if (!policy.received("early", false, true)) continue;
    acks++;
    policy.acknowledged();
  }
  assert.equal(acks, 8 + 20);
  assert.ok(policy.received("in order", false, true), "one of two gaps is filled");
  assert.ok(policy.received("in order", false, false), "the other one is filled");
  policy.acknowledged();
  assert.equal(receive(policy, 400), 100);
});

Deno.test("a repeated packet and the end are acknowledged at once, a dropped packet is not", () => {
  const policy = new AckPolicy();
  receive(policy, 400);
  assert.ok(policy.received("repeated", false, false));
  assert.ok(policy.received("in order", true, false));
  assert.ok(!policy.received("dropped", false, true));
});
