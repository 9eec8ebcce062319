import assert from "node:assert/strict";
import { generateKeyPair, keyPairFromSeed } from "../../../src/identity/mod.ts";
import { newestRecord } from "../../../src/keys/publisher_change.ts";
import {
  encodePublisherRecord,
  type PublisherRecord,
  publisherSalt,
  signItem,
} from "../../../src/records/mod.ts";

const root = keyPairFromSeed(new Uint8Array(32).fill(1));
const [a, b] = [generateKeyPair().publicKey, generateKeyPair().publicKey];
const itemOf = (seq: number, record: Omit<PublisherRecord, "timestampMs">) =>
  signItem(root, {
    salt: publisherSalt(),
    seq,
    value: encodePublisherRecord({ timestampMs: 1, ...record }),
  });
const inForce = (...keys: Uint8Array[]) => keys.map((key) => ({ key, fromMs: 1 }));

Deno.test("of two records with one sequence number the one with the greater bytes counts", async () => {
  const one = await itemOf(5, { signingKeys: inForce(a), revokedKeys: [] });
  const two = await itemOf(5, { signingKeys: inForce(a, b), revokedKeys: [] });
  const greater = [one, two].sort((x, y) => Number(x.value.toHex() < y.value.toHex()) || -1)[0]!;
  for (const items of [[one, two], [two, one]]) {
    const { record, seq } = newestRecord(items)!;
    assert.equal(seq, 5);
    assert.deepEqual(
      encodePublisherRecord(record),
      new Uint8Array(greater.value),
    );
  }
  assert.equal(newestRecord([]), undefined);
});

Deno.test("a revocation in any of the records is kept, and its key is not in force", async () => {
  const revoking = await itemOf(5, {
    signingKeys: [],
    revokedKeys: [{ key: b, sinceMs: 1, reason: "stolen" }],
  });
  const forgetting = await itemOf(9, { signingKeys: inForce(a, b), revokedKeys: [] });
  for (const items of [[revoking, forgetting], [forgetting, revoking]]) {
    const { record, seq } = newestRecord(items)!;
    assert.equal(seq, 9);
    assert.deepEqual(record.signingKeys.map(({ key }) => key), [a]);
    assert.deepEqual(record.revokedKeys.map(({ key, reason }) => [key, reason]), [[b, "stolen"]]);
  }
});
