import assert from "node:assert/strict";
import fc from "fast-check";
import { bdecode, bencode } from "../../../src/bencode/mod.ts";
import {
  decodeGoodList,
  decodePublisherRecord,
  encodeGoodList,
  encodePublisherRecord,
  isGoodList,
  MAX_INLINE_GOOD,
  MAX_REVOKED_KEYS,
  MAX_SIGNING_KEYS,
  MAX_VALUE_BYTES,
  type PublisherRecord,
} from "../../../src/records/mod.ts";

const NOW = Date.UTC(2026, 10, 29);
const key = (number: number) => new Uint8Array(32).fill(number);
const hash = (number: number) => new Uint8Array(16).fill(number);
const record: PublisherRecord = {
  timestampMs: NOW,
  signingKeys: [{ key: key(1), fromMs: NOW }, {
    key: key(2),
    fromMs: NOW,
    untilMs: NOW + 1,
    names: ["a", "b-*"],
  }],
  revokedKeys: [{ key: key(3), sinceMs: NOW, reason: "laptop stolen" }, {
    key: key(4),
    sinceMs: 0,
  }],
  good: [hash(1), hash(2)],
};

Deno.test("a publisher record is read back as it was", () => {
  assert.deepEqual(decodePublisherRecord(encodePublisherRecord(record)), record);
  const { good: _, ...rest } = record;
  const listed = { ...rest, goodList: new Uint8Array(20).fill(7) };
  assert.deepEqual(decodePublisherRecord(encodePublisherRecord(listed)), listed);
  const empty = { timestampMs: 0, signingKeys: [], revokedKeys: [] };
  assert.deepEqual(decodePublisherRecord(encodePublisherRecord(empty)), empty);
});

Deno.test("the most keys without names fit, with the list of good archives as a torrent", () => {
  const value = encodePublisherRecord({
    timestampMs: NOW,
    signingKeys: Array.from({ length: MAX_SIGNING_KEYS }, (_, i) => ({
      key: key(i),
      fromMs: NOW,
      untilMs: NOW,
    })),
    revokedKeys: Array.from({ length: MAX_REVOKED_KEYS }, (_, i) => ({
      key: key(100 + i),
      sinceMs: NOW,
    })),
    goodList: new Uint8Array(20),
  });
  assert(value.length <= MAX_VALUE_BYTES, `${value.length} bytes`);
});

Deno.test("a record that contradicts itself is neither written nor read", () => {
  const both = { ...record, revokedKeys: [{ key: key(1), sinceMs: NOW }] };
  assert.throws(() => encodePublisherRecord(both), { code: "BAD_FIELD", message: /a key twice/ });
  const twice = { ...record, signingKeys: [record.signingKeys[0]!, record.signingKeys[0]!] };
  assert.throws(() => encodePublisherRecord(twice), { code: "BAD_FIELD" });
  const lists = { ...record, goodList: new Uint8Array(20) };
  assert.throws(() => encodePublisherRecord(lists), { code: "BAD_FIELD", message: /two lists/ });
  const one = { f: NOW, k: key(1) };
  for (
    const [value, message] of [
      [{ c: [one, one], t: NOW }, /a key twice/],
      [{ c: [one], r: [{ k: key(1), t: NOW }], t: NOW }, /a key twice/],
      [{ c: [{ f: 2, k: key(1), u: 1 }], t: NOW }, /ends before it begins/],
      [{ c: [{ ...one, n: ["b", "a"] }], t: NOW }, /no name patterns/],
      [{ c: Array.from({ length: 6 }, (_, i) => ({ f: 0, k: key(i) })), t: NOW }, /more than 5/],
      [{ c: [], g: new Uint8Array(15), t: NOW }, /not a sorted list/],
      [{ c: [], r: [{ k: key(1), t: 0, w: "x".repeat(65) }], t: NOW }, /longer than 64/],
      [{ c: [] }, /missing/],
    ] as const
  ) {
    assert.throws(() => decodePublisherRecord(bencode(value)), { code: "BAD_RECORD", message });
  }
});

Deno.test("unknown keys of a record and of its parts are ignored", () => {
  const value = bdecode(encodePublisherRecord(record)) as Map<string, unknown>;
  value.set("zz", 1);
  (value.get("c") as Map<string, unknown>[])[0]!.set("zz", 1);
  assert.deepEqual(decodePublisherRecord(bencode(value as never)), record);
});

Deno.test("more good archives than fit are refused", () => {
  const good = Array.from({ length: MAX_INLINE_GOOD + 1 }, (_, i) => hash(i));
  assert.throws(() => encodePublisherRecord({ ...record, good }), { code: "BAD_FIELD" });
});

Deno.test("a list of good archives is sorted, without repetitions, and read back", () => {
  const bytes16 = fc.uint8Array({ minLength: 16, maxLength: 16 });
  fc.assert(fc.property(fc.array(bytes16, { minLength: 1, maxLength: 40 }), (hashes) => {
    const list = encodeGoodList([...hashes, hashes[0]!]);
    assert(isGoodList(list));
    const distinct = new Set(hashes.map((one) => one.toString()));
    assert.deepEqual(new Set(decodeGoodList(list).map((one) => one.toString())), distinct);
  }));
  assert(!isGoodList(new Uint8Array(0)));
  assert(!isGoodList(new Uint8Array(32)));
});
