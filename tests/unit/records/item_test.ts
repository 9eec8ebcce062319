import assert from "node:assert/strict";
import { fromHex, fromUtf8, toHex, utf8 } from "../../../src/base/mod.ts";
import { keyPairFromSeed, recordBytes } from "../../../src/identity/mod.ts";
import { bencode } from "../../../src/bencode/mod.ts";
import {
  immutableTarget,
  MAX_SALT_BYTES,
  MAX_VALUE_BYTES,
  type MutableItem,
  nextSeq,
  RecordError,
  signItem,
  targetOf,
  verifyItem,
} from "../../../src/records/mod.ts";
import bep44 from "../../vectors/bep44.json" with { type: "json" };

const pair = keyPairFromSeed(new Uint8Array(32).fill(7));
const none = new Uint8Array(0);
const value = bencode({ hello: "world" });

function isCode(code: string): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof RecordError);
    assert.equal(error.code, code);
    return true;
  };
}

/** Makes a bencoded byte string whose encoding has exactly `bytes` bytes, between 103 and 1,003. */
const valueOf = (bytes: number) => bencode(new Uint8Array(bytes - 4));

for (const vector of bep44.mutable) {
  const item: MutableItem = {
    publicKey: fromHex(vector.publicKeyHex)!,
    salt: fromHex(vector.saltHex)!,
    seq: vector.seq,
    value: fromHex(vector.valueHex)!,
    signature: fromHex(vector.signatureHex)!,
  };
  Deno.test(`BEP 44's own test vector holds: ${vector.name}`, () => {
    assert.equal(fromUtf8(recordBytes(item)), vector.signable);
    assert.equal(toHex(targetOf(item.publicKey, item.salt)), vector.targetHex);
    assert.equal(verifyItem(item), true);
  });
  Deno.test(`BEP 44's own test vector fails when anything is changed: ${vector.name}`, () => {
    for (const key of ["publicKey", "value", "signature"] as const) {
      const changed = item[key].slice();
      changed[changed.length - 1]! ^= 1;
      assert.equal(verifyItem({ ...item, [key]: changed }), false, key);
    }
    assert.equal(verifyItem({ ...item, seq: 2 }), false);
    assert.equal(verifyItem({ ...item, salt: utf8("foobaz") }), false);
  });
}

Deno.test("BEP 44's own test vector holds: immutable", () => {
  for (const { valueHex, targetHex } of bep44.immutable) {
    assert.equal(toHex(immutableTarget(fromHex(valueHex)!)), targetHex);
  }
});

Deno.test("a signed item verifies, with a salt and without", async () => {
  for (const salt of [none, utf8("salt"), new Uint8Array(MAX_SALT_BYTES)]) {
    const item = await signItem(pair, { salt, seq: 1_763_800_000_000, value });
    assert.equal(verifyItem(item), true);
    assert.deepEqual(item.publicKey, pair.publicKey);
  }
});

Deno.test("a value of 1,000 bytes is signed, one of 1,001 is not", async () => {
  assert.equal(valueOf(MAX_VALUE_BYTES).length, 1000);
  assert.ok(verifyItem(await signItem(pair, { salt: none, seq: 0, value: valueOf(1000) })));
  await assert.rejects(
    signItem(pair, { salt: none, seq: 0, value: valueOf(1001) }),
    isCode("VALUE_TOO_LARGE"),
  );
});

Deno.test("a salt of 65 bytes is not signed", async () => {
  const salt = new Uint8Array(MAX_SALT_BYTES + 1);
  await assert.rejects(signItem(pair, { salt, seq: 0, value }), isCode("BAD_FIELD"));
});

for (const seq of [-1, 0.5, NaN, Infinity, 2 ** 53]) {
  Deno.test(`the sequence number ${seq} is not signed and does not verify`, async () => {
    await assert.rejects(signItem(pair, { salt: none, seq, value }), isCode("BAD_FIELD"));
    const signature = pair.signBytes(recordBytes({ salt: none, seq, value }));
    assert.equal(
      verifyItem({ publicKey: pair.publicKey, salt: none, seq, value, signature }),
      false,
    );
  });
}

Deno.test("a value that is not bencode is not signed", async () => {
  await assert.rejects(
    signItem(pair, { salt: none, seq: 0, value: utf8("hello") }),
    isCode("BAD_BENCODE"),
  );
  await assert.rejects(signItem(pair, { salt: none, seq: 0, value: none }), isCode("BAD_BENCODE"));
});

Deno.test("an item beyond the limits does not verify, though its signature is good", () => {
  const signed = (salt: Uint8Array, value: Uint8Array): MutableItem => ({
    publicKey: pair.publicKey,
    salt,
    seq: 1,
    value,
    signature: pair.signBytes(recordBytes({ salt, seq: 1, value })),
  });
  assert.equal(verifyItem(signed(none, valueOf(1000))), true);
  assert.equal(verifyItem(signed(none, valueOf(1001))), false);
  assert.equal(verifyItem(signed(new Uint8Array(65), value)), false);
});

Deno.test("keys and signatures of wrong lengths do not verify", async () => {
  const item = await signItem(pair, { salt: none, seq: 1, value });
  for (const length of [0, 31, 33, 64]) {
    assert.equal(verifyItem({ ...item, publicKey: new Uint8Array(length) }), false);
  }
  for (const length of [0, 63, 65]) {
    assert.equal(verifyItem({ ...item, signature: new Uint8Array(length) }), false);
  }
});

Deno.test("the next sequence number is the time, or one more than the stored one", () => {
  assert.equal(nextSeq(1000), 1000);
  assert.equal(nextSeq(1000, 5), 1000);
  assert.equal(nextSeq(1000, 999), 1000);
  assert.equal(nextSeq(1000, 1000), 1001);
  assert.equal(nextSeq(1000, 5000), 5001);
  assert.equal(nextSeq(1000.9), 1000);
});

Deno.test("there is no sequence number after the last", () => {
  assert.equal(nextSeq(0, Number.MAX_SAFE_INTEGER - 1), Number.MAX_SAFE_INTEGER);
  assert.throws(() => nextSeq(0, Number.MAX_SAFE_INTEGER), isCode("SEQ_EXHAUSTED"));
});
