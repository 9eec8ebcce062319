/** Tests the index of a package name with real engines, in a DHT of 50 nodes. */

import assert from "node:assert/strict";
import { systemClock, toHex } from "../../../src/base/mod.ts";
import type { KeyPair } from "../../../src/identity/mod.ts";
import { readNameIndex } from "../../../src/names/name_index.ts";
import { startTestnet } from "../../../src/testnet/mod.ts";
import { TestEngine } from "../../support/engines.ts";
import { keysOfSlot, NamesHome } from "../../support/names_home.ts";

Deno.test("an index that five publishers of one slot write at the same time has all five entries", async () => {
  await using testnet = await startTestnet({ nodes: 50, nodesPerAnswer: 8 });
  await using ends = new AsyncDisposableStack();
  const home = async (keys: KeyPair) => {
    const engine = ends.use(await TestEngine.start({ testnet }));
    const manager = engine.manager();
    ends.defer(() => manager.stop());
    return ends.use(await NamesHome.open(manager, systemClock, keys));
  };
  const homes = await Promise.all([0, 1, 2, 3, 4].map((number) => home(keysOfSlot(1, number))));
  const minimals = homes.map((home) => home.minimal("hello", "1.0.0"));
  await Promise.all(homes.map((home, i) => home.index(minimals[i]!)));
  assert.deepEqual(homes.flatMap(({ warnings }) => warnings), []);
  const reader = await home(keysOfSlot(0));
  const { entries, dropped } = await readNameIndex(reader.store, "hello", systemClock);
  assert.deepEqual(
    entries.map(({ publicKey }) => toHex(publicKey)).sort(),
    homes.map(({ keys }) => toHex(keys.publicKey)).sort(),
  );
  assert.deepEqual(dropped, []);
});
