/**
 * Manifests of versions that have no record in the DHT, because their publisher does not announce them by
 * themselves: the peers of its rendezvous have the record, among liars.
 *
 * @module
 */

import assert from "node:assert/strict";
import { delay, toHex } from "../../../src/base/mod.ts";
import type { CallOptions, Operations } from "../../../src/control/mod.ts";
import type { ItemKey } from "../../../src/dht/mod.ts";
import { findManifest } from "../../../src/fetching/find_manifest.ts";
import { manifestValue } from "../../../src/fetching/manifest_record.ts";
import { PublisherRecords } from "../../../src/fetching/publisher_keys.ts";
import type { MinimalManifest } from "../../../src/package/mod.ts";
import { manifestSalt, type MutableItem, targetOf } from "../../../src/records/mod.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { FakeRendezvous, type MetPeer } from "../../support/fake_rendezvous.ts";
import {
  type CertifiedKey,
  minimalBy,
  temporaryTrust,
  TestIdentity,
} from "../../support/identities.ts";
import { signedItem } from "../../support/signed.ts";

const NOW = Date.UTC(2026, 10, 29);
const DAY = 86_400_000;
/** Time that a lookup in the DHT takes (ms). A peer of the rendezvous answers in 200 ms. */
const LOOKUP_MS = 300;
const version = "1.0.0";

async function setUp() {
  const clock = new FakeClock(NOW);
  const home = await temporaryTrust(clock);
  const { trust } = home;
  const rendezvous = new FakeRendezvous(clock);
  const shown = new Map<string, MutableItem>();
  const dht = { lookupMs: LOOKUP_MS, shownAfterMs: LOOKUP_MS };
  const idOf = ({ publicKey, salt }: ItemKey) => toHex(targetOf(publicKey, salt));
  const operations = {
    askRendezvous: rendezvous.askRendezvous,
    async lookUp(key: ItemKey, { onEvent }: CallOptions<{ item: MutableItem }> = {}) {
      const counts = { asked: 8, responded: 8, holding: 0, stale: 0, invalid: 0, errors: {} };
      const item = shown.get(idOf(key));
      await delay(clock, dht.shownAfterMs);
      if (item) onEvent?.({ item });
      await delay(clock, dht.lookupMs - dht.shownAfterMs);
      return { ...counts, item, others: [] };
    },
  } as unknown as Operations;
  const identity = new TestIdentity();
  const [key, other] = [
    await identity.certify({ fromMs: NOW - 9 * DAY }),
    await identity.certify({ fromMs: NOW - 9 * DAY }),
  ];
  const root = identity.root.publicKey;
  const learn = async (revoked?: CertifiedKey) => {
    const record = await identity.record({
      ...{ seq: revoked ? 2 : 1, timestampMs: NOW - DAY },
      signingKeys: [key, other].filter((one) => one !== revoked).map((one) => one.certificate),
      revokedKeys: revoked ? [{ key: revoked.publicKey, sinceMs: NOW - 2 * DAY }] : [],
    });
    trust.learnRecord(record);
    shown.set(idOf(record), record);
  };
  await learn();
  const recordOf = (by: CertifiedKey, minimal: MinimalManifest, seq = NOW) =>
    signedItem(by.pair, {
      ...{ salt: manifestSalt("hello", version), seq, value: manifestValue(minimal) },
    });
  const minimal = await minimalBy(key, NOW, { version });
  return {
    ...{ clock, trust, rendezvous, dht, identity, key, other, minimal, learn, recordOf },
    show: (item: MutableItem) => shown.set(idOf(item), item),
    meet: (...peers: MetPeer[]) => rendezvous.meet(`${toHex(root)} hello@${version}`, ...peers),
    /** Finds the manifest as a command of its own, and returns it with the time that it took (ms). */
    async find(line?: MinimalManifest, onShown?: () => void) {
      const begunMs = clock.now();
      const found = await clock.until(
        findManifest(
          operations,
          new PublisherRecords(trust),
          {
            ...{ publicKey: root, name: "hello", version },
            ...(line && { keys: [key.certificate], line: () => Promise.resolve(line) }),
          },
          { clock, timeoutMs: 10_000 },
          onShown,
        ),
      );
      return { ...found, tookMs: clock.now() - begunMs };
    },
    [Symbol.asyncDispose]: home[Symbol.asyncDispose],
  };
}

Deno.test("a manifest without a record in the DHT comes from a peer of the rendezvous, asked when a lookup has ended without it", async () => {
  await using _ = await setUp();
  _.meet({ answer: { items: [_.recordOf(_.key, _.minimal)] } });
  const { minimal, seq, tookMs } = await _.find();
  assert.deepEqual(minimal, _.minimal);
  assert.equal(seq, NOW);
  assert.equal(tookMs, LOOKUP_MS + 200);
});

Deno.test("a lookup that takes long is not waited for before the rendezvous is asked", async () => {
  await using _ = await setUp();
  Object.assign(_.dht, { lookupMs: 3_000, shownAfterMs: 3_000 });
  _.meet({ answer: { items: [_.recordOf(_.key, _.minimal)] } });
  const { minimal, tookMs } = await _.find();
  assert.deepEqual(minimal, _.minimal);
  assert.equal(tookMs, 3_000, "the answer has come while the lookup went on");
});

Deno.test("an accepted record that a node shows within a second ends the question before it is asked", async () => {
  await using _ = await setUp();
  _.show(_.recordOf(_.key, _.minimal, NOW + 1));
  const ask = async (lookupMs: number, shownAfterMs: number) => {
    Object.assign(_.dht, { lookupMs, shownAfterMs });
    const before = _.rendezvous.asked.length;
    const { seq, tookMs } = await _.find();
    assert.deepEqual([seq, tookMs], [NOW + 1, lookupMs]);
    return _.rendezvous.asked.length - before;
  };
  // The lookups under the publisher's other key end without a record at the same time.
  assert.equal(await ask(LOOKUP_MS, LOOKUP_MS), 0);
  assert.equal(await ask(5_000, 900), 0);
  assert.equal(await ask(5_000, 1_100), 1);
});

Deno.test("a record of a revoked key that a node shows does not keep the rendezvous from being asked", async () => {
  await using _ = await setUp();
  await _.learn(_.key);
  Object.assign(_.dht, { lookupMs: 3_000, shownAfterMs: 100 });
  _.show(_.recordOf(_.key, _.minimal));
  const again = _.recordOf(_.other, await minimalBy(_.other, NOW, { version }));
  _.meet({ answer: { items: [again] } });
  const { minimal } = await _.find();
  assert.equal(minimal.signer?.key, (await minimalBy(_.other, NOW, { version })).signer?.key);
});

Deno.test("a record in the DHT counts, and no peer's answer is waited for", async () => {
  await using _ = await setUp();
  _.show(_.recordOf(_.key, _.minimal, NOW + 1));
  _.meet({}, { answer: { items: [_.recordOf(_.key, _.minimal)] }, afterMs: 5_000 });
  const { seq, tookMs } = await _.find();
  assert.equal(seq, NOW + 1);
  assert.equal(tookMs, LOOKUP_MS);
});

Deno.test("liars at the rendezvous neither end the question nor have a record accepted", async () => {
  await using _ = await setUp();
  const stranger = new TestIdentity();
  const strange = await stranger.certify({ fromMs: NOW - DAY });
  const forged = { ..._.recordOf(_.key, _.minimal), signature: new Uint8Array(64).fill(1) };
  const another = await minimalBy(_.key, NOW, { version: "6.6.6" });
  const liars = [
    _.recordOf(strange, await minimalBy(strange, NOW, { version })),
    forged,
    // A record of another version in the place of this one.
    _.recordOf(_.key, another),
  ];
  _.meet(
    ...liars.map((item) => ({ answer: { items: [item] }, afterMs: 10 })),
    ...Array.from({ length: 20 }, () => ({ answer: {}, afterMs: 20 })),
    { answer: { items: [_.recordOf(_.key, _.minimal)] }, afterMs: 4_000 },
  );
  const { minimal, tookMs } = await _.find();
  assert.deepEqual(minimal, _.minimal);
  assert.ok(tookMs <= LOOKUP_MS + 4_100, `${tookMs} ms`);
});

Deno.test("a record that a revoked key has signed is refused, also from the rendezvous", async () => {
  await using _ = await setUp();
  await _.learn(_.key);
  _.meet({ answer: { items: [_.recordOf(_.key, _.minimal)] } });
  await assert.rejects(_.find(), { code: "KEY_REVOKED" });
  // Another key of the publisher has signed the version again.
  const again = _.recordOf(_.other, await minimalBy(_.other, NOW, { version }));
  _.meet(
    { answer: { items: [_.recordOf(_.key, _.minimal)] } },
    { answer: { items: [again] }, afterMs: 1_000 },
  );
  const { minimal } = await _.find();
  assert.equal(minimal.signer?.key, (await minimalBy(_.other, NOW, { version })).signer?.key);
});

Deno.test("a version that nobody has is not found, after the time limit of a question at most", async () => {
  await using _ = await setUp();
  await assert.rejects(_.find(), { code: "RECORD_NOT_FOUND" });
  const begunMs = _.clock.now();
  // Dead peers only.
  _.meet({}, {}, {});
  await assert.rejects(_.find(), { code: "RECORD_NOT_FOUND" });
  assert.ok(_.clock.now() - begunMs < 9_000, `${_.clock.now() - begunMs} ms`);
});

Deno.test("a manifest in the catalog counts after one lookup without a record, and nobody is asked", async () => {
  await using _ = await setUp();
  let shownAfterMs: number | undefined;
  const begunMs = _.clock.now();
  const { minimal, seq, tookMs } = await _.find(
    _.minimal,
    () => shownAfterMs ??= _.clock.now() - begunMs,
  );
  assert.deepEqual(minimal, _.minimal);
  assert.equal(seq, undefined);
  assert.equal(tookMs, LOOKUP_MS);
  assert.equal(shownAfterMs, 0, "the download begins at once");
  assert.deepEqual(_.rendezvous.asked, []);
});
