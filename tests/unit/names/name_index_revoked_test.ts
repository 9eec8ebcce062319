/** Entries of revoked keys in the index of a name. */

import assert from "node:assert/strict";
import { generateKeyPair } from "../../../src/identity/mod.ts";
import { entryToSign } from "../../../src/names/name_entry.ts";
import { type IndexReader, readNameIndex } from "../../../src/names/name_index.ts";
import {
  dayOf,
  encodeNameIndex,
  nameIndexKeyPair,
  nameIndexSalt,
  nameIndexSlot,
  signNameIndexEntry,
} from "../../../src/records/mod.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { temporaryTrust, TestIdentity } from "../../support/identities.ts";
import { signedItem } from "../../support/signed.ts";

const NOW = Date.UTC(2026, 10, 29, 12);

Deno.test("a thief's newer entry does not hide the publisher's own from readers who know of the theft", async () => {
  const clock = new FakeClock(NOW);
  await using home = await temporaryTrust(clock);
  const identity = new TestIdentity();
  const [stolen, next] = [
    await identity.certify({ fromMs: NOW - 1_000 }),
    await identity.certify({ fromMs: NOW - 1_000 }),
  ];
  const times = { firstSeenMs: NOW - 1_000 };
  const own = await signNameIndexEntry(next, "hello", {
    ...{ ...times, version: "1.0.0", timestampMs: NOW },
  });
  const thief = await signNameIndexEntry(stolen, "hello", {
    ...{ ...times, version: "9.9.9", timestampMs: NOW + 60_000 },
  });
  const slot = nameIndexSlot(own.publicKey);
  const keys = nameIndexKeyPair("hello", dayOf(NOW));
  const salt = nameIndexSalt("hello", slot);
  const [item, older] = [thief, own].map((entry, i) =>
    signedItem(keys, { salt, seq: NOW - i, value: encodeNameIndex([entry]) })
  );
  const counts = { asked: 8, responded: 8, holding: 8, stale: 0, invalid: 0, errors: {} };
  const reader: IndexReader = {
    trust: home.trust,
    lookUp: (key) =>
      Promise.resolve(
        key.publicKey.join() === keys.publicKey.join() && key.salt.join() === salt.join()
          ? { ...counts, kind: "found", item: item!, others: [older!] }
          : { ...counts, kind: "absent" },
      ),
  };
  const read = () => readNameIndex(reader, "hello", clock);
  assert.deepEqual((await read()).entries.map(({ version }) => version), ["9.9.9"]);
  home.trust.learnRecord(
    await identity.record({
      seq: NOW,
      signingKeys: [next.certificate],
      revokedKeys: [{ key: stolen.publicKey, sinceMs: NOW, reason: "copied" }],
    }),
  );
  const { entries, dropped } = await read();
  assert.deepEqual(entries.map(({ version }) => version), ["1.0.0"]);
  assert.match(dropped.join("\n"), /9\.9\.9: the key .* is revoked since .*copied/);
});

Deno.test("a publisher replaces an entry that another key has signed, and is newer than it", async () => {
  const identity = new TestIdentity();
  const [before, now] = [
    await identity.certify({ fromMs: NOW - 1_000 }),
    await identity.certify({ fromMs: NOW - 1_000 }),
  ];
  const entry = await signNameIndexEntry(before, "hello", {
    ...{ version: "1.0.0", firstSeenMs: NOW - 1_000, timestampMs: NOW - 500 },
  });
  assert.equal(await entryToSign(before, "hello", "1.0.0", [entry], NOW), entry);
  const again = await entryToSign(now, "hello", "1.0.0", [entry], NOW, { afterMs: NOW + 7 });
  assert.deepEqual(again.certificate!.key, now.publicKey);
  assert.deepEqual([again.firstSeenMs, again.timestampMs], [NOW - 1_000, NOW + 7]);
  const plain = generateKeyPair();
  const old = await entryToSign(plain, "hello", "1.0.0", [], NOW);
  assert.equal(await entryToSign(plain, "hello", "1.0.0", [old], NOW), old);
});
