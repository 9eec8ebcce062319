/**
 * The publisher record of a home's identity comes into the DHT before what its keys sign. The DHT is
 * fake.
 *
 * @module
 */

import assert from "node:assert/strict";
import { LibreseedError, systemClock } from "../../../src/base/mod.ts";
import { bencode } from "../../../src/bencode/mod.ts";
import type { Operations } from "../../../src/control/operations.ts";
import { generateKeyPair, type Signer } from "../../../src/identity/mod.ts";
import type { PublisherContext } from "../../../src/publishing/context.ts";
import {
  putPublisherRecord,
  putPublisherRecordOnce,
} from "../../../src/publishing/publisher_record.ts";
import { encodeItem, type MutableItem, publisherSalt, signItem } from "../../../src/records/mod.ts";
import { TestIdentity } from "../../support/identities.ts";
import { nobodyMet } from "../../support/fake_rendezvous.ts";

const identity = new TestIdentity();
const key = await identity.certify();
const old = await identity.record({ seq: 1_000, signingKeys: [key.certificate] });
const newer = await identity.record({ seq: 2_000, signingKeys: [key.certificate] });

/** Makes a fake DHT that shows one item, and a home that keeps one. */
function world({ shown, kept }: { shown?: MutableItem; kept?: MutableItem } = {}) {
  const stored: unknown[] = [];
  const warnings: string[] = [];
  let [lookups, fails] = [0, false];
  const operations = {
    ...nobodyMet,
    lookUp() {
      lookups++;
      return Promise.resolve({ item: shown, others: [], asked: 8, responded: 8 });
    },
    keptItem: () => Promise.resolve({ item: kept }),
    store(request: unknown) {
      if (fails) return Promise.reject(new LibreseedError("network", "DHT_UNREACHABLE", "no node"));
      stored.push(request);
      return Promise.resolve({ holding: 8 });
    },
  } as unknown as Operations;
  const context = {
    operations,
    clock: systemClock,
    onWarning: (message: string) => void warnings.push(message),
  } as unknown as PublisherContext;
  return { context, stored, warnings, lookups: () => lookups, fail: () => fails = true };
}

const withBytes = (publisherRecord: Uint8Array): Signer => ({ ...key, publisherRecord });
const withRecord = (item: MutableItem): Signer => withBytes(encodeItem(item));

Deno.test("the record beside the key is put, unless the home keeps it or a newer one", async () => {
  const first = world();
  await putPublisherRecord(first.context, withRecord(old));
  assert.deepEqual(first.stored, [
    { item: old, record: { kind: "publisher" }, later: undefined },
  ]);
  for (const kept of [old, newer]) {
    const { context, stored } = world({ kept });
    await putPublisherRecord(context, withRecord(old));
    assert.deepEqual(stored, []);
  }
});

Deno.test("a newer record in the DHT is kept in place of that beside the key", async () => {
  const { context, stored } = world({ shown: newer, kept: old });
  await putPublisherRecord(context, withRecord(old));
  assert.deepEqual(stored, [{ item: newer, record: { kind: "publisher" }, later: undefined }]);
});

Deno.test("a machine that has only a certified key keeps the record that the DHT shows", async () => {
  const { context, stored } = world({ shown: old });
  await putPublisherRecord(context, key);
  assert.equal(stored.length, 1);
  const none = world();
  await putPublisherRecord(none.context, key);
  assert.equal(none.stored.length, 0);
  assert.match(none.warnings.join(), /readers who know the identity only find nothing/);
});

Deno.test("a key that was revoked, or is not in force, does not publish", async () => {
  const revoked = await identity.record({
    seq: 3_000,
    revokedKeys: [{ key: key.publicKey, sinceMs: 1, reason: "stolen\u001b[2J" }],
  });
  const gone = await identity.record({ seq: 3_000 });
  for (
    const [item, message] of [
      [revoked, /is revoked \("stolen\\u001b\[2J"\).*key rotate/],
      [gone, /is not among the keys .*key rotate/],
    ] as const
  ) {
    const { context, stored } = world({ shown: item });
    await assert.rejects(putPublisherRecord(context, withRecord(old)), {
      code: "KEY_WITHDRAWN",
      message,
    });
    // The home keeps the record, and so learns of the revocation.
    assert.deepEqual(stored, [{ item, record: { kind: "publisher" }, later: undefined }]);
  }
});

Deno.test("a record that another key has signed is refused, and names the file", async () => {
  const other = await new TestIdentity().record({ seq: 9_000, signingKeys: [key.certificate] });
  const [foreign, cut] = [encodeItem(other), encodeItem(old).slice(1)];
  for (const bytes of [foreign, cut, new Uint8Array(3)]) {
    await assert.rejects(putPublisherRecord(world().context, withBytes(bytes)), {
      code: "PUBLISHER_RECORD_INVALID",
      message: /publisher\.record/,
    });
  }
});

Deno.test("a record beside the key that contradicts itself is refused with the reason", async () => {
  const { publicKey } = key;
  const value = bencode({ c: [{ f: 0, k: publicKey }], r: [{ k: publicKey, t: 0 }], t: 1 });
  const item = await signItem(identity.root, { salt: publisherSalt(), seq: 3_000, value });
  await assert.rejects(putPublisherRecord(world().context, withRecord(item)), {
    code: "PUBLISHER_RECORD_INVALID",
    message: /publisher\.record .*it names a key twice/,
  });
});

Deno.test("without the DHT the record is a warning's matter, and a key without a root has none", async () => {
  const { context, warnings, fail } = world();
  fail();
  await putPublisherRecord(context, withRecord(old));
  assert.match(warnings.join(), /libreseed announce/);
  const { context: bare, lookups } = world();
  await putPublisherRecord(bare, generateKeyPair());
  assert.equal(lookups(), 0);
});

Deno.test("one command puts the record once", async () => {
  const { context, lookups } = world();
  const signer = withRecord(old);
  await Promise.all([1, 2, 3].map(() => putPublisherRecordOnce(context, signer)));
  assert.equal(lookups(), 1);
});
