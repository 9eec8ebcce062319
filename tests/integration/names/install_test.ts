/**
 * Tests installing by a bare package name with real engines in a DHT of 50 nodes: two publishers,
 * an attacker that overwrites index entries, every selection policy, before and after midnight.
 */

import { makeLink } from "../../../src/launcher/links.ts";
import { archiveLimitsOf } from "../../../src/package/mod.ts";
import assert from "node:assert/strict";
import { join } from "node:path";
import { systemClock } from "../../../src/base/mod.ts";
import type { PublisherPolicy } from "../../../src/config/mod.ts";
import type { DhtManager } from "../../../src/dht/mod.ts";
import { getArchive } from "../../../src/fetching/get_archive.ts";
import { parseRequirement } from "../../../src/fetching/requirement.ts";
import { formatPublicKey, type KeyPair, parsePublicKey } from "../../../src/identity/mod.ts";
import { foundByBareName } from "../../../src/install/dependency_graph.ts";
import { install } from "../../../src/install/install.ts";
import { rememberPublisher } from "../../../src/names/pins.ts";
import type { MinimalManifest } from "../../../src/package/mod.ts";
import { bencode, type BValue } from "../../../src/bencode/mod.ts";
import { dayOf, nameIndexKeyPair, nameIndexSalt, nameIndexSlot } from "../../../src/records/mod.ts";
import { PackageStore, StateDatabase } from "../../../src/store/mod.ts";
import { startTestnet } from "../../../src/testnet/mod.ts";
import { eventually, TestEngine } from "../../support/engines.ts";
import { temporaryHome } from "../../support/mod.ts";
import { keysOfSlot } from "../../support/names_home.ts";
import { Home, writePackage } from "../../support/engine_home.ts";
import { signedEntry, signedItem } from "../../support/signed.ts";

const MINUTE_MS = 60_000;

/** The machine's clock, shifted to another time of day. */
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

Deno.test("install by a bare name follows each policy despite a vandal, before and after midnight", async () => {
  await using root = await temporaryHome();
  await using testnet = await startTestnet({ nodes: 50, nodesPerAnswer: 8 });
  const clock = new ShiftedClock(Date.UTC(2026, 11, 1, 23, 30));
  const open = (name: string) => Home.open(join(root.path, name), testnet, { clock });
  await using ann = await open("ann");
  await using bob = await open("bob");
  await using mirror = await open("mirror");
  await using user = await open("user");
  await using engine = await TestEngine.start({ testnet });
  const vandal = engine.manager();
  await using _ = { [Symbol.asyncDispose]: () => vandal.stop() };
  // Ann publishes first. Bob's entry is in the same slot of the name index, with higher versions
  // and more seeders.
  const [annKeys, bobKeys] = [keysOfSlot(1, 0), keysOfSlot(1, 1)];
  for (const version of ["1.0.0", "1.1.0", "1.2.0"]) {
    await ann.publish(await writePackage(root.path, "hello", version, {}, "Ann's\n"), annKeys);
    clock.pass(MINUTE_MS);
  }
  let last: MinimalManifest | undefined;
  for (const version of ["1.0.1", "2.0.0", "2.1.0"]) {
    const dir = await writePackage(root.path, "hello", version, {}, "Bob's\n");
    last = await bob.publish(dir, bobKeys);
    clock.pass(MINUTE_MS);
  }
  const mirrorState = mirror.state();
  await getArchive({
    operations: mirror.node.operations,
    seeds: mirror.seeds,
    limits: archiveLimitsOf(mirror.settings),
    trust: mirror.names(mirrorState).offers.trust,
    finding: { clock, timeoutMs: 20_000 },
  }, { kind: "minimal", minimal: last! });
  mirrorState.close();
  await mirror.seed(last!);
  const { operations } = user.node;
  await eventually(
    async () => (await operations.countPeers({ infoHash: last!.btih })).peers === 2,
    "Bob and the mirror have announced the archive",
  );
  assert.deepEqual([...ann.warnings, ...bob.warnings], []);

  let number = 0;
  const check = async (when: string) => {
    const expected: [PublisherPolicy, string, string][] = [
      ["first-seen", "hello", "Ann's 1.2.0"],
      ["first-seen", "hello@<1.2", "Ann's 1.1.0"],
      ["latest-version", "hello", "Bob's 2.1.0"],
      ["latest-version", "hello@^1.1", "Ann's 1.2.0"],
      ["seeders", "hello", "Bob's 2.1.0"],
      ["trusted", "hello@^1.0", "Bob's 1.0.1"],
    ];
    for (const [policy, spec, whose] of expected) {
      const what = `${policy}, ${spec}, ${when}`;
      const fresh = join(root.path, `fresh-${number++}`);
      await Deno.mkdir(fresh);
      using state = StateDatabase.open(join(fresh, "state.db"), clock);
      if (policy === "trusted") {
        const [publicKey, firstSeenMs] = [bobKeys.publicKey, clock.now()];
        state.pins.set({ name: "other", publicKey, firstSeenMs, byHand: true });
      }
      const store = new PackageStore(join(fresh, "packages"), makeLink);
      const context = user.context(state, policy, store);
      const request = { requirements: [parseRequirement(spec)], direct: true };
      const { direct, graph } = await install(context, request);
      const [{ minimal, path }] = direct as [typeof direct[0]];
      const text = await Deno.readTextFile(join(path, "index.js"));
      assert.equal(`${text.trim()} ${minimal.version}`, whose, what);
      const keys = whose.startsWith("Ann") ? annKeys : bobKeys;
      assert.equal(minimal.pubkey, formatPublicKey(keys.publicKey), what);
      // With the first publisher pinned, `install` refuses the other publisher, and installs none
      // of the other publisher's packages.
      for (const one of foundByBareName(graph)) {
        rememberPublisher(user.names(state), one, parsePublicKey(one.pubkey), "newest");
      }
      if (spec !== "hello") continue;
      const against = policy === "first-seen" ? "latest-version" : "first-seen";
      const again = await install(user.context(state, "first-seen", store), request);
      assert.equal(again.direct[0]!.minimal.pubkey, minimal.pubkey, what);
      if (against === "first-seen") continue;
      const other = install(user.context(state, against, store), request);
      await assert.rejects(other, { code: "PUBLISHER_CHANGED", kind: "verification" });
      assert.equal((await store.list()).length, 1);
    }
  };
  const refresh = async (home: Home) => {
    await home.node.operations.announce({ packages: [{ name: "hello" }] });
  };
  await check("before midnight");
  await vandalize(vandal, clock.now(), annKeys);
  // Both publishers restore their entries of the name index, which the attacker has overwritten.
  await refresh(ann);
  await refresh(bob);
  await check("after a vandal");
  clock.pass(60 * MINUTE_MS);
  assert.equal(new Date(clock.now()).getUTCDate(), 2);
  await check("after midnight, in yesterday's index");
  await vandalize(vandal, clock.now(), annKeys);
  await refresh(bob);
  await refresh(ann);
  await check("after midnight, in today's index, after a vandal");
  assert.deepEqual([...ann.warnings, ...bob.warnings], []);
});

/**
 * Attacks the index of "hello": the attacker writes garbage into three slots, an item with a high
 * `seq` over the garbage in one slot, and false entries about Ann into Ann's slot.
 */
async function vandalize(manager: DhtManager, nowMs: number, ann: KeyPair): Promise<void> {
  const put = async (slot: number, value: BValue, seq = nowMs + MINUTE_MS) => {
    const salt = nameIndexSalt("hello", slot);
    const signer = nameIndexKeyPair("hello", dayOf(nowMs));
    const { holding } = await manager.put(signedItem(signer, { salt, seq, value: bencode(value) }));
    assert(holding > 0);
  };
  const entry = (keys: KeyPair, changes: Record<string, unknown> = {}) => {
    const times = { firstSeenMs: nowMs, timestampMs: nowMs };
    const signed = signedEntry(keys, "hello", { version: "66.6.6", ...times });
    const { publicKey: k, version: v, firstSeenMs: f, timestampMs: t, signature: s } = signed;
    return { f, k, s, t, v, ...changes } as BValue;
  };
  await put(0, crypto.getRandomValues(new Uint8Array(800)));
  await put(2, "nobody is here", Number.MAX_SAFE_INTEGER);
  await put(3, [{ ...entry(keysOfSlot(2, 2)) as object }]);
  assert.equal(nameIndexSlot(ann.publicKey), 1);
  await put(1, [
    entry(keysOfSlot(1, 2), { k: ann.publicKey }),
    entry(keysOfSlot(1, 2), { f: 0 }),
    entry(keysOfSlot(1, 3), { t: nowMs + 86_400_000 }),
  ]);
}
