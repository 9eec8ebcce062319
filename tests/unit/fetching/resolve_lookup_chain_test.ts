/**
 * Lookups that wait for each other from `get KEY/NAME` to the first byte of the archive. Each lookup, each
 * question and each search for peers takes one second of simulated time, so that the seconds are the
 * length of the chain. The last one is the search for the archive's peers, which begins when its manifest is
 * shown.
 *
 * @module
 */

import assert from "node:assert/strict";
import { delay, toHex } from "../../../src/base/mod.ts";
import type { Operations } from "../../../src/control/operations.ts";
import type { ItemKey } from "../../../src/dht/mod.ts";
import { manifestValue } from "../../../src/fetching/manifest_record.ts";
import { OfferCache } from "../../../src/fetching/offer_cache.ts";
import { resolvePackage } from "../../../src/fetching/resolve.ts";
import { generateKeyPair } from "../../../src/identity/mod.ts";
import {
  announceSalt,
  encodeAnnounceRecord,
  encodeCatalogRecord,
  manifestSalt,
  type MutableItem,
  targetOf,
} from "../../../src/records/mod.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { FakeRendezvous } from "../../support/fake_rendezvous.ts";
import { minimalBy, temporaryTrust, TestIdentity } from "../../support/identities.ts";
import { longCatalog, packageName } from "../../support/long_catalog.ts";
import { temporaryHome } from "../../support/mod.ts";
import { signedItem } from "../../support/signed.ts";

const NOW = Date.UTC(2026, 10, 29);
const LOOKUP_MS = 1_000;

async function setUp() {
  const clock = new FakeClock(NOW);
  const [home, directory] = [await temporaryTrust(clock), await temporaryHome()];
  const rendezvous = new FakeRendezvous(clock);
  const shown = new Map<string, MutableItem>();
  const idOf = ({ publicKey, salt }: ItemKey) => toHex(targetOf(publicKey, salt));
  let index: Uint8Array | undefined;
  let open = false;
  let underWay = 0;
  const pass = async () => {
    underWay++;
    await delay(clock, LOOKUP_MS);
    underWay--;
  };
  const operations = {
    askRendezvous: rendezvous.askRendezvous,
    status: () => Promise.resolve({ daemon: false, seedDirectory: directory.path }),
    async lookUp(key: ItemKey, { onEvent }: { onEvent?: (event: unknown) => void } = {}) {
      const counts = { asked: 8, responded: 8, holding: 0, stale: 0, invalid: 0, errors: {} };
      await pass();
      const item = shown.get(idOf(key));
      if (item) onEvent?.({ item });
      return { ...counts, item, others: [] };
    },
    async readRanges({ ranges }: { ranges: { start: number; end: number }[] }) {
      // The peers of a torrent that is open are known.
      if (!open) await pass();
      open = true;
      const [{ start, end } = { start: 0, end: 0 }] = ranges;
      return { bytes: index!.subarray(start, end), lengthBytes: index!.length, downloadedBytes: 0 };
    },
  } as unknown as Operations;
  return {
    ...{ clock, rendezvous, trust: home.trust },
    show: (...items: MutableItem[]) => items.forEach((one) => shown.set(idOf(one), one)),
    seedIndex: (bytes: Uint8Array) => index = bytes,
    /** Returns the number of lookups one after the other until the first byte comes. */
    async lookups(publicKey: Uint8Array, name: string, range?: string): Promise<number> {
      let shownMs = Infinity;
      const finding = { clock, timeoutMs: 10_000 };
      const resolving = resolvePackage(operations, { publicKey, name, range }, finding, {
        offers: new OfferCache(home.trust),
        onShown: () => shownMs = Math.min(shownMs, clock.now()),
      });
      let hasEnded = false;
      void resolving.catch(() => {}).finally(() => hasEnded = true);
      for (let idle = 0; !hasEnded;) {
        // Time passes in the network only: files are read in no simulated time. A wait of the program
        // that no lookup ends is over after a while, or the test would never end.
        await new Promise((resolve) => setTimeout(resolve, 2));
        idle = underWay > 0 ? 0 : idle + 1;
        await clock.advance(underWay > 0 || idle > 1_000 ? LOOKUP_MS / 4 : 0);
      }
      assert.equal((await resolving).minimal.name, name);
      const begunMs = Math.min(shownMs, clock.now());
      return Math.ceil((begunMs - NOW) / LOOKUP_MS) + 1;
    },
    async [Symbol.asyncDispose]() {
      await home[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** Publishes "hello" 1.0.0 under a certified key. */
async function certified(at: Awaited<ReturnType<typeof setUp>>, manifest: "in the DHT" | "met") {
  const identity = new TestIdentity();
  const key = await identity.certify({ fromMs: NOW - 1 });
  const value = manifestValue(await minimalBy(key, NOW, { version: "1.0.0" }));
  const item = signedItem(key.pair, { salt: manifestSalt("hello", "1.0.0"), seq: NOW, value });
  const list = encodeAnnounceRecord({
    packages: new Map([["hello", ["1.0.0"]]]),
    timestampMs: NOW,
  });
  const record = await identity.record({ seq: 1, signingKeys: [key.certificate] });
  at.show(
    record,
    signedItem(key.pair, { salt: announceSalt(key.publicKey), seq: NOW, value: list }),
  );
  const root = identity.root.publicKey;
  if (manifest === "in the DHT") at.show(item);
  else {
    at.rendezvous.meet(`${toHex(root)} hello@1.0.0`, {
      answer: { items: [item] },
      // The search for peers, and the question.
      afterMs: LOOKUP_MS,
    });
  }
  return { root, record };
}

Deno.test("a reader that knows the publisher makes three: list, manifest, peers", async () => {
  await using at = await setUp();
  const { root, record } = await certified(at, "in the DHT");
  at.trust.learnRecord(record);
  assert.equal(await at.lookups(root, "hello", "^1"), 3);
});

Deno.test("at first use there are four: keys, list, manifest, peers", async () => {
  await using at = await setUp();
  const { root } = await certified(at, "in the DHT");
  assert.equal(await at.lookups(root, "hello", "^1"), 4);
});

Deno.test("an exact version without a record in the DHT takes one lookup more than one with a record, and no more than four", async () => {
  for (const [manifest, more] of [["in the DHT", 0], ["met", 1]] as const) {
    await using known = await setUp();
    const { root, record } = await certified(known, manifest);
    known.trust.learnRecord(record);
    assert.equal(await known.lookups(root, "hello", "1.0.0"), 2 + more, manifest);
    await using first = await setUp();
    const lookups = await first.lookups(
      (await certified(first, manifest)).root,
      "hello",
      "1.0.0",
    );
    assert.ok(lookups <= 3 + more, `${manifest}: ${lookups}`);
  }
});

Deno.test("with an index of a long catalog there are at most four: record, peers of the index, peers", async () => {
  await using at = await setUp();
  const keys = generateKeyPair();
  const { index, infoHash } = await longCatalog({ keys, packages: 3_000, signed: 1_234 });
  at.seedIndex(index);
  const value = encodeCatalogRecord({
    ...{ count: 3_000, timestampMs: NOW },
    ...{ catalogInfoHash: new Uint8Array(20).fill(1), indexInfoHash: infoHash },
  });
  const salt = announceSalt(keys.publicKey);
  at.show(signedItem(keys, { salt, seq: NOW, value }));
  // No version of the publisher has a record in the DHT: the manifest is in the catalog.
  const lookups = await at.lookups(keys.publicKey, packageName(1_234), "^1");
  assert.ok(lookups <= 4, `${lookups} lookups`);
});
