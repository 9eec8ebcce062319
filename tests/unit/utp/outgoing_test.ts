/** Tests what is sent again, and how much work acknowledgements of a hostile peer cause. */

import assert from "node:assert/strict";
import { DelayMeter } from "../../../src/utp/delay_history.ts";
import { ByteBudget } from "../../../src/utp/limits.ts";
import { Outgoing } from "../../../src/utp/outgoing.ts";
import { RoundTrip } from "../../../src/utp/round_trip.ts";
import type { Sent } from "../../../src/utp/sent.ts";
import { SeqRing } from "../../../src/utp/sequence.ts";

const ROUND_TRIP_US = 50_000;

/** A sender with at least 1,000 packets in flight, and what it sends from then on. */
function beginBulk() {
  const sent: Sent[] = [];
  const outgoing = new Outgoing({
    next: 1,
    family: 4,
    roundTrip: new RoundTrip(),
    delays: new DelayMeter(),
    budget: new ByteBudget(64 * 2 ** 20),
    transmit: (packet) => sent.push(packet),
  });
  outgoing.write(new Uint8Array(32 * 2 ** 20), () => {});
  let nowUs = 0;
  outgoing.flush(nowUs);
  while (outgoing.unacknowledged < 1_000) {
    nowUs += ROUND_TRIP_US;
    outgoing.acknowledged(outgoing.next - 1, undefined, true, nowUs);
    // A window is sent in the course of a round trip, not at once.
    outgoing.flush(nowUs);
    while (outgoing.paceAtUs !== Infinity) outgoing.flush(nowUs = outgoing.paceAtUs);
  }
  sent.length = 0;
  return { outgoing, sent, nowUs };
}

/** Counts the packets of a window that are looked at. */
function countSteps(run: () => void): number {
  const { get } = SeqRing.prototype;
  let steps = 0;
  SeqRing.prototype.get = function (...args) {
    steps++;
    return get.apply(this, args);
  };
  try {
    run();
  } finally {
    SeqRing.prototype.get = get;
  }
  return steps;
}

/** A selective acknowledgement of one packet: the one of number `ack + 2 + index`. */
function selectiveOf(index: number): Uint8Array {
  const bits = new Uint8Array(252);
  bits[index >> 3]! |= 1 << (index & 7);
  return bits;
}

Deno.test("acknowledgements of single packets look at each packet of the window a few times in all", () => {
  const { outgoing, sent, nowUs } = beginBulk();
  const packets = outgoing.unacknowledged;
  const ack = (outgoing.next - packets - 1) & 0xffff;
  const steps = countSteps(() => {
    for (let index = packets - 3; index >= 0; index--) {
      outgoing.acknowledged(ack, selectiveOf(index), true, nowUs + ROUND_TRIP_US);
      outgoing.flush(nowUs + ROUND_TRIP_US);
    }
  });
  assert.ok(sent.length > 0, "the first packets count as lost");
  assert.ok(steps < 10 * packets, `${steps} steps for ${packets} packets`);
});

Deno.test("with the window closed, no acknowledgement searches for what is lost", () => {
  const { outgoing, nowUs } = beginBulk();
  const packets = outgoing.unacknowledged;
  const ack = (outgoing.next - packets - 1) & 0xffff;
  // All but the packet in the middle have arrived, and the first was sent again.
  outgoing.acknowledged(ack, selectiveOf(packets - 3), true, nowUs + ROUND_TRIP_US);
  outgoing.peerWindowBytes = 1_500;
  outgoing.flush(nowUs + ROUND_TRIP_US);
  outgoing.peerWindowBytes = 0;
  for (let index = 0; index < packets - 3; index++) {
    if (index === packets >> 1) continue;
    outgoing.acknowledged(ack, selectiveOf(index), true, nowUs + ROUND_TRIP_US);
  }
  outgoing.flush(nowUs + ROUND_TRIP_US);
  const times = 1_000;
  const steps = countSteps(() => {
    for (let i = 0; i < times; i++) {
      outgoing.acknowledged(ack, selectiveOf(0), true, nowUs + 2 * ROUND_TRIP_US);
      outgoing.flush(nowUs + 2 * ROUND_TRIP_US);
    }
  });
  assert.ok(steps < 10 * times, `${steps} steps for ${times} acknowledgements`);
});

/** Loses the first of the packets in flight, and has all others acknowledged but some at the end. */
function loseFirst({ outgoing, nowUs }: ReturnType<typeof beginBulk>, underWay: number): void {
  const packets = outgoing.unacknowledged;
  const bits = new Uint8Array(252);
  for (let index = 0; index < packets - 1 - underWay; index++) {
    bits[index >> 3]! |= 1 << (index & 7);
  }
  const ack = (outgoing.next - packets - 1) & 0xffff;
  outgoing.acknowledged(ack, bits, true, nowUs + ROUND_TRIP_US);
}

for (const windowBytes of [0, 10_000]) {
  Deno.test(`a lost packet is sent again though what came after it leaves a window of ${windowBytes}`, () => {
    const bulk = beginBulk();
    const { outgoing, sent, nowUs } = bulk;
    const lost = (outgoing.next - outgoing.unacknowledged) & 0xffff;
    outgoing.peerWindowBytes = windowBytes;
    loseFirst(bulk, 100);
    assert.ok(outgoing.flightBytes > 10_000, "others are under way");
    outgoing.flush(nowUs + ROUND_TRIP_US);
    assert.deepEqual(sent.map(({ seq }) => seq), [lost], "and nothing new");
  });
}

Deno.test("packets that a selective acknowledgement does not cover are not sent again", () => {
  const { outgoing, sent, nowUs } = beginBulk();
  const first = (outgoing.next - outgoing.unacknowledged) & 0xffff;
  const second = first + 200;
  const thirty = Uint8Array.of(0xff, 0xff, 0xff, 0x3f);
  let atUs = nowUs + ROUND_TRIP_US;
  outgoing.acknowledged(first - 1, thirty, true, atUs);
  outgoing.flush(atUs);
  atUs += ROUND_TRIP_US;
  outgoing.acknowledged(second - 1, thirty, true, atUs);
  outgoing.flush(atUs);
  const again = sent.filter(({ transmissions }) => transmissions > 1).map(({ seq }) => seq);
  assert.deepEqual(again, [first, second]);
});

Deno.test("a packet that was only late, and was sent again, makes no later one count as lost", () => {
  const bulk = beginBulk();
  const { outgoing, sent, nowUs } = bulk;
  const late = (outgoing.next - outgoing.unacknowledged) & 0xffff;
  const before = outgoing.next;
  loseFirst(bulk, 100);
  const atUs = nowUs + ROUND_TRIP_US;
  outgoing.flush(atUs);
  assert.equal(sent[0]!.seq, late, "is sent again");
  outgoing.acknowledged(before - 101, selectiveOf(0), true, atUs + 1_000);
  outgoing.flush(atUs + 2_000);
  const again = sent.slice(1).filter(({ seq }) => seq < before);
  assert.deepEqual(again.map(({ seq }) => seq), [], "the packets under way are not");
});

Deno.test("with a closed window, what was lost after all that arrived waits for a probe", () => {
  const { outgoing, sent, nowUs } = beginBulk();
  outgoing.peerWindowBytes = 0;
  outgoing.timedOut();
  outgoing.flush(nowUs + 20 * ROUND_TRIP_US);
  assert.equal(sent.length, 0);
  outgoing.flush(nowUs + 20 * ROUND_TRIP_US, true);
  assert.equal(sent.length, 1);
});
