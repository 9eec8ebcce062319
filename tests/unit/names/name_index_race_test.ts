/**
 * Concurrent writes of one name's index, in a simulated network.
 *
 * @module
 */

import assert from "node:assert/strict";
import { toHex } from "../../../src/base/mod.ts";
import { readNameIndex } from "../../../src/names/name_index.ts";
import { writeNameIndex } from "../../../src/names/write_name_index.ts";
import { dayOf, nameIndexSlot } from "../../../src/records/mod.ts";
import { seededRandom } from "../../support/simulated_dht.ts";
import { keysOfSlot } from "../../support/names_home.ts";
import { NOON, World } from "../../support/names_world.ts";
import { signedEntry } from "../../support/signed.ts";

const DAY_MS = 86_400_000;

/**
 * Runs concurrent index writes of several publishers. Returns the keys that are in the index
 * afterwards.
 */
async function race(world: World, slots: number[]) {
  const clock = world.wholeClock;
  const writers = slots.map((slot, i) => ({ keys: keysOfSlot(slot, i), store: world.store() }));
  await world.run(Promise.all(writers.map(({ keys, store }, i) => {
    const nowMs = clock.now();
    const entry = signedEntry(keys, "hello", {
      version: "1.0.0",
      firstSeenMs: nowMs,
      timestampMs: nowMs,
    });
    const options = { clock, random: seededRandom(i) };
    return writeNameIndex(store, "hello", nameIndexSlot(keys.publicKey), [entry], options);
  })));
  const { entries } = await world.run(readNameIndex(world.store(), "hello", clock));
  return {
    wanted: writers.map(({ keys }) => toHex(keys.publicKey)).sort(),
    read: entries.map(({ publicKey }) => toHex(publicKey)).sort(),
  };
}

for (
  const [what, slots, options] of [
    ["of one slot", [2, 2, 2, 2, 2], {}],
    ["of all slots", [0, 1, 2, 3, 3], {}],
    ["of one slot, in a network that loses packets", [2, 2, 2, 2, 2], { loss: 0.02 }],
    ["of one slot, all nodes equally far", [1, 1, 1, 1, 1], { latencyMs: [20, 20] }],
    ["of one slot, around midnight", [2, 2, 2, 2, 2], { atMs: (dayOf(NOON) + 1) * DAY_MS - 150 }],
  ] as [string, number[], object][]
) {
  Deno.test(`five publishers ${what} that write one index concurrently are all in it afterwards`, async () => {
    for (let seed = 1; seed <= 4; seed++) {
      await using world = new World({ seed, latencyMs: [1, 50], ...options });
      const { wanted, read } = await race(world, slots);
      assert.deepEqual(read, wanted, `seed ${seed}`);
    }
  });
}

Deno.test("a publisher that competes with a continuous writer gets its entry in", async () => {
  await using world = new World({ latencyMs: [1, 50] });
  const clock = world.wholeClock;
  const rivals = [0, 1, 2].map((i) => ({ keys: keysOfSlot(1, i), store: world.store() }));
  await world.run(Promise.all(rivals.map(async ({ keys, store }, i) => {
    for (let round = 0; round < 4; round++) {
      const entry = signedEntry(keys, "hello", {
        version: `1.0.${round}`,
        firstSeenMs: NOON,
        timestampMs: clock.now(),
      });
      await writeNameIndex(store, "hello", 1, [entry], { clock, random: seededRandom(i) });
    }
  })));
  const { entries } = await world.run(readNameIndex(world.store(), "hello", clock));
  assert.deepEqual(entries.map(({ version }) => version), ["1.0.3", "1.0.3", "1.0.3"]);
});

Deno.test("a write interrupted by midnight continues at the new day's target", async () => {
  await using world = new World({ atMs: (dayOf(NOON) + 1) * DAY_MS - 60_000 });
  const { clock } = world;
  const keys = keysOfSlot(1);
  const entry = signedEntry(keys, "hello", {
    version: "1.0.0",
    firstSeenMs: NOON,
    timestampMs: NOON,
  });
  const honest = world.store();
  let puts = 0;
  const { item } = await world.run(writeNameIndex(
    {
      lookUp: (key, signal) => honest.lookUp(key, signal),
      async put(item, signal, terms) {
        if (++puts > 1) return await honest.put(item, signal, terms);
        // First a concurrent write of the same list wins, and then midnight passes.
        const outcome = await honest.put({ ...item }, signal, terms);
        clock.jump(120_000);
        return { ...outcome, superseded: item };
      },
    },
    "hello",
    1,
    [entry],
    { clock },
  ));
  assert.equal(puts, 2);
  assert.equal(world.seqs("hello", 1).length, 8);
  assert.equal(item.seq, world.seqs("hello", 1)[0]);
});
