/** Tests how uTP streams share a bottleneck: with each other, with streams like TCP, and with a ping. */

import assert from "node:assert/strict";
import type { UtpSocket } from "../../../src/utp/mod.ts";
import { Congestion } from "../../../src/utp/congestion.ts";
import { DelayMeter } from "../../../src/utp/delay_history.ts";
import { LossBasedStream } from "../../support/loss_based_stream.ts";
import { seededRandom } from "../../support/simulated_dht.ts";
import {
  type LinkOptions,
  type SimulatedLink,
  SimulatedNetwork,
} from "../../support/utp_network.ts";

/** An uplink of 10 Mbit/s with a queue of 250 ms, as home routers have. */
const UPLINK: LinkOptions = { delayMs: 20, bytesPerSecond: 1_250_000, queueMs: 250 };

/** Hosts `a` and `b` with a bottleneck from `a` to `b`, and streams of `a` that never end. */
class Bottleneck {
  readonly network = new SimulatedNetwork(1);
  readonly link: SimulatedLink;
  readonly back: SimulatedLink;
  /** Bytes that have arrived, by the order in which the streams began. */
  readonly arrived: number[] = [];
  readonly #dialler;

  constructor(options: LinkOptions) {
    this.link = this.network.makeLink(options);
    this.back = this.network.makeLink({ delayMs: options.delayMs });
    this.network.connect("a", "b", this.link);
    this.network.connect("b", "a", this.back);
    this.#dialler = this.network.add("a");
    this.network.add("b", (socket) => {
      const index = this.arrived.push(0) - 1;
      socket.onBytes = (bytes) => {
        this.arrived[index]! += bytes.length;
        return true;
      };
      socket.resume();
    });
  }

  start(): UtpSocket {
    const socket = this.#dialler.connect("b", 6881);
    const bytes = new Uint8Array(256 * 1024);
    const write = () => void socket.write(bytes, write);
    write();
    return socket;
  }

  /** Returns how many packets of `a` have been sent again since the call. */
  countSentAgain(): () => number {
    const seen = new Set<number>();
    let count = 0;
    this.network.onSend = ({ bytes, from }) => {
      if (from !== "a") return;
      const seq = bytes[16]! << 8 | bytes[17]!;
      if (seen.has(seq)) count++;
      seen.add(seq);
    };
    return () => count;
  }

  /** Lets the program of a host do nothing for up to 40 ms, twice a second. */
  stall(host: "a" | "b", random: () => number): void {
    this.network.clock.after(random() * 1_000, () => {
      this.network.stall(host, random() * 40);
      this.stall(host, random);
    });
  }

  /** Lets time pass; returns the bytes of each stream in it, and the mean queueing delay. */
  async measure(seconds: number): Promise<{ bytes: number[]; queueMs: number }> {
    const before = [...this.arrived];
    const { queuedMs, packets } = this.link;
    await this.network.clock.advance(seconds * 1_000);
    return {
      bytes: this.arrived.map((bytes, i) => bytes - (before[i] ?? 0)),
      queueMs: (this.link.queuedMs - queuedMs) / (this.link.packets - packets),
    };
  }
}

Deno.test("a stream uses its line, and its queue stays about the target of 100 ms", async () => {
  const line = new Bottleneck(UPLINK);
  line.start();
  await line.measure(10);
  const { bytes, queueMs } = await line.measure(60);
  assert.ok(bytes[0]! > 0.93 * 60 * UPLINK.bytesPerSecond! * 0.95, `${bytes[0]} bytes`);
  assert.ok(queueMs > 50 && queueMs < 110, `${queueMs} ms`);
});

Deno.test("two streams share a line evenly, though one began on the queue of the other", async () => {
  const line = new Bottleneck(UPLINK);
  line.start();
  await line.measure(10);
  line.start();
  await line.measure(60);
  const { bytes, queueMs } = await line.measure(60);
  const share = Math.min(...bytes) / Math.max(...bytes);
  assert.ok(share >= 0.8, `${bytes}: ${share}`);
  assert.ok(queueMs < 120, `${queueMs} ms`);
});

for (const queueMs of [100, 250]) {
  Deno.test(`a stream yields to one that only loss controls, and takes the line back (queue of ${queueMs} ms)`, async () => {
    const line = new Bottleneck({ ...UPLINK, queueMs });
    line.start();
    await line.measure(10);
    const tcp = new LossBasedStream(line.network.clock, line.link, line.back);
    await line.measure(20);
    const before = tcp.arrivedBytes;
    const { bytes } = await line.measure(60);
    const share = bytes[0]! / (bytes[0]! + tcp.arrivedBytes - before);
    assert.ok(share <= 0.25, `${share} of the line`);
    assert.ok(share > 0, "and does not starve");
    tcp.stop();
    await line.measure(30);
    const alone = await line.measure(20);
    assert.ok(alone.bytes[0]! > 0.85 * 20 * UPLINK.bytesPerSecond!, `${alone.bytes[0]} bytes`);
  });
}

Deno.test("a long path is full again a few seconds after a loss", async () => {
  const line = new Bottleneck({
    delayMs: 40,
    bytesPerSecond: 12_500_000,
    queueMs: 100,
    loss: 5e-5,
  });
  line.start();
  await line.measure(5);
  const { bytes } = await line.measure(30);
  assert.ok(bytes[0]! > 0.6 * 30 * 12_500_000, `${bytes[0]} bytes`);
});

Deno.test("a long path with a queue of 20 ms is used well", async () => {
  const line = new Bottleneck({ delayMs: 40, bytesPerSecond: 12_500_000, queueMs: 20 });
  line.start();
  await line.measure(4);
  const { bytes } = await line.measure(10);
  assert.ok(bytes[0]! > 0.8 * 10 * 12_500_000, `${bytes[0]} bytes`);
});

for (const [ofRound, left] of [["short", 0.7], ["long", 0.5]] as const) {
  Deno.test(`a loss leaves ${left} of the window if the queue was ${ofRound} in the last round trip`, () => {
    const congestion = new Congestion(1_400);
    congestion.lost(0);
    let nowUs = 0;
    const acknowledge = (queueUs: number) =>
      congestion.acked({
        ...{ bytes: 1_400, queueUs, rttUs: 80_000, lowestRttUs: 80_000, nowUs: nowUs += 10_000 },
        ...{ packetBytes: 1_400, isLimited: true },
      });
    for (let i = 0; i < 20; i++) acknowledge(ofRound === "short" ? 2_000 : 30_000);
    // The last packets waited for a receiver that got no processor.
    for (let i = 0; i < 3; i++) acknowledge(30_000);
    const before = congestion.windowBytes;
    congestion.lost(nowUs);
    assert.ok(Math.abs(congestion.windowBytes / before - left) < 0.001);
  });
}

/** A long path with a queue that loses nothing. */
const LONG_PATH: LinkOptions = { delayMs: 40, bytesPerSecond: 12_500_000, queueMs: 1_000 };

for (const seed of [1, 4, 5]) {
  Deno.test(`of a reader that stalls, only what its full buffer lost is sent again (${seed})`, async () => {
    const line = new Bottleneck(LONG_PATH);
    const again = line.countSentAgain();
    line.stall("b", seededRandom(seed));
    line.start();
    await line.measure(6);
    const dropped = line.network.dropped("b");
    assert.ok(dropped > 0);
    assert.ok(again() <= dropped, `${again()} sent again, ${dropped} lost`);
  });
}

Deno.test("a sender that stalls receives what has come before it counts anything as lost", async () => {
  const line = new Bottleneck(LONG_PATH);
  const again = line.countSentAgain();
  line.start();
  await line.measure(3);
  line.network.stall("a", 1_500);
  await line.measure(3);
  assert.equal(line.network.dropped("a"), 0);
  assert.equal(again(), 0);
});

for (const host of ["a", "b"] as const) {
  Deno.test(`a stream is fast again after its ${host === "a" ? "sender" : "reader"} stood still for 20 s`, async () => {
    const line = new Bottleneck({ ...LONG_PATH, queueMs: 100 });
    line.start();
    await line.measure(3);
    line.network.stall(host, 20_000);
    await line.measure(35);
    const { bytes } = await line.measure(5);
    assert.ok(bytes[0]! > 0.7 * 5 * LONG_PATH.bytesPerSecond!, `${bytes[0]} bytes`);
  });
}

for (const drift of [-100e-6, 100e-6]) {
  Deno.test(`clocks that drift apart by ${drift * 1e6} µs a second change nothing`, async () => {
    const line = new Bottleneck(UPLINK);
    line.network.skew("b", (nowUs) => nowUs * (1 + drift) + 3e9);
    line.start();
    await line.measure(120);
    const { bytes, queueMs } = await line.measure(120);
    assert.ok(bytes[0]! > 0.85 * 120 * UPLINK.bytesPerSecond!, `${bytes[0]} bytes`);
    assert.ok(queueMs > 30 && queueMs < 130, `${queueMs} ms`);
  });
}

Deno.test("the queueing delay is measured across the wrap of 32-bit times", () => {
  const meter = new DelayMeter();
  const offset = 2 ** 32 - 30_000;
  for (
    const [atMs, delayMs] of [[0, 20], [10, 25], [20, 60], [30, 60], [40, 60], [50, 61]] as const
  ) {
    meter.received(0, (offset + delayMs * 1_000) % 2 ** 32, atMs * 1_000);
  }
  assert.equal(meter.queueUs, 40_000);
});

Deno.test("a base delay older than ten minutes is forgotten", () => {
  const meter = new DelayMeter();
  meter.received(0, 10_000, 0);
  for (let minute = 0; minute <= 12; minute++) meter.received(0, 50_000, minute * 60_000_001);
  assert.equal(meter.queueUs, 0);
});
