import assert from "node:assert/strict";
import npmBencode from "bencode";
import { utf8 } from "../../../src/base/mod.ts";
import { bencode, BencodeEncoder, Encoded, tryBencode } from "../../../src/bencode/mod.ts";

const bytes = (length: number) => new Uint8Array(length).map((_, i) => i * 7);

/** Makes an encoder with the options that the engine uses for DHT messages. */
const messageEncoder = () => new BencodeEncoder({ maxBytes: 8_192, omitMissing: true });

/**
 * Messages as npm:k-rpc and npm:bittorrent-dht make them, and values that an untrusted node may
 * send.
 */
const MESSAGES: [name: string, message: unknown][] = [
  ["a query", { t: bytes(2), y: "q", q: "get", a: { target: bytes(20), id: bytes(20) } }],
  ["a put", {
    y: "q",
    q: "put",
    t: bytes(2),
    a: { v: bytes(300), token: bytes(20), sig: bytes(64), seq: 1_790_000_000_000, k: bytes(32) },
  }],
  ["an answer", { t: bytes(2), y: "r", r: { id: bytes(20), nodes: bytes(208), token: bytes(20) } }],
  ["an error", { t: bytes(2), y: "e", e: [203, "no such thing, it says"] }],
  ["numbers", { v: [0, -1, 2 ** 31, 2 ** 31 - 1, -(2 ** 31) - 1, 2 ** 53 - 1, -(2 ** 53) + 1] }],
  ["missing members", { b: undefined, a: null, c: 1 }],
  ["empty values", { a: {}, b: [], c: "", d: new Uint8Array() }],
  ["keys that are not sorted", { z: 1, aa: 2, a: 3, "": 4, Z: 5 }],
  ["text beyond ASCII", { "ü€😀": "ü€😀", a: ["é"] }],
  ["a dictionary without a prototype", Object.assign(Object.create(null), { a: 1 })],
];

Deno.test("an encoder writes one message after the other as npm:bencode writes them", () => {
  const encoder = messageEncoder();
  for (const [name, message] of MESSAGES) {
    assert.deepEqual([...encoder.encode(message)!], [...npmBencode.encode(message)], name);
  }
});

Deno.test("an encoding of maxBytes is made, and none that is one byte longer", () => {
  const encoder = messageEncoder();
  const longest = 8_192 - "5:".length - 3;
  assert.equal(encoder.encode(bytes(longest))?.length, 8_192);
  assert.equal(encoder.encode(bytes(longest + 1)), undefined);
  for (
    const kind of [
      (part: string) => [part, part],
      (part: string) => ({ a: part, b: part }),
      (part: string) => ({ [part]: part }),
      (part: string) => [part + "é", part],
    ]
  ) {
    for (let length = 4_070; length < 4_100; length++) {
      const message = kind("x".repeat(length));
      const wanted = npmBencode.encode(message);
      const encoded = encoder.encode(message);
      if (wanted.length > 8_192) assert.equal(encoded, undefined);
      else assert.deepEqual([...encoded!], [...wanted]);
    }
  }
});

Deno.test("a value without a form is not encoded, and the next one is", () => {
  const encoder = messageEncoder();
  for (
    const odd of [1.5, 2 ** 53, Number.NaN, Infinity, true, 1n, new Date(0), [null], "\ud800"]
  ) {
    assert.equal(encoder.encode({ a: odd }), undefined);
    assert.equal(encoder.encode([odd]), undefined);
  }
  assert.equal(encoder.encode(undefined), undefined);
  assert.deepEqual([...encoder.encode({ a: 1 })!], [...npmBencode.encode({ a: 1 })]);
});

Deno.test("a bencoded part is written as it is", () => {
  const part = bencode({ z: 1 });
  assert.deepEqual(bencode({ v: new Encoded(part), a: "x" }), utf8("d1:a1:x1:vd1:zi1eee"));
});

Deno.test("a map is written as the dictionary of its keys", () => {
  assert.deepEqual(bencode(new Map([["b", 1], ["a", 2]])), bencode({ a: 2, b: 1 }));
  assert.equal(tryBencode(new Map([[1, 2]])), undefined);
});

Deno.test("values longer than the kept buffer are encoded whole", () => {
  for (const length of [8_189, 8_190, 20_000, 1_000_000]) {
    const value = { a: [bytes(length), "x"], b: bytes(length) };
    assert.deepEqual(bencode(value), new Uint8Array(npmBencode.encode(value)), `${length}`);
  }
  assert.deepEqual(bencode("short"), utf8("5:short"));
});

Deno.test("an earlier encoding is not changed by a later one", () => {
  const first = bencode("first");
  bencode("later");
  assert.deepEqual(first, utf8("5:first"));
});
