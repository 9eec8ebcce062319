/** Tests how packets are spread over a round trip. */

import assert from "node:assert/strict";
import { Pacer } from "../../../src/utp/pacer.ts";

const PACKET = 1_000;
const ROUND_TRIP_US = 100_000;

/** Sends as much as the pacer allows at a time; returns the number of packets. */
function sendAll(pacer: Pacer, most = 10_000): number {
  let packets = 0;
  for (; pacer.hasCredit && packets < most; packets++) pacer.take(PACKET);
  return packets;
}

Deno.test("before the round-trip time is known, nothing is held back", () => {
  const pacer = new Pacer();
  pacer.refill(0, { windowBytes: 10 * PACKET, isSlowStart: true }, 0, PACKET);
  assert.equal(sendAll(pacer, 500), 500);
});

Deno.test("a window that opens at once is sent in the course of a round trip", () => {
  const pacer = new Pacer();
  const window = { windowBytes: 1_000 * PACKET, isSlowStart: false };
  pacer.refill(0, window, ROUND_TRIP_US, PACKET);
  let packets = sendAll(pacer);
  assert.ok(packets >= 16 && packets <= 40, `${packets} packets at once`);
  let nowUs = 0;
  let largest = 0;
  while (packets < 1_000) {
    nowUs = pacer.readyUs;
    pacer.refill(nowUs, window, ROUND_TRIP_US, PACKET);
    const burst = sendAll(pacer);
    largest = Math.max(largest, burst);
    packets += burst;
  }
  assert.ok(nowUs > 0.6 * ROUND_TRIP_US && nowUs < ROUND_TRIP_US, `${nowUs} µs`);
  assert.ok(largest <= 40, `${largest} packets at once`);
});

Deno.test("a pause of the sender does not add up to a burst", () => {
  const pacer = new Pacer();
  const window = { windowBytes: 1_000 * PACKET, isSlowStart: false };
  pacer.refill(0, window, ROUND_TRIP_US, PACKET);
  sendAll(pacer);
  pacer.refill(10_000_000, window, ROUND_TRIP_US, PACKET);
  assert.ok(sendAll(pacer) <= 40);
});
