import assert from "node:assert/strict";
import { generateKeyPair } from "../../../src/identity/mod.ts";
import { bencode } from "../../../src/bencode/mod.ts";
import {
  decodeItem,
  encodeItem,
  encodeSeq,
  MAX_ITEM_BYTES,
  type MutableItem,
  RecordError,
  targetOf,
  targetOfBytes,
  verifyItem,
} from "../../../src/records/mod.ts";
import { signedItem } from "../../support/signed.ts";

function item(saltLength: number, valueLength: number, seq = 7): MutableItem {
  return {
    publicKey: crypto.getRandomValues(new Uint8Array(32)),
    salt: crypto.getRandomValues(new Uint8Array(saltLength)),
    seq,
    value: crypto.getRandomValues(new Uint8Array(valueLength)),
    signature: crypto.getRandomValues(new Uint8Array(64)),
  };
}

Deno.test("an item comes back from its bytes as it was, whatever its lengths and seq are", () => {
  const cases = [[0, 1, 0], [32, 300, 1_780_000_000_000], [64, 1_000, Number.MAX_SAFE_INTEGER]];
  for (const [saltLength, valueLength, seq] of cases) {
    const given = item(saltLength!, valueLength!, seq);
    const bytes = encodeItem(given);
    assert.equal(bytes.length, 105 + saltLength! + valueLength!);
    assert.deepEqual(decodeItem(bytes), given);
  }
  assert.equal(encodeItem(item(64, 1_000)).length, MAX_ITEM_BYTES);
});

Deno.test("a signed item still verifies after it was serialised", () => {
  const signed = signedItem(generateKeyPair(), {
    salt: new Uint8Array(3),
    seq: 5,
    value: bencode(1),
  });
  assert(verifyItem(decodeItem(encodeItem(signed))));
});

Deno.test("the target of serialised items is that of their key and salt", () => {
  for (const saltLength of [0, 20, 64]) {
    const given = item(saltLength, 50);
    assert.deepEqual(targetOfBytes(encodeItem(given)), targetOf(given.publicKey, given.salt));
  }
});

Deno.test("an item is read from the middle of a longer buffer", () => {
  const given = item(10, 20);
  const bytes = encodeItem(given);
  const longer = new Uint8Array(bytes.length + 20);
  longer.set(bytes, 7);
  assert.deepEqual(decodeItem(longer.subarray(7, 7 + bytes.length)), given);
});

Deno.test("the bytes of an earlier seq sort before those of a later one", () => {
  const seqs = [0, 1, 255, 256, 2 ** 31, 2 ** 32, 2 ** 53 - 1];
  const hexes = seqs.map((seq) => encodeSeq(seq).toHex());
  assert.deepEqual([...hexes].sort(), hexes);
  for (const seq of [0.5, NaN]) assert.throws(() => encodeSeq(seq), RangeError);
});

Deno.test("bytes that are no item are refused", () => {
  const whole = encodeItem(item(64, 1_000));
  const tooLongSalt = whole.slice();
  tooLongSalt[104] = 65;
  const seqTooHigh = whole.slice();
  seqTooHigh[97] = 0xff;
  const noValue = encodeItem({ ...item(20, 0) });
  const bad = [
    new Uint8Array(),
    whole.subarray(0, 104),
    whole.subarray(0, 105 + 64),
    new Uint8Array([...whole, 0]),
    tooLongSalt,
    seqTooHigh,
    noValue,
  ];
  for (const bytes of bad) {
    assert.throws(
      () => decodeItem(bytes),
      (error) => error instanceof RecordError && error.code === "BAD_RECORD",
    );
  }
});
