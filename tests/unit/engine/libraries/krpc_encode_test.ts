import assert from "node:assert/strict";
import bencode from "bencode";
import { KrpcEncoder } from "../../../../src/engine/libraries/krpc_encode.ts";

const bytes = (length: number) => new Uint8Array(length).map((_, i) => i * 7);

/** Messages as k-rpc and bittorrent-dht make them, and what a stranger's value may hold. */
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
  ["what is left out", { b: undefined, a: null, c: 1 }],
  ["empty ones", { a: {}, b: [], c: "", d: new Uint8Array() }],
  ["names that are not sorted", { z: 1, aa: 2, a: 3, "": 4, Z: 5 }],
  ["text beyond ASCII", { "ü€😀": "ü€😀", a: ["é"] }],
  ["a dictionary without a prototype", Object.assign(Object.create(null), { a: 1 })],
];

Deno.test("messages are encoded as npm:bencode encodes them, one after the other", () => {
  const encoder = new KrpcEncoder();
  const made = MESSAGES.map(([name, message]) => [name, message, encoder.encode(message)] as const);
  for (const [name, message, encoded] of made) {
    assert.deepEqual([...encoded!], [...bencode.encode(message)], name);
  }
});

Deno.test("the longest message fits, one byte more does not", () => {
  const encoder = new KrpcEncoder();
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
      const wanted = bencode.encode(message);
      const encoded = encoder.encode(message);
      if (wanted.length > 8_192) assert.equal(encoded, undefined);
      else assert.deepEqual([...encoded!], [...wanted]);
    }
  }
});

Deno.test("what is not usual in a message is left to another encoder", () => {
  const encoder = new KrpcEncoder();
  for (
    const odd of [1.5, 2 ** 53, Number.NaN, Infinity, true, 1n, new Map(), new Date(0), [null]]
  ) {
    assert.equal(encoder.encode({ a: odd }), undefined);
    assert.equal(encoder.encode([odd]), undefined);
  }
  assert.equal(encoder.encode(undefined), undefined);
  assert.deepEqual([...encoder.encode({ a: 1 })!], [...bencode.encode({ a: 1 })]);
});
