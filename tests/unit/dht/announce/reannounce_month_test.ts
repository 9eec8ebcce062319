import assert from "node:assert/strict";
import { toHex, utf8 } from "../../../../src/base/mod.ts";
import { DhtManager, RateLimiter, Reannouncer } from "../../../../src/dht/mod.ts";
import { keyPairFromSeed } from "../../../../src/identity/mod.ts";
import { bencode } from "../../../../src/bencode/mod.ts";
import { type MutableItem, targetOf } from "../../../../src/records/mod.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import {
  seededRandom,
  SimulatedDht,
  type SimulatedDhtOptions,
} from "../../../support/simulated_dht.ts";
import { keepRecord } from "../../../support/keep_record.ts";
import { signedItem } from "../../../support/signed.ts";

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const INTERVAL_MS = HOUR_MS;

/**
 * A simulated DHT, records that are kept announced in it, and the minutes in which a record had no
 * holder.
 */
class World {
  readonly clock = new FakeClock();
  readonly dht: SimulatedDht;
  readonly client;
  readonly limiter;
  readonly reannouncer;
  readonly items: MutableItem[] = [];
  readonly targets: string[] = [];
  sent = 0;
  longestDarkMinutes = 0;
  darkMinutes = 0;
  readonly #darkMinutes = new Map<string, number>();

  constructor(
    { records, perSecond, ...options }: Partial<SimulatedDhtOptions> & {
      records: number;
      perSecond?: number;
    },
  ) {
    // Signatures are not verified: all are valid in this simulation, and verifying would take most
    // of the time.
    const items = { verify: false, ...options.items };
    this.dht = new SimulatedDht({
      nodes: 150,
      seed: 5,
      loss: 0.01,
      ...options,
      items,
      clock: this.clock,
    });
    this.client = this.dht.client({ known: 64 });
    this.limiter = new RateLimiter(this.clock, perSecond ?? 1_000);
    this.reannouncer = new Reannouncer({
      announcer: new DhtManager({
        nodes: () => [this.client],
        clock: this.clock,
        limiter: this.limiter,
      }),
      clock: this.clock,
      random: seededRandom(3),
      intervalMs: INTERVAL_MS,
      port: 6_881,
      onReport: () => {},
    });
    const keys = keyPairFromSeed(new Uint8Array(32));
    for (let i = 0; i < records; i++) {
      const item = signedItem(keys, { salt: utf8(`record ${i}`), seq: 1, value: bencode("x") });
      this.items.push(item);
      this.targets.push(toHex(targetOf(item.publicKey, item.salt)));
    }
  }

  /**
   * Keeps all records announced. Their first announcements are spread evenly over one announce
   * interval.
   */
  keep(): void {
    for (const [i, item] of this.items.entries()) {
      const share = i / this.items.length;
      keepRecord(this.reannouncer, item, this.clock.now() + share * INTERVAL_MS);
    }
  }

  /** Advances the clock, and counts in each minute the records that no live node holds. */
  async pass(minutes: number): Promise<void> {
    for (let minute = 0; minute < minutes; minute++) {
      await this.clock.advance(MINUTE_MS);
      this.sent += this.client.sent.length;
      this.client.sent.length = 0;
      for (const target of this.targets) {
        const dark = this.dht.holders(target).length === 0;
        const length = dark ? (this.#darkMinutes.get(target) ?? 0) + 1 : 0;
        if (dark) this.darkMinutes++;
        this.#darkMinutes.set(target, length);
        this.longestDarkMinutes = Math.max(this.longestDarkMinutes, length);
      }
    }
  }
}

Deno.test("over 30 days with nodes that live four hours and forget after two, every record always has a holder", async () => {
  const world = new World({ records: 4 });
  world.keep();
  await world.clock.advance(INTERVAL_MS + MINUTE_MS);
  world.dht.churn(4 * HOUR_MS);
  await world.pass(30 * 24 * 60);
  assert.equal(world.darkMinutes, 0);
  // The expected traffic is about 25 packets per record and hour.
  assert.ok(world.sent / (30 * 24 * 4) < 40, `${world.sent} packets`);
  world.reannouncer.stop();
});

Deno.test("with nodes that never leave but forget after two hours, every record always has a holder", async () => {
  const world = new World({ records: 20, nodes: 60 });
  world.keep();
  await world.clock.advance(INTERVAL_MS + MINUTE_MS);
  await world.pass(24 * 60);
  assert.equal(world.darkMinutes, 0);
  world.reannouncer.stop();
});

Deno.test("with nodes that ignore a put of the same seq, a record lacks holders for at most 1.1 intervals", async () => {
  const world = new World({ records: 20, nodes: 60, items: { refresh: false } });
  world.keep();
  await world.clock.advance(INTERVAL_MS + MINUTE_MS);
  await world.pass(2 * 24 * 60);
  assert.ok(world.longestDarkMinutes <= 66, `${world.longestDarkMinutes} minutes`);
  world.reannouncer.stop();
});

Deno.test("after twelve hours of suspension 200 records are put again in time, within the packet rate", async () => {
  const perSecond = 50;
  const world = new World({ records: 200, perSecond });
  world.keep();
  await world.clock.advance(INTERVAL_MS + MINUTE_MS);
  world.dht.churn(4 * HOUR_MS);
  await world.pass(60);
  // Simulate suspension: nodes forget items while none of the process's timers fires.
  world.clock.jump(12 * HOUR_MS);
  assert.equal(world.targets.filter((target) => world.dht.holders(target).length > 0).length, 0);
  world.client.sent.length = 0;
  const begunMs = world.clock.now();
  await world.clock.advance(5 * MINUTE_MS);
  assert.deepEqual(world.reannouncer.counts(), { kept: 200, overdue: 0 });
  const dark = world.targets.filter((target) => world.dht.holders(target).length === 0);
  assert.deepEqual(dark, []);
  const sent = world.client.sent.map(({ atMs }) => atMs - begunMs);
  assert.ok(sent.length > 200 * 15);
  for (let from = 0; from < 5 * MINUTE_MS; from += 1_000) {
    const count = sent.filter((atMs) => atMs >= from && atMs < from + 10_000).length;
    assert.ok(count <= 11 * perSecond, `${count} packets in the ten seconds from ${from} ms`);
  }
  world.reannouncer.stop();
});

Deno.test("a record that the publisher replaced elsewhere is spread to all closest nodes", async () => {
  const world = new World({ records: 1, nodes: 100, loss: 0 });
  const keys = keyPairFromSeed(new Uint8Array(32).fill(1));
  const version = (seq: number) =>
    signedItem(keys, { salt: utf8("theirs"), seq, value: bencode(`version ${seq}`) });
  const target = targetOf(keys.publicKey, utf8("theirs"));
  keepRecord(world.reannouncer, version(1), world.clock.now());
  await world.clock.advance(10 * MINUTE_MS);
  const seqs = () => world.dht.closest(target, 8).map((node) => node.item(toHex(target))?.seq);
  assert.deepEqual(seqs(), Array(8).fill(1));
  // The publisher puts the record to two nodes and leaves. The announcing home does not have the
  // publisher's private key.
  const elsewhere = new DhtManager({
    nodes: () => [world.dht.client()],
    clock: world.clock,
    storeNodes: 2,
  });
  await world.clock.until(elsewhere.put(version(2)));
  assert.equal(seqs().filter((seq) => seq === 2).length, 2);
  await world.clock.advance(INTERVAL_MS * 1.1 + 2 * MINUTE_MS);
  assert.deepEqual(seqs(), Array(8).fill(2));
  world.reannouncer.stop();
});
