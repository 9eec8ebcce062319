/**
 * Finding the packages of an identity under its signing keys, in a DHT that is a map: what nodes show
 * late, in two forms or signed by the wrong key.
 *
 * @module
 */

import assert from "node:assert/strict";
import { toHex } from "../../../src/base/mod.ts";
import type { Operations } from "../../../src/control/operations.ts";
import type { ItemKey } from "../../../src/dht/mod.ts";
import { manifestValue } from "../../../src/fetching/manifest_record.ts";
import { OfferCache } from "../../../src/fetching/offer_cache.ts";
import { resolvePackage } from "../../../src/fetching/resolve.ts";
import { formatPublicKey, type KeyPair } from "../../../src/identity/mod.ts";
import {
  announceSalt,
  encodeAnnounceRecord,
  manifestSalt,
  type MutableItem,
  publisherSalt,
  targetOf,
} from "../../../src/records/mod.ts";
import { StateDatabase } from "../../../src/store/mod.ts";
import { Trust } from "../../../src/trust/mod.ts";
import { join } from "node:path";
import { FakeClock } from "../../support/fake_clock.ts";
import { type CertifiedKey, goodHash, minimalBy, TestIdentity } from "../../support/identities.ts";
import { temporaryHome } from "../../support/mod.ts";
import { signedItem } from "../../support/signed.ts";
import { nobodyMet } from "../../support/fake_rendezvous.ts";

const NOW = Date.UTC(2026, 10, 29);
const DAY = 86_400_000;

async function setUp() {
  const clock = new FakeClock(NOW);
  const home = await temporaryHome();
  const state = StateDatabase.open(join(home.path, "state.db"), clock);
  const said: string[] = [];
  const say = (message: string) => said.push(message);
  const trust = new Trust({ state: () => state, clock, onWarning: say, onNotice: say });
  /** Items that nodes show, by target, the one with the highest `seq` first. */
  const shown = new Map<string, MutableItem[]>();
  const targetHex = ({ publicKey, salt }: ItemKey) => toHex(targetOf(publicKey, salt));
  const asked: string[] = [];
  const operations = {
    ...nobodyMet,
    lookUp(key: ItemKey) {
      asked.push(targetHex(key));
      const [item, ...others] = shown.get(targetHex(key)) ?? [];
      const counts = { asked: 8, responded: 8, holding: 0, stale: 0, invalid: 0, errors: {} };
      return Promise.resolve({ ...counts, item, others });
    },
  } as unknown as Operations;
  const identity = new TestIdentity();
  const root = identity.root.publicKey;
  const [stolen, next] = [
    await identity.certify({ fromMs: NOW - 9 * DAY }),
    await identity.certify({ fromMs: NOW - DAY }),
  ];
  const show = (...items: MutableItem[]) => shown.set(targetHex(items[0]!), items);
  const offer = async (key: CertifiedKey | KeyPair, archives: number[]) => {
    const pair = "pair" in key ? key.pair : key;
    const packages = new Map([["hello", archives.map((one) => `${one}.0.0`)]]);
    const value = encodeAnnounceRecord({ packages, timestampMs: NOW });
    show(signedItem(pair, { salt: announceSalt(key.publicKey), seq: NOW, value }));
    for (const archive of archives) {
      const version = `${archive}.0.0`;
      const minimal = await minimalBy(key, NOW, { version, archive });
      const salt = manifestSalt("hello", version);
      show(signedItem(pair, { salt, seq: NOW, value: manifestValue(minimal) }));
    }
  };
  const inForce = (seq: number, ...keys: CertifiedKey[]) =>
    identity.record({
      seq,
      timestampMs: NOW,
      signingKeys: keys.map(({ certificate }) => certificate),
    });
  const revoking = (seq: number, fields = {}) =>
    identity.record({
      ...{ seq, timestampMs: NOW, signingKeys: [next.certificate] },
      revokedKeys: [{ key: stolen.publicKey, sinceMs: NOW, reason: "copied" }],
      ...fields,
    });
  return {
    ...{ trust, identity, root, stolen, next, said, asked, show, offer, inForce, revoking },
    /** Resolves as a command of its own. */
    resolve(range?: string, publicKey = root, hint?: CertifiedKey) {
      const offers = new OfferCache(trust);
      const wanted = { publicKey, name: "hello", range, hint: hint?.certificate };
      return clock.until(
        resolvePackage(operations, wanted, { clock, timeoutMs: 10_000 }, { offers }),
      );
    },
    async refused(range?: string, publicKey = root) {
      const error = await this.resolve(range, publicKey).then(() => undefined, (error) => error);
      return [error?.code, error?.kind];
    },
    async [Symbol.asyncDispose]() {
      state.close();
      await home.remove();
    },
  };
}

const REVOKED = ["KEY_REVOKED", "verification"];

Deno.test("an old publisher record that stale nodes show after the revocation takes nothing back", async () => {
  await using _ = await setUp();
  await _.offer(_.stolen, [1, 9]);
  await _.offer(_.next, [1]);
  _.show(await _.inForce(NOW - DAY, _.stolen));
  assert.equal((await _.resolve()).minimal.version, "9.0.0");
  _.show(await _.revoking(NOW));
  assert.equal((await _.resolve()).minimal.version, "1.0.0");
  // All nodes that hold the newer record have left.
  _.show(await _.inForce(NOW - DAY, _.stolen));
  assert.equal((await _.resolve()).minimal.version, "1.0.0");
  assert.deepEqual(await _.refused("9.0.0"), REVOKED);
});

Deno.test("a revocation that only an older record on some nodes has is learned", async () => {
  await using _ = await setUp();
  await _.offer(_.stolen, [9]);
  _.show(await _.inForce(NOW, _.stolen), await _.revoking(NOW - DAY));
  assert.deepEqual(await _.refused("9.0.0"), REVOKED);
});

Deno.test("of two records with one number all readers take the same, and the revocations of both", async () => {
  await using _ = await setUp();
  await _.offer(_.stolen, [9]);
  _.show(await _.inForce(NOW, _.stolen, _.next), await _.revoking(NOW));
  assert.deepEqual(await _.refused("9.0.0"), REVOKED);
  assert.match(_.said.join("\n"), /two publisher records with the number/);
});

Deno.test("a publisher record that a signing key has signed counts for nothing", async () => {
  await using _ = await setUp();
  await _.offer(_.next, [1]);
  _.show(await _.revoking(NOW));
  await _.resolve();
  const forged = await _.inForce(NOW + 1, _.stolen);
  const { value, seq } = forged;
  const salt = publisherSalt();
  const byThief = { ...signedItem(_.stolen.pair, { salt, seq, value }), publicKey: _.root };
  _.show(byThief);
  assert.equal((await _.resolve()).minimal.version, "1.0.0");
  assert.equal(_.trust.identity(_.root)!.newest!.item.seq, NOW);
});

Deno.test("without any record in the DHT, remembered keys go on working", async () => {
  await using _ = await setUp();
  await _.offer(_.next, [1]);
  _.show(await _.inForce(NOW, _.next));
  await _.resolve();
  _.show({ ...await _.inForce(NOW, _.next), signature: new Uint8Array(64) });
  for (const range of [undefined, "1.0.0", "^1"]) {
    assert.equal((await _.resolve(range)).minimal.version, "1.0.0");
  }
});

Deno.test("a newcomer is told that the publisher record was not found, until it has seen it", async () => {
  await using _ = await setUp();
  await _.offer(_.stolen, [9]);
  // As by bare name: the entry in the name's index has the certificate.
  await _.resolve(undefined, _.root, _.stolen);
  assert.equal(_.said.length, 1);
  assert.match(_.said[0]!, /was not found, so no revoked keys are known here/);
  _.said.length = 0;
  _.show(await _.inForce(NOW, _.stolen));
  await _.resolve();
  assert.deepEqual(_.said, []);
});

Deno.test("a version by two keys is that of the first in the record, whatever the range", async () => {
  await using _ = await setUp();
  await _.offer(_.stolen, [1, 2]);
  await _.offer(_.next, [2, 3]);
  _.show(await _.inForce(NOW, _.next, _.stolen));
  for (const range of ["2.0.0", "^2"]) {
    assert.equal(
      (await _.resolve(range)).minimal.signer!.key,
      formatPublicKey(_.next.publicKey),
    );
  }
  assert.equal((await _.resolve()).minimal.version, "3.0.0");
  assert.equal((await _.resolve("^1")).minimal.version, "1.0.0");
});

Deno.test("a version of a revoked key whose archive is good is found by its exact number", async () => {
  await using _ = await setUp();
  await _.offer(_.stolen, [1, 9]);
  _.show(await _.revoking(NOW, { good: [goodHash(1)] }));
  assert.equal((await _.resolve("1.0.0")).minimal.version, "1.0.0");
  assert.deepEqual(await _.refused("9.0.0"), REVOKED);
});

Deno.test("a key that had no root goes on working with a notice, until its identity revokes it", async () => {
  await using _ = await setUp();
  const { pair } = _.stolen;
  await _.offer(_.stolen, [1]);
  _.show(await _.inForce(NOW - DAY, _.stolen));
  const { minimal } = await _.resolve(undefined, pair.publicKey);
  assert.equal(minimal.pubkey, formatPublicKey(_.root));
  assert.match(_.said.join("\n"), /signs for the identity .* now: name, pin and follow that one/);
  _.show(await _.revoking(NOW));
  for (const range of [undefined, "1.0.0"]) {
    assert.deepEqual(await _.refused(range, pair.publicKey), REVOKED);
  }
  // A record that the key signed before it had a root is refused, too.
  await _.offer(pair, [1]);
  assert.deepEqual(await _.refused("1.0.0", pair.publicKey), REVOKED);
});

Deno.test("a thief of a key that had no root makes it sign for no root of its own, before a revocation and after", async () => {
  await using _ = await setUp();
  const { pair } = _.stolen;
  await _.offer(_.stolen, [1]);
  _.show(await _.inForce(NOW - DAY, _.stolen));
  await _.resolve(undefined, pair.publicKey);
  const thief = await new TestIdentity().certify({ fromMs: NOW - DAY }, pair);
  await _.offer(thief, [9]);
  assert.deepEqual(await _.refused("9.0.0", pair.publicKey), ["RECORD_INVALID", "verification"]);
  _.show(await _.revoking(NOW));
  assert.deepEqual(await _.refused("9.0.0", pair.publicKey), REVOKED);
  assert.deepEqual(await _.refused(undefined, pair.publicKey), REVOKED);
});

Deno.test("a manifest that a key signs for another identity is refused", async () => {
  await using _ = await setUp();
  const other = new TestIdentity();
  const certified = await other.certify({ fromMs: NOW }, _.next.pair);
  await _.offer(certified, [1]);
  _.show(await _.inForce(NOW, _.next));
  assert.deepEqual(await _.refused("1.0.0"), ["RECORD_INVALID", "verification"]);
});

Deno.test("an identity whose keys are all revoked offers nothing, and says so", async () => {
  await using _ = await setUp();
  _.show(await _.revoking(NOW, { signingKeys: [] }));
  assert.deepEqual(await _.refused(), ["RECORD_NOT_FOUND", "not-found"]);
});
