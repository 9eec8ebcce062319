/**
 * Bare names over real engines, in a DHT of 50 nodes, before midnight and after.
 *
 * @module
 */

import assert from "node:assert/strict";
import { equalBytes, systemClock, toHex } from "../../../src/base/mod.ts";
import type { PublisherPolicy } from "../../../src/config/mod.ts";
import { readNameIndex } from "../../../src/daemon/name_index.ts";
import type { KeyPair } from "../../../src/identity/mod.ts";
import {
  bencode,
  type BValue,
  dayOf,
  nameIndexKeyPair,
  nameIndexSalt,
  nameIndexSlot,
  signItem,
  signNameIndexEntry,
} from "../../../src/records/mod.ts";
import { startTestnet, type Testnet } from "../../../src/testnet/mod.ts";
import { TestEngine } from "../../support/engines.ts";
import { keysOfSlot, NamesHome } from "../../unit/names/home.ts";

const MINUTE_MS = 60_000;
const NODES = 50;

/** The machine's clock, set to another time of day. */
class ShiftedClock {
  #shiftMs: number;

  constructor(nowMs: number) {
    this.#shiftMs = nowMs - systemClock.now();
  }

  now = () => systemClock.now() + this.#shiftMs;
  after = systemClock.after;

  pass(ms: number): void {
    this.#shiftMs += ms;
  }
}

/** Homes with an engine each. */
class Place implements AsyncDisposable {
  readonly clock: ShiftedClock;
  readonly testnet: Testnet;
  readonly #ends: AsyncDisposable[] = [];

  static async begin(nowMs: number): Promise<Place> {
    return new Place(new ShiftedClock(nowMs), await startTestnet({ nodes: NODES }));
  }

  private constructor(clock: ShiftedClock, testnet: Testnet) {
    this.clock = clock;
    this.testnet = testnet;
  }

  async home(keys: KeyPair): Promise<NamesHome> {
    const engine = await TestEngine.start({ testnet: this.testnet });
    const manager = engine.manager();
    const home = await NamesHome.open(manager, this.clock, keys);
    this.#ends.unshift(home, { [Symbol.asyncDispose]: () => manager.stop() }, engine);
    return home;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.#ends) await end[Symbol.asyncDispose]();
    await this.testnet.close();
  }
}

Deno.test("five publishers write the same index at the same moment, of one slot: all five are in it afterwards", async () => {
  await using place = await Place.begin(Date.UTC(2026, 11, 1, 12));
  const homes = await Promise.all(
    [0, 1, 2, 3, 4].map((number) => place.home(keysOfSlot(1, number))),
  );
  const minimals = homes.map((home) => home.minimal("hello", "1.0.0"));
  await Promise.all(homes.map((home, i) => home.index(minimals[i]!)));
  assert.deepEqual(homes.flatMap(({ warnings }) => warnings), []);
  const reader = await place.home(keysOfSlot(0));
  const { entries, dropped } = await readNameIndex(reader.store, "hello", place.clock);
  assert.deepEqual(
    entries.map(({ publicKey }) => toHex(publicKey)).sort(),
    homes.map(({ keys }) => toHex(keys.publicKey)).sort(),
  );
  assert.deepEqual(dropped, []);
});

Deno.test("two publishers, one name, three versions each, one vandal: each policy finds the right package, before midnight and after", async () => {
  await using place = await Place.begin(Date.UTC(2026, 11, 1, 23, 30));
  const { clock } = place;
  const [ann, bob, mirror, vandal] = await Promise.all([
    place.home(keysOfSlot(1, 0)),
    place.home(keysOfSlot(1, 1)),
    place.home(keysOfSlot(2)),
    place.home(keysOfSlot(1, 2)),
  ]);
  const homes = { ann, bob };
  // Ann is the first; Bob has the higher versions and more seeders.
  for (const version of ["1.0.0", "1.1.0", "1.2.0"]) {
    await ann.publish("hello", version, "aa".repeat(20));
    clock.pass(MINUTE_MS);
  }
  for (const version of ["1.0.1", "2.0.0", "2.1.0"]) {
    await bob.publish("hello", version, "bb".repeat(20));
    clock.pass(MINUTE_MS);
  }
  assert.deepEqual([...ann.warnings, ...bob.warnings], []);
  await Promise.all(
    [bob, mirror].map(({ manager }, i) =>
      manager.announcePeer(new Uint8Array(20).fill(0xbb), 7_000 + i)
    ),
  );
  // A home that has no key of theirs seeds what they published.
  assert(await mirror.keeper.adopt("hello", ann.keys.publicKey));

  const check = async (when: string) => {
    const expected: [PublisherPolicy, string, string][] = [
      ["first-seen", "hello", "ann 1.2.0"],
      ["first-seen", "hello@<1.2", "ann 1.1.0"],
      ["latest-version", "hello", "bob 2.1.0"],
      ["latest-version", "hello@^1.1", "ann 1.2.0"],
      ["seeders", "hello@^1.0", "bob 1.0.1"],
      ["trusted", "hello", "bob 2.1.0"],
    ];
    for (const [policy, spec, who] of expected) {
      const user = await NamesHome.open(vandal.manager, clock, vandal.keys);
      await using _user = user;
      // Trusted for another name.
      const [publicKeyOfBob, firstSeenMs] = [bob.keys.publicKey, clock.now()];
      const trusted = { name: "other", publicKey: publicKeyOfBob, firstSeenMs, byHand: true };
      if (policy === "trusted") user.state.pins.set(trusted);
      const { publicKey, minimal } = await user.use(spec, policy);
      const [name] = Object.entries(homes)
        .find(([, { keys }]) => equalBytes(keys.publicKey, publicKey))!;
      assert.equal(`${name} ${minimal.version}`, who, `${policy}, ${spec}, ${when}`);
      assert.deepEqual(user.state.pins.list("hello").map((pin) => pin.publicKey), [publicKey]);
    }
  };
  await check("before midnight");

  await vandalize(vandal, ann);
  // Whoever keeps the name writes it again; the mirror has no key of anybody's.
  await mirror.keeper.refresh([], () => {});
  await check("after a vandal");

  clock.pass(60 * MINUTE_MS);
  assert.equal(new Date(clock.now()).getUTCDate(), 2);
  await check("after midnight, in yesterday's index");
  await Promise.all([mirror, bob].map(({ keeper }) => keeper.refresh([], () => {})));
  await vandalize(vandal, ann);
  await mirror.keeper.refresh([], () => {});
  await check("after midnight, in today's index, after a vandal");
  assert.deepEqual([...ann.warnings, ...bob.warnings, ...mirror.warnings], []);
});

/** Garbage in three slots, a lock on one of them, and lies about Ann in hers. */
async function vandalize({ manager, clock, keys }: NamesHome, ann: NamesHome): Promise<void> {
  const nowMs = clock.now();
  const put = async (slot: number, value: BValue, seq = nowMs + MINUTE_MS) => {
    const salt = nameIndexSalt("hello", slot);
    const signer = nameIndexKeyPair("hello", dayOf(nowMs));
    const { holding } = await manager.put(signItem(signer, { salt, seq, value: bencode(value) }));
    assert(holding > 0);
  };
  const entry = (keys: KeyPair, changes: Record<string, unknown> = {}) => {
    const times = { firstSeenMs: nowMs, timestampMs: nowMs };
    const signed = signNameIndexEntry(keys, "hello", { version: "66.6.6", ...times });
    const { publicKey: k, version: v, firstSeenMs: f, timestampMs: t, signature: s } = signed;
    return { f, k, s, t, v, ...changes } as BValue;
  };
  await put(0, crypto.getRandomValues(new Uint8Array(800)));
  await put(2, "nobody is here", Number.MAX_SAFE_INTEGER);
  await put(3, [entry(keys)]);
  assert.equal(nameIndexSlot(ann.keys.publicKey), 1);
  await put(1, [
    entry(keys, { k: ann.keys.publicKey }),
    entry(keys, { f: 0 }),
    entry(keysOfSlot(1, 3), { t: nowMs + 86_400_000 }),
  ]);
}
