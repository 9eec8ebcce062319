/**
 * Round trips in the DHT from `get KEY/NAME` in a fresh home to the manifest, counted on a simulated
 * network whose round trip takes one second of simulated time.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Operations } from "../../../src/control/operations.ts";
import { DhtManager } from "../../../src/dht/mod.ts";
import { manifestValue } from "../../../src/fetching/manifest_record.ts";
import { OfferCache } from "../../../src/fetching/offer_cache.ts";
import { resolvePackage } from "../../../src/fetching/resolve.ts";
import { keyPairFromSeed } from "../../../src/identity/mod.ts";
import {
  announceSalt,
  encodeAnnounceRecord,
  manifestSalt,
  type MutableItem,
  publisherRendezvous,
  targetOf,
} from "../../../src/records/mod.ts";
import { toHex } from "../../../src/base/mod.ts";
import { flagsOf, type PackageFlagsVector } from "../../support/flags.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { minimalBy, temporaryTrust, TestIdentity } from "../../support/identities.ts";
import { signedItem, signedMinimal } from "../../support/signed.ts";
import { SimulatedDht } from "../../support/simulated_dht.ts";
import { decodeLoosely } from "../../support/simulated_node.ts";

const T = Date.UTC(2026, 10, 29);
const ROUND_TRIP_MS = 1_000;
const HOLDERS = 8;
const keys = keyPairFromSeed(new Uint8Array(32).fill(7));
const wanted = { publicKey: keys.publicKey, name: "small" };

/** Makes the manifest record of a version. */
function manifestOf(version: string, seq: number, pair = keys): MutableItem {
  const minimal = signedMinimal({
    ...{ name: wanted.name, version, archiveSha256: `sha256:${"cd".repeat(32)}` },
    ...{ btih: version.replaceAll(".", "").padStart(40, "0"), length: 3, timestamp: 1 },
  }, pair);
  const salt = manifestSalt(wanted.name, version);
  return signedItem(pair, { salt, seq, value: manifestValue(minimal) });
}

/** Makes the announce record of a publisher with one package. */
function listOf(
  versions: string[],
  seq: number,
  flags: PackageFlagsVector = {},
  pair = keys,
): MutableItem {
  const value = encodeAnnounceRecord({
    packages: new Map([[wanted.name, versions]]),
    timestampMs: seq,
    flags: flagsOf({ [wanted.name]: flags }),
  });
  return signedItem(pair, { salt: announceSalt(pair.publicKey), seq, value });
}

/** A network in which the closest nodes hold a package's records, and a client in a fresh home. */
async function network(nodes: number) {
  const clock = new FakeClock(T);
  const home = await temporaryTrust(clock);
  const dht = new SimulatedDht({ clock, nodes, latencyMs: [ROUND_TRIP_MS, ROUND_TRIP_MS] });
  const plant = (item: MutableItem, holders = HOLDERS) => {
    const target = targetOf(item.publicKey, item.salt);
    const { value, publicKey: k, signature: sig, seq } = item;
    for (const node of dht.closest(target, holders)) {
      node.plant(toHex(target), { v: decodeLoosely(value), k, sig, seq, atMs: clock.now() });
    }
  };
  const bootstrap = [dht.nodes[0]!, dht.nodes[1]!].map(({ host, port }) => ({ host, port }));
  const client = dht.client({ known: 0, bootstrap });
  const manager = new DhtManager({ nodes: () => [client], clock });
  /** Targets of the lookups that were begun, and of those that ended complete. */
  const begun: string[] = [];
  const complete: string[] = [];
  const operations = {
    async lookUp(key: { publicKey: Uint8Array; salt: Uint8Array }, options: {
      signal?: AbortSignal;
      onEvent?: (event: { item: MutableItem }) => void;
    } = {}) {
      const target = toHex(targetOf(key.publicKey, key.salt));
      begun.push(target);
      const { signal, onEvent } = options;
      const outcome = await manager.get(key, { signal, onShown: (item) => onEvent?.({ item }) });
      if (!signal?.aborted) complete.push(target);
      return outcome;
    },
    async askRendezvous(
      question: { publicKey: Uint8Array },
      options: { signal?: AbortSignal } = {},
    ) {
      const infoHash = publisherRendezvous(question.publicKey);
      const { peers } = await manager.findPeers(infoHash, { ...options, isAside: true });
      return { found: peers.length, dialled: 0, answered: 0 };
    },
  } as unknown as Operations;
  const rounds = () => (clock.now() - T) / ROUND_TRIP_MS;
  const finding = { clock, timeoutMs: 60_000 };
  return {
    ...{ dht, clock, client, plant, operations, rounds, finding, begun, complete },
    trust: home.trust,
    offers: new OfferCache(home.trust),
    [Symbol.asyncDispose]: home[Symbol.asyncDispose],
  };
}

for (
  const { nodes, most, mostShown } of [
    { nodes: 24, most: 3, mostShown: 3 },
    { nodes: 300, most: 6, mostShown: 5 },
    { nodes: 3_000, most: 7, mostShown: 5 },
  ]
) {
  Deno.test(`among ${nodes} nodes a manifest is shown after ${mostShown} round trips, and certain after ${most}`, async () => {
    await using at = await network(nodes);
    at.plant(listOf(["1.0.0"], 1));
    at.plant(manifestOf("1.0.0", 1));
    let shownAfter = Infinity;
    const resolved = await at.clock.until(
      resolvePackage(at.operations, wanted, at.finding, {
        offers: at.offers,
        onShown: () => shownAfter = Math.min(shownAfter, at.rounds()),
      }),
    );
    assert.equal(resolved.minimal.version, "1.0.0");
    assert.ok(shownAfter <= mostShown, `shown after ${shownAfter} round trips`);
    assert.ok(at.rounds() <= most, `certain after ${at.rounds()} round trips`);
    assert.equal(
      at.complete.length,
      3,
      "all lookups run to their end: list, manifest, publisher record",
    );
  });
}

for (const hasList of [true, false]) {
  Deno.test(`the flags of an exact version take no further round trip, ${hasList ? "read" : "or absent"}`, async () => {
    const exact = { ...wanted, range: "1.0.0" };
    const roundsOf = async (readFlags: boolean) => {
      await using at = await network(300);
      if (hasList) at.plant(listOf(["1.0.0"], 1, { yanked: { "1.0.0": "broken" } }));
      at.plant(manifestOf("1.0.0", 1));
      const { flags } = await at.clock.until(
        resolvePackage(at.operations, exact, at.finding, { offers: at.offers, readFlags }),
      );
      return { rounds: at.rounds(), reason: flags.yanked.get("1.0.0") };
    };
    const [without, withFlags] = [await roundsOf(false), await roundsOf(true)];
    assert.equal(without.reason, undefined);
    assert.equal(withFlags.reason, hasList ? "broken" : undefined);
    // The two lookups take other paths, so one may end a round trip later.
    assert.ok(withFlags.rounds <= without.rounds + 1, `${withFlags.rounds}, ${without.rounds}`);
  });
}

Deno.test("a list that one node shows first does not win over a newer one that another node shows", async () => {
  await using at = await network(300);
  // One bootstrap node answers first, and holds an old list.
  const stale = listOf(["1.0.0"], 1);
  const target = toHex(targetOf(stale.publicKey, stale.salt));
  at.plant(listOf(["1.0.0", "2.0.0"], 2));
  at.dht.nodes[0]!.plant(target, {
    ...{ v: decodeLoosely(stale.value), k: stale.publicKey, sig: stale.signature },
    ...{ seq: 1, atMs: at.clock.now() },
  });
  at.plant(manifestOf("1.0.0", 1));
  at.plant(manifestOf("2.0.0", 1));
  const shown: string[] = [];
  const { minimal, skipped } = await at.clock.until(
    resolvePackage(at.operations, wanted, at.finding, {
      offers: at.offers,
      onShown: ({ minimal }) => shown.push(minimal.version),
    }),
  );
  assert.equal(minimal.version, "2.0.0");
  assert.deepEqual(skipped, []);
  assert.equal(shown.at(-1), "2.0.0");
  const guess = targetOf(keys.publicKey, manifestSalt(wanted.name, "1.0.0"));
  assert.ok(at.begun.includes(toHex(guess)), "the first list's manifest was looked up ahead");
  assert.equal(at.client.underWay, 0, "nothing is under way");
});

Deno.test("a list with a forged signature begins nothing", async () => {
  await using at = await network(300);
  const forged = { ...listOf(["6.6.6"], 9), signature: new Uint8Array(64).fill(1) };
  const target = toHex(targetOf(forged.publicKey, forged.salt));
  at.plant(listOf(["1.0.0"], 1));
  at.plant(manifestOf("1.0.0", 1));
  for (const node of at.dht.nodes.slice(0, 2)) {
    node.plant(target, {
      ...{ v: decodeLoosely(forged.value), k: forged.publicKey, sig: forged.signature },
      ...{ seq: 9, atMs: at.clock.now() },
    });
  }
  const { minimal } = await at.clock.until(resolvePackage(at.operations, wanted, at.finding, at));
  assert.equal(minimal.version, "1.0.0");
  const guess = targetOf(keys.publicKey, manifestSalt(wanted.name, "6.6.6"));
  assert.equal(at.begun.includes(toHex(guess)), false);
});

/**
 * Seeds of the publishers that the tests below add up. Where the keys lie in the DHT decides
 * about a round trip or two, so the keys are the same in every run.
 */
const SEEDS = [1, 2, 3];

/** A network with the package of a publisher that has a root key. */
async function certified(nodes: number, seed: number) {
  const at = await network(nodes);
  const identity = new TestIdentity(seed);
  const key = await identity.certify({ fromMs: T });
  const minimal = await minimalBy(key, T, { name: wanted.name });
  const value = encodeAnnounceRecord({
    packages: new Map([[wanted.name, ["1.0.0"]]]),
    timestampMs: T,
  });
  const record = await identity.record({ seq: T, signingKeys: [key.certificate] });
  at.plant(record);
  at.plant(signedItem(key.pair, { salt: announceSalt(key.publicKey), seq: T, value }));
  const salt = manifestSalt(wanted.name, "1.0.0");
  at.plant(signedItem(key.pair, { salt, seq: T, value: manifestValue(minimal) }));
  return {
    ...at,
    identity,
    key,
    record,
    wanted: { ...wanted, publicKey: identity.root.publicKey },
  };
}

for (const nodes of [24, 300, 3_000]) {
  Deno.test(`among ${nodes} nodes a remembered signing key costs no round more than a key without a root, and a first use one lookup more`, async () => {
    const rounds = async (
      at: Awaited<ReturnType<typeof network>>,
      asked: typeof wanted & { range?: string },
    ) => {
      const resolved = at.clock.until(resolvePackage(at.operations, asked, at.finding, at));
      assert.equal((await resolved).minimal.version, "1.0.0");
      return at.rounds();
    };
    let oneLookup = 0;
    for (const seed of SEEDS) {
      await using at = await certified(nodes, seed);
      const { item } = await at.clock.until(at.operations.lookUp(at.record));
      assert.deepEqual(item, at.record);
      oneLookup += at.rounds();
    }
    for (const range of [undefined, "1.0.0"]) {
      const sums = { withoutRoot: 0, atSecondUse: 0, byName: 0, atFirstUse: 0 };
      for (const seed of SEEDS) {
        await using plain = await network(nodes);
        const pair = keyPairFromSeed(new Uint8Array(32).fill(seed));
        plain.plant(listOf(["1.0.0"], 1, {}, pair));
        plain.plant(manifestOf("1.0.0", 1, pair));
        const { publicKey } = pair;
        sums.withoutRoot += await rounds(plain, { ...wanted, publicKey, range });

        await using remembered = await certified(nodes, seed);
        remembered.trust.learnRecord(remembered.record);
        sums.atSecondUse += await rounds(remembered, { ...remembered.wanted, range });

        await using hinted = await certified(nodes, seed);
        const hint = hinted.key.certificate;
        sums.byName += await rounds(hinted, { ...hinted.wanted, range, ...{ hint } });

        await using fresh = await certified(nodes, seed);
        sums.atFirstUse += await rounds(fresh, { ...fresh.wanted, range });
      }
      const found = JSON.stringify({ ...sums, oneLookup });
      // The lookups of different targets may take one round trip more or less.
      const most = sums.withoutRoot + SEEDS.length;
      assert.ok(sums.atSecondUse <= most && sums.byName <= most, found);
      assert.ok(sums.atFirstUse <= most + oneLookup, found);
    }
  });
}
