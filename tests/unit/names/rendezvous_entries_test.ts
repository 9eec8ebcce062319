/**
 * Names whose index is locked, full or overwritten: the publisher is met at the rendezvous of the name,
 * among liars, dead peers and strangers.
 *
 * @module
 */

import assert from "node:assert/strict";
import { toHex } from "../../../src/base/mod.ts";
import { formatPublicKey, generateKeyPair } from "../../../src/identity/mod.ts";
import { readIndex } from "../../../src/names/read_index.ts";
import { dayOf, type NameIndexEntry } from "../../../src/records/mod.ts";
import { keysOfSlot, type NamesHome } from "../../support/names_home.ts";
import { failure, NOON, World } from "../../support/names_world.ts";
import type { MetPeer } from "../../support/fake_rendezvous.ts";
import { signedEntry } from "../../support/signed.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const SLOT = 1;
const LOCK = Number.MAX_SAFE_INTEGER;

function entryBy(keys = generateKeyPair(), fields: Partial<NameIndexEntry> = {}, name = "hello") {
  const times = { firstSeenMs: NOON - HOUR_MS, timestampMs: NOON - HOUR_MS };
  return signedEntry(keys, name, { version: "1.0.0", ...times, ...fields });
}

/** Locks all slots of yesterday, today and tomorrow. */
async function lock(world: World, name = "hello") {
  const today = dayOf(world.clock.now());
  for (const day of [today - 1, today, today + 1]) {
    for (let slot = 0; slot < 4; slot++) {
      await world.vandalize(name, slot, "nobody", { seq: LOCK, day });
    }
  }
}

/** A network in which all slots of "hello" are locked and Ann has published it all the same. */
async function lockedWorld() {
  const world = new World({ items: { lifeMs: 2 * DAY_MS } });
  await lock(world);
  const ann = await world.home(SLOT);
  await world.run(ann.publish("hello", "1.0.0"));
  const user = await world.home();
  const entry = ann.keeper.entry("hello", ann.keys.publicKey)!;
  const honest: MetPeer = { answer: { entries: [entry] } };
  return { world, ann, user, entry, honest };
}

const keysOf = (entries: readonly NameIndexEntry[]) =>
  entries.map(({ publicKey }) => toHex(publicKey)).sort();

Deno.test("a name whose slots are all locked, for all days, is found at its rendezvous", async () => {
  const { world, ann, user, honest } = await lockedWorld();
  await using _ = world;
  assert.equal((await failure(world, user.resolve("hello"))).code, "NAME_NOT_FOUND");
  user.rendezvous.meet("hello", honest);
  for (const spec of ["hello", "hello@^1", "hello@1.0.0"]) {
    assert.deepEqual((await world.run(user.resolve(spec))).publicKey, ann.keys.publicKey);
  }
  assert.equal((await world.run(user.use("hello"))).minimal.version, "1.0.0");
  // From now on the publisher is pinned, so neither index nor rendezvous is read.
  const before = user.rendezvous.asked.filter((of) => of === "hello").length;
  await world.run(user.use("hello"));
  assert.equal(user.rendezvous.asked.filter((of) => of === "hello").length, before);
});

Deno.test("who finds nothing in a locked index and at the rendezvous is told both", async () => {
  const { world, user } = await lockedWorld();
  await using _ = world;
  user.rendezvous.meet("hello", {}, { answer: {} });
  const { message } = await failure(world, user.resolve("hello"));
  assert.match(message, /nor at its rendezvous \(1 peer answered before the search was ended\)/);
  assert.match(message, /4 of the 4 slots of its index are locked, overwritten or full/);
  assert.doesNotMatch(message, /midnight|clock/);
});

Deno.test("liars and dead peers neither hide an honest answer nor add an entry", async () => {
  const { world, ann, user, honest, entry } = await lockedWorld();
  await using _ = world;
  const forged = { ...entryBy(), publicKey: generateKeyPair().publicKey };
  const liars: MetPeer[] = [
    { answer: { entries: [forged] } },
    { answer: { entries: [{ ...entry, version: "9.9.9" }] } },
    { answer: { entries: [entryBy(undefined, {}, "other")] } },
    { answer: { entries: [entryBy(undefined, { timestampMs: NOON + DAY_MS })] } },
    { answer: { entries: [entryBy(undefined, { firstSeenMs: 0 })] } },
    { answer: {} },
    {},
  ];
  const dead = Array.from({ length: 20 }, () => ({}));
  user.rendezvous.meet("hello", ...liars, ...dead, { ...honest, afterMs: 5_000 });
  assert.deepEqual((await world.run(user.resolve("hello"))).publicKey, ann.keys.publicKey);
  const dropped = user.details.filter((text) => text.startsWith("left out of the index"));
  assert(dropped.some((text) => text.includes("told by 192.0.2.1: bad-signature")));
  const { entries } = await world.run(readAll(user));
  assert.deepEqual(keysOf(entries), [toHex(ann.keys.publicKey)]);
});

Deno.test("answers full of validly signed strangers leave the first entry of each other answer", async () => {
  const { world, ann, user, honest } = await lockedWorld();
  await using _ = world;
  const flood = Array.from({ length: 63 }, (): MetPeer => ({
    answer: { entries: Array.from({ length: 8 }, () => entryBy()) },
  }));
  user.rendezvous.meet("hello", ...flood, { ...honest, afterMs: 3_000 });
  const { entries } = await world.run(readAll(user));
  assert.equal(entries.length, 64);
  assert(keysOf(entries).includes(toHex(ann.keys.publicKey)));
});

Deno.test("an older entry at the rendezvous does not displace the newer one of the index, and the reverse", async () => {
  await using world = new World();
  const ann = await world.home(SLOT);
  const user = await world.home();
  await world.run(ann.publish("hello", "1.0.0"));
  const old = ann.keeper.entry("hello", ann.keys.publicKey)!;
  await world.clock.advance(60_000);
  await world.run(ann.publish("hello", "1.1.0"));
  const versions = async (entry: NameIndexEntry) => {
    user.rendezvous.meet("hello", { answer: { entries: [entry] } });
    return (await world.run(readAll(user))).entries.map(({ version }) => version);
  };
  assert.deepEqual(await versions(old), ["1.1.0"]);
  const timestampMs = Math.floor(world.clock.now());
  const newer = entryBy(ann.keys, { version: "2.0.0", timestampMs });
  assert.deepEqual(await versions(newer), ["2.0.0"]);
  const byHand = entryBy(keysOfSlot(SLOT, 77), { version: "3.0.0" });
  assert.deepEqual((await versions(byHand)).sort(), ["1.1.0", "3.0.0"]);
});

for (
  const [what, spoil] of [
    ["a locked slot", (world: World) => world.vandalize("hello", 3, [], { seq: LOCK })],
    ["an overwritten slot", (world: World) => world.vandalize("hello", 3, "nobody")],
    [
      "a full slot",
      async (world: World) => {
        const [home] = [await world.home(keysOfSlot(3, 50))];
        for (let i = 0; i < 6; i++) {
          const entry = entryBy(keysOfSlot(3, 60 + i));
          await world.run(home.keeper.add("hello", entry));
        }
      },
    ],
  ] as [string, (world: World) => Promise<void>][]
) {
  Deno.test(`an index with entries and ${what} does not end the search at the rendezvous`, async () => {
    await using world = new World();
    const bob = await world.home(SLOT);
    await world.run(bob.publish("hello", "1.0.0"));
    await spoil(world);
    const user = await world.home();
    const hidden = keysOfSlot(3, 99);
    const answer = { entries: [entryBy(hidden)] };
    user.rendezvous.meet("hello", { answer, afterMs: 5_000 });
    const { entries } = await world.run(readIndex(user.names(), "hello"));
    assert(keysOf(entries).includes(toHex(hidden.publicKey)));
    assert(keysOf(entries).includes(toHex(bob.keys.publicKey)));
  });
}

Deno.test("an index that nobody has spoilt is not held up by dead peers at the rendezvous", async () => {
  await using world = new World();
  const ann = await world.home(SLOT);
  await world.run(ann.publish("hello", "1.0.0"));
  const user = await world.home();
  const took = async (...peers: MetPeer[]) => {
    user.rendezvous.meet("hello", ...peers);
    const before = world.clock.now();
    const { entries } = await world.run(readIndex(user.names(), "hello"));
    return { ms: world.clock.now() - before, publishers: entries.length };
  };
  const alone = await took();
  const amongDead = await took({}, {}, {});
  assert(amongDead.ms <= alone.ms + 100, `${amongDead.ms} ms, ${alone.ms} ms`);
  assert.deepEqual([alone.publishers, amongDead.publishers], [1, 1]);
  // Where a peer has answered before the index is read, the others get a moment.
  user.operations.askRendezvous = user.rendezvous.askRendezvous;
  const answer = () => ({ entries: [entryBy()] });
  const quick = await took(
    { answer: answer(), afterMs: 1 },
    { answer: answer(), afterMs: 500 },
    { answer: answer(), afterMs: 5_000 },
    {},
  );
  assert(quick.ms <= alone.ms + 1_100, `${quick.ms} ms, ${alone.ms} ms`);
  assert.equal(quick.publishers, 3);
});

Deno.test("policy trusted waits for a trusted publisher at the rendezvous, whoever is in the index", async () => {
  await using world = new World();
  const [ann, bob, user] = [await world.home(SLOT), await world.home(2), await world.home()];
  await world.run(bob.publish("hello", "1.0.0"));
  await world.run(ann.publish("other", "1.0.0"));
  const { publicKey } = ann.keys;
  user.state.pins.set({ name: "other", publicKey, firstSeenMs: NOON, byHand: true });
  const entry = entryBy(ann.keys);
  user.rendezvous.meet("hello", { answer: { entries: [entry] }, afterMs: 5_000 });
  const error = await failure(world, user.resolve("hello", "trusted"));
  // Ann is chosen, who has no list with this package in the DHT.
  assert.match(error.message, new RegExp(formatPublicKey(publicKey).replaceAll("+", "\\+")));
});

Deno.test("a publisher's new machine takes its first-seen time from the rendezvous of a locked name", async () => {
  const { world, ann, entry, honest } = await lockedWorld();
  await using _ = world;
  await world.clock.advance(HOUR_MS);
  const second = await world.home(ann.keys);
  second.rendezvous.meet("hello", honest);
  await world.run(second.publish("hello", "1.1.0"));
  const own = second.keeper.entry("hello", ann.keys.publicKey)!;
  assert.deepEqual([own.version, own.firstSeenMs], ["1.1.0", entry.firstSeenMs]);
});

/** Reads all publishers of "hello", as \`resolve --all\` does. */
function readAll(home: NamesHome) {
  return readIndex(home.names(), "hello", () => false);
}
