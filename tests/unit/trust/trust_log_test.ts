import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { toHex } from "../../../src/base/mod.ts";
import { generateKeyPair } from "../../../src/identity/mod.ts";
import type { MutableItem } from "../../../src/records/mod.ts";
import { StateDatabase } from "../../../src/store/mod.ts";
import { Trust } from "../../../src/trust/mod.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { minimalBy, TestIdentity } from "../../support/identities.ts";
import { temporaryHome } from "../../support/mod.ts";

const NOW = Date.UTC(2026, 10, 29);

async function setUp() {
  const home = await temporaryHome();
  const clock = new FakeClock(NOW);
  const path = join(home.path, "state.db");
  const log = join(home.path, "trust.log");
  const warned: string[] = [];
  let state: StateDatabase | undefined;
  return {
    ...{ log, warned, clock },
    identity: new TestIdentity(),
    /** Opens the home anew, as another process does. */
    open(): Trust {
      state?.close();
      const opened = state = StateDatabase.open(path, clock);
      const onWarning = (message: string) => warned.push(message);
      return new Trust({ state: () => opened, clock, onWarning });
    },
    async deleteState() {
      state?.close();
      state = undefined;
      for (const suffix of ["", "-wal", "-shm"]) {
        await Deno.remove(path + suffix).catch(() => {});
      }
    },
    async [Symbol.asyncDispose]() {
      state?.close();
      await home.remove();
    },
  };
}

/** All that a home knows, to compare. */
function knowledge(trust: Trust) {
  return trust.identities().map(({ root, newest, revoked }) => ({
    root: toHex(root),
    newest: newest?.item.seq,
    keys: trust.signingKeys(root)?.map(({ key }) => toHex(key)),
    revoked: revoked.map(({ key, sinceMs, reason }) => ({ key: toHex(key), sinceMs, reason })),
  })).sort((a, b) => a.root < b.root ? -1 : 1);
}

Deno.test("a new state.db begins from trust.log", async () => {
  await using _ = await setUp();
  const [bad, good] = [
    await _.identity.certify({ fromMs: NOW }),
    await _.identity.certify({ fromMs: NOW }),
  ];
  const trust = _.open();
  trust.remember(await minimalBy(bad, NOW));
  trust.learnRecord(
    await _.identity.record({
      seq: NOW,
      signingKeys: [good.certificate],
      revokedKeys: [{ key: bad.publicKey, sinceMs: NOW, reason: "copied" }],
    }),
  );
  const before = knowledge(trust);
  await _.deleteState();
  const again = _.open();
  assert.deepEqual(knowledge(again), before);
  assert.equal(again.accepts(await minimalBy(bad, NOW)), false);
  assert.equal(again.accepts(await minimalBy(bad.pair, NOW)), false);
  assert.deepEqual(_.warned, []);
  assert.equal((await Deno.stat(_.log)).mode! & 0o777, 0o600);
});

Deno.test("a line that a killed write has cut off is lost, and no line after it", async () => {
  await using _ = await setUp();
  const keys = Array.from({ length: 3 }, generateKeyPair);
  const records = await Promise.all(keys.map((pair, i) =>
    _.identity.record({
      seq: NOW + i,
      timestampMs: NOW,
      revokedKeys: [{ key: pair.publicKey, sinceMs: NOW }],
    })
  ));
  _.open().learnRecord(records[0]!);
  _.open().learnRecord(records[1]!);
  // The second line was cut off, as if the process had been killed while it wrote it.
  await Deno.truncate(_.log, (await Deno.stat(_.log)).size - 100);
  await _.deleteState();
  const trust = _.open();
  assert.equal(knowledge(trust)[0]!.revoked.length, 1);
  assert.deepEqual(_.warned, []);
  trust.learnRecord(records[2]!);
  assert.equal(_.warned.length, 1);
  assert.match(_.warned[0]!, /1 damaged line of .*trust\.log left out/);
  await _.deleteState();
  const revoked = knowledge(_.open())[0]!.revoked.map(({ key }) => key);
  assert.deepEqual(revoked.sort(), [keys[0]!, keys[2]!].map((one) => toHex(one.publicKey)).sort());
});

Deno.test("damaged, forged and foreign lines are left out with a warning", async () => {
  await using _ = await setUp();
  const trust = _.open();
  const key = generateKeyPair().publicKey;
  trust.learnRecord(
    await _.identity.record({ seq: NOW, revokedKeys: [{ key, sinceMs: NOW }] }),
  );
  const line = (await Deno.readTextFile(_.log)).trim();
  const { record } = JSON.parse(line);
  const bytes = Uint8Array.fromBase64(record);
  bytes[bytes.length - 5]! ^= 1;
  const bad = [
    "not json",
    "null",
    "{}",
    JSON.stringify({ seen: -1, record }),
    JSON.stringify({ seen: NOW, record: bytes.toBase64() }),
    JSON.stringify({ seen: NOW, manifest: "{}" }),
    "\u0000\ufffd",
  ];
  await Deno.writeTextFile(_.log, [...bad, line, ""].join("\n"));
  await _.deleteState();
  assert.equal(knowledge(_.open()).length, 1);
  assert.equal(_.warned.length, 1);
  assert.match(_.warned[0]!, /7 damaged lines/);
});

Deno.test("a lost trust.log is written again from state.db", async () => {
  await using _ = await setUp();
  const bad = await _.identity.certify({ fromMs: NOW });
  const trust = _.open();
  trust.remember(await minimalBy(bad, NOW));
  const revokedKeys = [{ key: bad.publicKey, sinceMs: NOW }];
  trust.learnRecord(await _.identity.record({ seq: NOW, revokedKeys }));
  trust.learnRecord(await _.identity.record({ seq: NOW + 1, timestampMs: NOW }));
  const before = knowledge(trust);
  await Deno.remove(_.log);
  assert.deepEqual(knowledge(_.open()), before);
  await _.deleteState();
  assert.deepEqual(knowledge(_.open()), before);
});

Deno.test("a revocation that could not be written to trust.log is written at the next start", async () => {
  await using _ = await setUp();
  const bad = await _.identity.certify({ fromMs: NOW });
  const trust = _.open();
  trust.identities();
  // A directory in the place of the log fails each write, as a full disk does.
  await Deno.mkdir(_.log);
  const revokedKeys = [{ key: bad.publicKey, sinceMs: NOW }];
  trust.learnRecord(await _.identity.record({ seq: NOW, revokedKeys }));
  assert.match(_.warned.join("\n"), /trust\.log was not written/);
  const before = knowledge(trust);
  assert.equal(before[0]!.revoked.length, 1);
  await Deno.remove(_.log);
  assert.deepEqual(knowledge(_.open()), before);
  await _.deleteState();
  assert.deepEqual(knowledge(_.open()), before);
});

Deno.test("what a home knows does not depend on the order in which it learned it, nor on lost databases", async () => {
  const identities = [new TestIdentity(), new TestIdentity()];
  const keys = await Promise.all(
    identities.map((identity) =>
      Promise.all(Array.from({ length: 3 }, () => identity.certify({ fromMs: NOW })))
    ),
  );
  const recordOf = fc.record({
    whose: fc.nat(1),
    seq: fc.integer({ min: NOW - 2, max: NOW + 2 }),
    timestampMs: fc.constant(NOW),
    inForce: fc.subarray([0, 1, 2]),
    revoked: fc.subarray([0, 1, 2]),
    sinceMs: fc.nat(3),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(recordOf, { minLength: 1, maxLength: 6 }).chain((records) =>
        fc.tuple(
          fc.constant(records),
          fc.shuffledSubarray([...records.keys(), ...records.keys()], {
            minLength: records.length * 2,
          }),
        )
      ),
      fc.nat(5),
      async ([records, order], lostAfter) => {
        const items = await Promise.all(
          records.map(({ whose, seq, timestampMs, inForce, revoked, sinceMs }) =>
            identities[whose]!.record({
              seq,
              timestampMs,
              signingKeys: inForce.filter((one) => !revoked.includes(one))
                .map((one) => keys[whose]![one]!.certificate),
              revokedKeys: revoked.map((one) => ({ key: keys[whose]![one]!.publicKey, sinceMs })),
            })
          ),
        );
        const learn = async (items: readonly MutableItem[], lostAfter = -1) => {
          await using _ = await setUp();
          let trust = _.open();
          for (const [i, item] of items.entries()) {
            trust.learnRecord(item);
            if (i === lostAfter) {
              await _.deleteState();
              trust = _.open();
            }
          }
          return knowledge(trust);
        };
        const once = await learn(items);
        assert.deepEqual(await learn(order.map((i) => items[i]!), lostAfter), once);
        // A revocation in any record is known.
        const revoked = new Set(
          records.flatMap((one) => one.revoked.map((i) => toHex(keys[one.whose]![i]!.publicKey))),
        );
        assert.deepEqual(
          new Set(once.flatMap((one) => one.revoked.map(({ key }) => key))),
          revoked,
        );
      },
    ),
    { numRuns: 25 },
  );
});
