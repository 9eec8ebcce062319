/**
 * Following an identity: the lists of all keys that sign for it, from a DHT that is a map.
 *
 * @module
 */

import assert from "node:assert/strict";
import { type FlagsByName, NO_FLAGS, toHex } from "../../../../src/base/mod.ts";
import type { Operations } from "../../../../src/control/operations.ts";
import type { ItemKey } from "../../../../src/dht/mod.ts";
import { manifestValue } from "../../../../src/fetching/manifest_record.ts";
import { refreshFollow } from "../../../../src/host/records/follow_refresh.ts";
import {
  announceSalt,
  encodeAnnounceRecord,
  manifestSalt,
  type MutableItem,
  targetOf,
} from "../../../../src/records/mod.ts";
import type { FollowScope } from "../../../../src/store/mod.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import {
  type CertifiedKey,
  goodHash,
  minimalBy,
  temporaryTrust,
  TestIdentity,
} from "../../../support/identities.ts";
import { signedItem } from "../../../support/signed.ts";
import { nobodyMet } from "../../../support/fake_rendezvous.ts";

const NOW = Date.UTC(2026, 10, 29);

async function setUp() {
  const clock = new FakeClock(NOW);
  const home = await temporaryTrust(clock);
  const dht = new Map<string, MutableItem>();
  const lookedUp: string[] = [];
  const meanwhile = new Map<string, () => void>();
  const put = (item: MutableItem) => dht.set(toHex(targetOf(item.publicKey, item.salt)), item);
  const operations = {
    ...nobodyMet,
    lookUp({ publicKey, salt }: ItemKey) {
      lookedUp.push(toHex(targetOf(publicKey, salt)));
      meanwhile.get(lookedUp.at(-1)!)?.();
      const item = dht.get(toHex(targetOf(publicKey, salt)));
      const counts = { asked: 8, responded: 8, holding: 0, stale: 0, invalid: 0, errors: {} };
      return Promise.resolve({ ...counts, item, others: [] });
    },
  } as unknown as Operations;
  const identity = new TestIdentity();
  const publicKey = identity.root.publicKey;
  home.state.follows.add(publicKey, NOW);
  const warnings: string[] = [];
  const context = {
    ...{ operations, state: home.state, trust: home.trust, clock, seedDirectory: "" },
    ...{ timeoutMs: 1_000, onWarning: (message: string) => warnings.push(message) },
  };
  return {
    ...{ identity, put, warnings, lookedUp },
    /** Does something while the manifest of a version is looked up. */
    during: (key: CertifiedKey, name: string, version: string, work: () => void) =>
      meanwhile.set(toHex(targetOf(key.publicKey, manifestSalt(name, version))), work),
    /** Puts the list of a key, and the manifests in it. The number of an archive is its version. */
    async offer(
      key: CertifiedKey,
      seq: number,
      packages: Record<string, number[]>,
      flags?: FlagsByName,
    ) {
      const versions = Object.entries(packages).map(([name, numbers]) =>
        [name, numbers.map((one) => `${one}.0.0`)] as const
      );
      const value = encodeAnnounceRecord({
        packages: new Map(versions),
        timestampMs: NOW,
        ...(flags && { flags }),
      });
      put(signedItem(key.pair, { salt: announceSalt(key.publicKey), seq, value }));
      for (const [name, numbers] of Object.entries(packages)) {
        for (const archive of numbers) {
          const version = `${archive}.0.0`;
          // A key signs what it may not sign as a thief would: with the certificate that it has.
          const minimal = await minimalBy(key, NOW, { name, version, archive });
          const salt = manifestSalt(name, version);
          put(signedItem(key.pair, { salt, seq, value: manifestValue(minimal) }));
        }
      }
    },
    refresh: (followed: Uint8Array = publicKey) => clock.until(refreshFollow(context, followed)),
    follow: (key = publicKey, scope?: FollowScope) => home.state.follows.add(key, NOW, scope),
    unfollow: (scope?: FollowScope) => home.state.follows.remove(publicKey, scope),
    remember: home.trust.remember.bind(home.trust),
    seen: (followed: Uint8Array = publicKey) =>
      home.state.follows.ofPublisher(followed).map(({ name, version, signer }) =>
        `${name}@${version} ${signer?.key.slice(8, 12)}`
      ),
    label: (key: CertifiedKey) => key.publicKey.toBase64().slice(0, 4),
    [Symbol.asyncDispose]: home[Symbol.asyncDispose],
  };
}

Deno.test("the lists of all keys are merged: the first key in the record decides, names are respected", async () => {
  await using _ = await setUp();
  const main = await _.identity.certify({ fromMs: NOW });
  const ci = await _.identity.certify({ fromMs: NOW, names: ["b-*"] });
  _.put(
    await _.identity.record({ seq: NOW, signingKeys: [main.certificate, ci.certificate] }),
  );
  await _.offer(main, 1, { a: [1], "b-x": [1] });
  await _.offer(ci, 1, { a: [9], "b-x": [1, 2] });
  assert.equal(await _.refresh(), true);
  assert.deepEqual(_.seen(), [
    `a@1.0.0 ${_.label(main)}`,
    `b-x@1.0.0 ${_.label(main)}`,
    `b-x@2.0.0 ${_.label(ci)}`,
  ]);
  assert.match(_.warnings.join("\n"), /a@9\.0\.0 was left out: .*may not sign a/);
  assert.equal(await _.refresh(), false, "nothing has changed");
  await _.offer(ci, 2, { "b-x": [1, 2, 3] });
  assert.equal(await _.refresh(), true);
  assert.equal(_.seen().length, 4);
});

Deno.test("what a revoked key has listed goes; the new key's list of the good archives stays", async () => {
  await using _ = await setUp();
  const stolen = await _.identity.certify({ fromMs: NOW });
  _.put(await _.identity.record({ seq: NOW, signingKeys: [stolen.certificate] }));
  await _.offer(stolen, 1, { a: [1, 9] });
  await _.refresh();
  assert.equal(_.seen().length, 2);
  const next = await _.identity.certify({ fromMs: NOW });
  await _.offer(next, 1, { a: [1] });
  _.put(
    await _.identity.record({
      seq: NOW + 1,
      timestampMs: NOW,
      signingKeys: [next.certificate],
      revokedKeys: [{ key: stolen.publicKey, sinceMs: NOW }],
      good: [goodHash(1)],
    }),
  );
  assert.equal(await _.refresh(), true);
  assert.deepEqual(_.seen(), [`a@1.0.0 ${_.label(next)}`]);
});

Deno.test("a followed key that had no root is not followed to the root of its thief", async () => {
  await using _ = await setUp();
  const stolen = await _.identity.certify({ fromMs: NOW });
  _.put(await _.identity.record({ seq: NOW, signingKeys: [stolen.certificate] }));
  _.follow(stolen.publicKey);
  await _.offer(stolen, 1, { a: [1] });
  await _.refresh(stolen.publicKey);
  assert.equal(_.seen(stolen.publicKey).length, 1);
  _.remember(await minimalBy(stolen, NOW, { name: "a", version: "1.0.0", archive: 1 }));
  const thiefs = await new TestIdentity().certify({ fromMs: NOW }, stolen.pair);
  await _.offer(thiefs, 2, { a: [1, 9] });
  await _.refresh(stolen.publicKey);
  assert.deepEqual(_.seen(stolen.publicKey), [`a@1.0.0 ${_.label(stolen)}`]);
});

Deno.test("of packages that are followed only their versions in the range are looked up and kept", async () => {
  await using _ = await setUp();
  const key = await _.identity.certify({ fromMs: NOW });
  _.put(await _.identity.record({ seq: NOW, signingKeys: [key.certificate] }));
  await _.offer(key, 1, { a: [1, 2, 3], b: [1], c: [1] });
  _.unfollow();
  _.follow(undefined, { name: "a", range: ">=2" });
  _.follow(undefined, { name: "c" });
  _.lookedUp.length = 0;
  await _.refresh();
  const label = _.label(key);
  assert.deepEqual(_.seen(), [`a@2.0.0 ${label}`, `a@3.0.0 ${label}`, `c@1.0.0 ${label}`]);
  const manifests = ["a@1.0.0", "a@2.0.0", "a@3.0.0", "b@1.0.0", "c@1.0.0"].map((one) => {
    const [name, version] = one.split("@") as [string, string];
    return _.lookedUp.includes(toHex(targetOf(key.publicKey, manifestSalt(name, version))));
  });
  assert.deepEqual(manifests, [false, true, true, false, true]);
  // A further package is read although the list has not changed.
  _.follow(undefined, { name: "b" });
  assert.equal(await _.refresh(), true);
  assert.equal(_.seen().length, 4);
  assert.equal(await _.refresh(), false);
  // A version that is followed no more goes at once with its package, and else with the next reading.
  _.unfollow({ name: "b" });
  assert.deepEqual(_.seen().length, 3);
  _.follow(undefined, { name: "a", range: "1.x" });
  _.unfollow({ name: "a", range: ">=2" });
  await _.refresh();
  assert.deepEqual(_.seen(), [`a@1.0.0 ${label}`, `c@1.0.0 ${label}`]);
});

Deno.test("a tag that moves is followed to its new version", async () => {
  await using _ = await setUp();
  const key = await _.identity.certify({ fromMs: NOW });
  _.put(await _.identity.record({ seq: NOW, signingKeys: [key.certificate] }));
  _.unfollow();
  _.follow(undefined, { name: "a", range: "next" });
  await _.offer(key, 1, { a: [1, 2] });
  await _.refresh();
  assert.deepEqual(_.seen(), []);
  for (const [seq, version] of [[2, "2.0.0"], [3, "1.0.0"]] as const) {
    const flags = { ...NO_FLAGS, tags: new Map([["next", version]]) };
    await _.offer(key, seq, { a: [1, 2] }, new Map([["a", flags]]));
    await _.refresh();
    assert.deepEqual(_.seen(), [`a@${version} ${_.label(key)}`]);
  }
});

Deno.test("what the user changes while the lists are read is not undone", async () => {
  await using _ = await setUp();
  const key = await _.identity.certify({ fromMs: NOW });
  _.put(await _.identity.record({ seq: NOW, signingKeys: [key.certificate] }));
  await _.offer(key, 1, { a: [1], b: [1] });
  _.unfollow();
  _.follow(undefined, { name: "a" });
  _.during(key, "a", "1.0.0", () => _.follow(undefined, { name: "b" }));
  assert.equal(await _.refresh(), false);
  assert.equal(await _.refresh(), true);
  assert.equal(_.seen().length, 2);
  await _.offer(key, 2, { a: [1, 2], b: [1] });
  _.during(key, "a", "2.0.0", () => _.unfollow());
  assert.equal(await _.refresh(), false);
  assert.deepEqual(_.seen(), []);
});
