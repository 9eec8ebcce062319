import assert from "node:assert/strict";
import { join } from "node:path";
import { toHex } from "../../../src/base/mod.ts";
import { generateKeyPair } from "../../../src/identity/mod.ts";
import { StateDatabase } from "../../../src/store/mod.ts";
import { Trust, TrustError } from "../../../src/trust/mod.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { goodHash, minimalBy, TestIdentity } from "../../support/identities.ts";
import { temporaryHome } from "../../support/mod.ts";

const NOW = Date.UTC(2026, 10, 29);
const DAY = 86_400_000;
const HOUR = 3_600_000;

async function setUp() {
  const home = await temporaryHome();
  const clock = new FakeClock(NOW);
  const state = StateDatabase.open(join(home.path, "state.db"), clock);
  const said: string[] = [];
  const say = (message: string) => said.push(message);
  const open = () => new Trust({ state: () => state, clock, onWarning: say, onNotice: say });
  const identity = new TestIdentity();
  const stolen = await identity.certify({ fromMs: NOW - 90 * DAY });
  const next = await identity.certify({ fromMs: NOW - HOUR });
  /** A record that revokes the stolen key. */
  const revoking = (seq: number, fields = {}) =>
    identity.record({
      seq,
      signingKeys: [next.certificate],
      revokedKeys: [{ key: stolen.publicKey, sinceMs: NOW - DAY, reason: "laptop stolen" }],
      ...fields,
    });
  return {
    ...{ clock, state, said, open, trust: open(), identity, stolen, next, revoking },
    async [Symbol.asyncDispose]() {
      state.close();
      await home.remove();
    },
  };
}

function refusal(work: () => void, code: string): TrustError {
  try {
    work();
  } catch (error) {
    assert(error instanceof TrustError, String(error));
    assert.equal(error.code, code);
    assert.equal(error.kind, "verification");
    return error;
  }
  throw new assert.AssertionError({ message: `not refused with ${code}` });
}

Deno.test("a certified key is accepted until its publisher revokes it", async () => {
  await using _ = await setUp();
  const minimal = await minimalBy(_.stolen, NOW - 2 * DAY);
  _.trust.check(minimal, minimal.archiveSha256);
  _.trust.learnRecord(await _.revoking(NOW));
  const error = refusal(() => _.trust.check(minimal, minimal.archiveSha256), "KEY_REVOKED");
  assert.match(error.message, /hello@1\.0\.0/);
  assert.match(error.message, /laptop stolen/);
  assert.match(error.message, /2026-11-28T00:00:00\.000Z/);
  assert.equal(_.trust.accepts(minimal), false);
  assert.equal(_.trust.accepts(await minimalBy(_.next, NOW)), true);
});

Deno.test("an archive in the record's list of good archives stays good, whatever time its manifest claims", async () => {
  await using _ = await setUp();
  _.trust.learnRecord(await _.revoking(NOW, { good: [goodHash(1)] }));
  assert(_.trust.accepts(await minimalBy(_.stolen, NOW - 2 * DAY, { archive: 1 })));
  assert(!_.trust.accepts(await minimalBy(_.stolen, NOW - 2 * DAY, { archive: 2 })));
});

Deno.test("a fetched list of good archives counts for the record that names it, and no other", async () => {
  await using _ = await setUp();
  const [one, two] = [1, 2].map((fill) => new Uint8Array(20).fill(fill));
  const minimal = await minimalBy(_.stolen, NOW - 2 * DAY, { archive: 7 });
  const root = _.identity.root.publicKey;
  _.trust.learnRecord(await _.revoking(NOW, { goodList: one }));
  assert.deepEqual(_.trust.missingGoodList(root), one);
  const error = refusal(() => _.trust.check(minimal, minimal.archiveSha256), "KEY_REVOKED");
  assert.equal(error.detail.goodList, toHex(one!));
  _.trust.learnGoodList(root, one!, [goodHash(7), goodHash(9)]);
  assert.equal(_.trust.missingGoodList(root), undefined);
  _.trust.check(minimal, minimal.archiveSha256);
  _.trust.learnRecord(await _.revoking(NOW + 1, { goodList: two }));
  assert.deepEqual(_.trust.missingGoodList(root), two);
  refusal(() => _.trust.check(minimal, minimal.archiveSha256), "KEY_REVOKED");
});

Deno.test("a minimal manifest by a key in force vouches for an archive that a revoked key made", async () => {
  await using _ = await setUp();
  _.trust.learnRecord(await _.revoking(NOW));
  const again = await minimalBy(_.next, NOW, { archive: 3 });
  _.trust.check(again, again.archiveSha256);
});

Deno.test("a later record that leaves a revocation out changes nothing about it", async () => {
  await using _ = await setUp();
  _.trust.learnRecord(await _.revoking(NOW));
  const without = await _.identity.record({ seq: NOW + 1, signingKeys: [_.stolen.certificate] });
  assert.deepEqual(_.trust.learnRecord(without), { isNewest: true });
  assert.equal(_.trust.accepts(await minimalBy(_.stolen, NOW - 2 * DAY)), false);
  assert.deepEqual(_.trust.signingKeys(_.identity.root.publicKey), []);
});

Deno.test("an older record, shown by stale nodes, neither counts nor hides a revocation", async () => {
  await using _ = await setUp();
  const root = _.identity.root.publicKey;
  const old = await _.identity.record({
    seq: NOW - DAY,
    signingKeys: [_.stolen.certificate, _.next.certificate],
  });
  _.trust.learnRecord(await _.revoking(NOW));
  assert.deepEqual(_.trust.learnRecord(old), { isNewest: false });
  assert.deepEqual(_.trust.signingKeys(root)!.map(({ key }) => key), [_.next.publicKey]);
  assert.equal(_.trust.identity(root)!.newest!.item.seq, NOW);
});

Deno.test("an older record that revokes another key is learned from", async () => {
  await using _ = await setUp();
  _.trust.learnRecord(await _.identity.record({ seq: NOW, signingKeys: [_.next.certificate] }));
  assert.deepEqual(_.trust.learnRecord(await _.revoking(NOW - 1)), { isNewest: false });
  assert.equal(_.trust.accepts(await minimalBy(_.stolen, NOW - 2 * DAY)), false);
});

Deno.test("of two records with one number the greater counts, with the revocations of both and a warning", async () => {
  for (const isTurned of [false, true]) {
    await using _ = await setUp();
    const root = _.identity.root.publicKey;
    const third = await _.identity.certify({ fromMs: NOW - DAY });
    const two = [
      await _.revoking(NOW, { signingKeys: [third.certificate] }),
      await _.revoking(NOW, {
        signingKeys: [],
        revokedKeys: [{ key: _.next.publicKey, sinceMs: NOW }],
      }),
    ];
    for (const item of isTurned ? two.reverse() : two) _.trust.learnRecord(item);
    const [greater] = two.toSorted((a, b) => toHex(b.value) < toHex(a.value) ? -1 : 1);
    assert.deepEqual(_.trust.identity(root)!.newest!.item, greater);
    assert.equal(_.trust.accepts(await minimalBy(_.stolen, NOW)), false);
    assert.equal(_.trust.accepts(await minimalBy(_.next, NOW)), false);
    assert.match(_.said.join("\n"), /two publisher records with the number/);
  }
});

Deno.test("a record of the future, or with a huge number, is refused; its revocations hold", async () => {
  for (
    const fields of [{ seq: NOW, timestampMs: NOW + HOUR }, {
      seq: NOW + 101 * 366 * DAY,
      timestampMs: NOW,
    }]
  ) {
    await using _ = await setUp();
    const { isNewest, refused } = _.trust.learnRecord(await _.revoking(fields.seq, fields));
    assert.equal(isNewest, false);
    assert.match(refused!, /in the future|a hundred years ahead/);
    assert.match(_.said.join("\n"), /is refused: /);
    assert.equal(_.trust.identity(_.identity.root.publicKey)!.newest, undefined);
    assert.equal(_.trust.accepts(await minimalBy(_.stolen, NOW - 2 * DAY)), false);
  }
});

Deno.test("a clock that is behind the revocation changes nothing", async () => {
  await using _ = await setUp();
  const minimal = await minimalBy(_.stolen, NOW);
  const since = { key: _.stolen.publicKey, sinceMs: NOW + 300 * DAY };
  _.trust.learnRecord(await _.revoking(NOW, { revokedKeys: [since] }));
  refusal(() => _.trust.check(minimal, minimal.archiveSha256), "KEY_REVOKED");
});

Deno.test("a key whose certificate begins in the future is not used yet", async () => {
  await using _ = await setUp();
  const later = await _.identity.certify({ fromMs: NOW + DAY });
  _.trust.learnRecord(
    await _.identity.record({
      seq: NOW,
      signingKeys: [later.certificate, _.next.certificate],
    }),
  );
  const root = _.identity.root.publicKey;
  assert.deepEqual(_.trust.signingKeys(root)!.map(({ key }) => key), [_.next.publicKey]);
  const minimal = await minimalBy(later, NOW + DAY);
  refusal(() => _.trust.check(minimal, minimal.archiveSha256), "CERTIFICATE_NOT_YET");
  await _.clock.advance(DAY);
  _.trust.check(minimal, minimal.archiveSha256);
});

Deno.test("the old identity of a key is revoked with it, once the key has named its root", async () => {
  await using _ = await setUp();
  const { pair } = _.stolen;
  const old = await minimalBy(pair, NOW - 3 * DAY);
  _.trust.learnRecord(await _.revoking(NOW));
  // The root alone says so: any root could say it of a stranger's key.
  _.trust.check(old, old.archiveSha256);
  _.trust.remember(await minimalBy(_.stolen, NOW - 2 * DAY));
  const error = refusal(() => _.trust.check(old, old.archiveSha256), "KEY_REVOKED");
  assert.match(error.message, /for which it signed/);
  assert.deepEqual(_.trust.identitiesOf(pair.publicKey), [_.identity.root.publicKey]);
});

Deno.test("a root cannot revoke the key of another root", async () => {
  await using _ = await setUp();
  const enemy = new TestIdentity();
  const record = { revokedKeys: [{ key: _.next.publicKey, sinceMs: 0 }] };
  _.trust.learnRecord(await enemy.record({ seq: NOW, ...record }));
  assert(_.trust.accepts(await minimalBy(_.next, NOW)));
});

Deno.test("a key without a root needs no record", async () => {
  await using _ = await setUp();
  const key = generateKeyPair();
  const minimal = await minimalBy(key, NOW);
  _.trust.check(minimal, minimal.archiveSha256);
  _.trust.remember(minimal);
  assert.equal(_.trust.signingKeys(key.publicKey), undefined);
  assert.deepEqual(_.trust.identities(), []);
});

Deno.test("keys are remembered from manifests as long as no record is known", async () => {
  await using _ = await setUp();
  const root = _.identity.root.publicKey;
  for (const key of [_.stolen, _.next]) _.trust.remember(await minimalBy(key, NOW));
  assert.deepEqual(_.trust.signingKeys(root)!.map(({ key }) => key), [
    _.next.publicKey,
    _.stolen.publicKey,
  ]);
  _.trust.learnRecord(await _.revoking(NOW));
  assert.deepEqual(_.trust.signingKeys(root)!.map(({ key }) => key), [_.next.publicKey]);
});

Deno.test("a reader says once that it has not seen a publisher record for 30 days", async () => {
  await using _ = await setUp();
  const record = await _.identity.record({ seq: NOW, signingKeys: [_.next.certificate] });
  const minimal = await minimalBy(_.next, NOW);
  _.trust.learnRecord(record);
  await _.clock.advance(30 * DAY - 1);
  _.trust.check(minimal, minimal.archiveSha256);
  assert.deepEqual(_.said, []);
  await _.clock.advance(1);
  for (let i = 0; i < 2; i++) _.trust.check(minimal, minimal.archiveSha256);
  assert.equal(_.said.length, 1);
  assert.match(_.said[0]!, /last seen on 2026-11-29/);
  _.trust.learnRecord(record);
  const later = _.open();
  later.check(minimal, minimal.archiveSha256);
  assert.equal(_.said.length, 1);
});
