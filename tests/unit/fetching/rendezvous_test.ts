/**
 * Records of a publisher that the DHT withholds, has lost, or shows in an old version: they are met at the
 * publisher's rendezvous, among liars.
 *
 * @module
 */

import assert from "node:assert/strict";
import { delay, toHex } from "../../../src/base/mod.ts";
import type { Operations } from "../../../src/control/operations.ts";
import type { ItemKey } from "../../../src/dht/mod.ts";
import { manifestValue } from "../../../src/fetching/manifest_record.ts";
import { newestRecord } from "../../../src/fetching/newest_record.ts";
import { OfferCache } from "../../../src/fetching/offer_cache.ts";
import { resolvePackage } from "../../../src/fetching/resolve.ts";
import {
  announceSalt,
  encodeAnnounceRecord,
  manifestSalt,
  type MutableItem,
  publisherSalt,
  targetOf,
} from "../../../src/records/mod.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { flagsOf, type PackageFlagsVector } from "../../support/flags.ts";
import {
  type CertifiedKey,
  minimalBy,
  temporaryTrust,
  TestIdentity,
} from "../../support/identities.ts";
import { FakeRendezvous } from "../../support/fake_rendezvous.ts";
import { signedItem } from "../../support/signed.ts";

const NOW = Date.UTC(2026, 10, 29);
const DAY = 86_400_000;
/** How long a lookup in the DHT takes; a peer at the rendezvous answers a little earlier. */
const LOOKUP_MS = 300;

async function setUp() {
  const clock = new FakeClock(NOW);
  const home = await temporaryTrust(clock);
  const { state, trust } = home;
  const rendezvous = new FakeRendezvous(clock);
  const shown = new Map<string, MutableItem>();
  const kept = new Map<string, MutableItem>();
  const idOf = ({ publicKey, salt }: ItemKey) => toHex(targetOf(publicKey, salt));
  const operations = {
    askRendezvous: rendezvous.askRendezvous,
    async lookUp(key: ItemKey) {
      const counts = { asked: 8, responded: 8, holding: 0, stale: 0, invalid: 0, errors: {} };
      await delay(clock, LOOKUP_MS);
      return { ...counts, item: shown.get(idOf(key)), others: [] };
    },
    keptItem: (key: ItemKey) => Promise.resolve({ item: kept.get(idOf(key)) }),
  } as unknown as Operations;
  const identity = new TestIdentity();
  const [key, stolen] = [
    await identity.certify({ fromMs: NOW - 9 * DAY }),
    await identity.certify({ fromMs: NOW - 9 * DAY }),
  ];
  const root = identity.root.publicKey;
  const show = (...items: MutableItem[]) => items.forEach((one) => shown.set(idOf(one), one));
  const manifestBy = async (key: CertifiedKey, archive: number) => {
    const version = `${archive}.0.0`;
    const value = manifestValue(await minimalBy(key, NOW, { version, archive }));
    return signedItem(key.pair, { salt: manifestSalt("hello", version), seq: NOW, value });
  };
  for (const archive of [1, 2]) show(await manifestBy(key, archive));
  show(await manifestBy(stolen, 9));
  return {
    ...{ clock, trust, rendezvous, operations, identity, key, stolen, root, show },
    keep: (item: MutableItem) => kept.set(idOf(item), item),
    meet: (...items: MutableItem[]) => rendezvous.meet(root, { answer: { items } }),
    /** Signs a publisher record with both keys in force, or with one of them revoked. */
    record: (seq: number, revoked?: CertifiedKey) =>
      identity.record({
        ...{ seq, timestampMs: NOW - DAY },
        signingKeys: [key, stolen].filter((one) => one !== revoked).map((one) => one.certificate),
        revokedKeys: revoked ? [{ key: revoked.publicKey, sinceMs: NOW - DAY }] : [],
      }),
    /** Signs a list of versions of "hello". */
    list(key: CertifiedKey, seq: number, versions: string[], flags: PackageFlagsVector = {}) {
      const packages = new Map([["hello", versions]]);
      const fields = { packages, timestampMs: NOW, flags: flagsOf({ hello: flags }) };
      const value = encodeAnnounceRecord(fields);
      return signedItem(key.pair, { salt: announceSalt(key.publicKey), seq, value });
    },
    /** Resolves "hello" as a command of its own, and returns the version. */
    async version(range?: string) {
      const wanted = { publicKey: root, name: "hello", range };
      const finding = { clock, timeoutMs: 10_000 };
      const offers = new OfferCache(trust, state.offers);
      return (await clock.until(resolvePackage(operations, wanted, finding, { offers }))).minimal
        .version;
    },
    [Symbol.asyncDispose]: home[Symbol.asyncDispose],
  };
}

Deno.test("a publisher whose records the DHT does not show is found at its rendezvous", async () => {
  await using _ = await setUp();
  await assert.rejects(_.version(), { code: "RECORD_NOT_FOUND" });
  _.meet(await _.record(1), _.list(_.key, 1, ["1.0.0", "2.0.0"]));
  assert.equal(await _.version(), "2.0.0");
  assert.equal(await _.version("1.0.0"), "1.0.0");
});

Deno.test("a newcomer learns of a revocation that only a peer at the rendezvous tells", async () => {
  for (const seq of [3, 1]) {
    await using _ = await setUp();
    _.show(await _.record(2), _.list(_.stolen, 1, ["9.0.0"]), _.list(_.key, 1, ["1.0.0"]));
    // A later record may have left the revocation out.
    _.meet(await _.record(seq, _.stolen));
    await assert.rejects(_.version("9.0.0"), { code: "KEY_REVOKED" });
    assert.equal(await _.version(), "1.0.0");
  }
});

Deno.test("what peers forge, or tell of old, replaces nothing", async () => {
  await using _ = await setUp();
  const [record, list] = [await _.record(5), _.list(_.key, 5, ["1.0.0", "2.0.0"])];
  _.show(record, list);
  const [older, forged] = [_.list(_.key, 4, ["1.0.0"]), _.list(_.key, 6, ["1.0.0"])];
  const stranger = await new TestIdentity().certify({ fromMs: NOW - DAY });
  _.rendezvous.meet(
    _.root,
    { answer: { items: [older, await _.record(4)] } },
    { answer: { items: [{ ...forged, seq: 7 }, { ...list, value: forged.value, seq: 9 }] } },
    { answer: { items: [{ ...forged, signature: list.signature }] } },
    { answer: { items: [_.list(stranger, 9, ["1.0.0"])] } },
    { answer: { items: [{ ...record, seq: 9 }] } },
  );
  assert.equal(await _.version(), "2.0.0");
  assert.equal(_.trust.identity(_.root)!.newest!.item.seq, 5);
});

Deno.test("the largest seq wins, wherever it is", async () => {
  await using _ = await setUp();
  _.show(await _.record(5), _.list(_.key, 5, ["1.0.0"]));
  _.meet(_.list(_.key, 6, ["1.0.0", "2.0.0"]));
  assert.equal(await _.version(), "2.0.0");
});

Deno.test("a list that nothing can be read from does not hide the one at the rendezvous", async () => {
  await using _ = await setUp();
  const salt = announceSalt(_.key.publicKey);
  const garbage = signedItem(_.key.pair, { salt, seq: 9, value: new Uint8Array([1, 2, 3]) });
  _.show(await _.record(5), garbage);
  // Also for a home that knows the publisher, and so asks no rendezvous beside the DHT.
  _.meet(_.list(_.key, 5, ["1.0.0"]));
  assert.equal(await _.version(), "1.0.0");
  assert.equal(await _.version(), "1.0.0");
});

Deno.test("a list that is older than this home has seen is asked for at the rendezvous", async () => {
  await using _ = await setUp();
  const yanked = { yanked: { "2.0.0": "broken" } };
  _.show(await _.record(5), _.list(_.key, 6, ["1.0.0", "2.0.0"], yanked));
  assert.equal(await _.version(), "1.0.0");
  _.show(_.list(_.key, 5, ["1.0.0"]));
  _.meet(_.list(_.key, 7, ["1.0.0", "2.0.0"]));
  assert.equal(await _.version(), "2.0.0");
});

Deno.test("a publisher record that is older than this home has seen is asked for at the rendezvous", async () => {
  await using _ = await setUp();
  _.show(await _.record(5), _.list(_.key, 1, ["1.0.0"]), _.list(_.stolen, 1, ["9.0.0"]));
  assert.equal(await _.version(), "9.0.0");
  _.show(await _.record(4));
  _.meet(await _.record(6, _.stolen));
  assert.equal(await _.version(), "1.0.0");
  assert.equal(_.trust.identity(_.root)!.newest!.item.seq, 6);
});

Deno.test("a home that knows the publisher asks no rendezvous while the DHT answers well", async () => {
  await using _ = await setUp();
  _.show(await _.record(5), _.list(_.key, 1, ["1.0.0"]));
  await _.version();
  assert.deepEqual(_.rendezvous.asked, [toHex(_.root)]);
  await _.version();
  await _.version("1.0.0");
  assert.deepEqual(_.rendezvous.asked.slice(1), []);
});

Deno.test("dead peers do not keep a newcomer waiting if the DHT answers well", async () => {
  await using _ = await setUp();
  _.show(await _.record(5), _.list(_.key, 1, ["1.0.0"]));
  _.rendezvous.meet(_.root, {}, {}, {});
  assert.equal(await _.version(), "1.0.0");
  const ms = _.clock.now() - NOW;
  // The publisher record, then the list and the manifest.
  assert(ms <= 3 * LOOKUP_MS, `${ms} ms`);
});

Deno.test("where a peer has answered, the others get a moment before a manifest is accepted", async () => {
  await using _ = await setUp();
  _.show(await _.record(2), _.list(_.stolen, 1, ["9.0.0"]), _.list(_.key, 1, ["1.0.0"]));
  const late = { answer: { items: [await _.record(3, _.stolen)] }, afterMs: 4 * LOOKUP_MS };
  _.rendezvous.meet(_.root, { answer: {} }, late, {});
  await assert.rejects(_.version("9.0.0"), { code: "KEY_REVOKED" });
  const ms = _.clock.now() - NOW;
  assert(ms <= 3 * LOOKUP_MS + 1_000, `${ms} ms`);
});

Deno.test("without an answer of the DHT, the question ends after six seconds", async () => {
  await using _ = await setUp();
  _.rendezvous.meet(_.root, {}, { answer: { items: [await _.record(1)] }, afterMs: 4_000 }, {
    answer: { items: [_.list(_.key, 1, ["1.0.0"])] },
    afterMs: 5_900,
  });
  assert.equal(await _.version(), "1.0.0");
  const ms = _.clock.now() - NOW;
  assert(ms <= 6_000 + 2 * LOOKUP_MS, `${ms} ms`);
});

Deno.test("a host that cannot ask at rendezvous, as one of an earlier version, changes nothing", async () => {
  await using _ = await setUp();
  const { HostError } = await import("../../../src/host/errors.ts");
  _.operations.askRendezvous = () =>
    Promise.reject(new HostError("usage", "UNKNOWN_OPERATION", "no such operation"));
  _.show(await _.record(5), _.list(_.key, 1, ["1.0.0"]));
  assert.equal(await _.version(), "1.0.0");
});

Deno.test("a publisher's own newest record is read at its rendezvous too, and the newest counts", async () => {
  await using _ = await setUp();
  const key = { publicKey: _.key.publicKey, salt: announceSalt(_.key.publicKey) };
  const rendezvous = { identity: _.root, clock: _.clock };
  const newest = () => _.clock.until(newestRecord(_.operations, key, { rendezvous }));
  const seqs = async () => {
    const { item, published } = await newest();
    return [item?.seq, published?.seq];
  };
  _.meet(_.list(_.key, 3, ["1.0.0"]), await _.record(9));
  assert.deepEqual(await seqs(), [3, undefined]);
  _.keep(_.list(_.key, 2, ["1.0.0"]));
  assert.deepEqual(await seqs(), [3, undefined]);
  _.keep(_.list(_.key, 4, ["1.0.0"]));
  assert.deepEqual(await seqs(), [4, undefined]);
  _.show(_.list(_.key, 5, ["1.0.0"]));
  assert.deepEqual(await seqs(), [5, 5]);
  const asked = _.rendezvous.asked.length;
  await newest();
  assert.equal(_.rendezvous.asked.length, asked, "the DHT shows what this home keeps, or newer");
  const roots = { publicKey: _.root, salt: publisherSalt() };
  const { item } = await _.clock.until(newestRecord(_.operations, roots, { rendezvous }));
  assert.equal(item!.seq, 9);
});
