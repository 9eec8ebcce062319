import assert from "node:assert/strict";
import npmBencode from "bencode";
import fc from "fast-check";
import { fromUtf8, toHex, utf8 } from "../../../src/base/mod.ts";
import { bdecode, bencode, BencodeError, type BValue } from "../../../src/bencode/mod.ts";

const encoded = (value: BValue) => fromUtf8(bencode(value));

function assertRefused(bytes: Uint8Array | string, says: RegExp, maxBytes?: number): void {
  const input = typeof bytes === "string" ? utf8(bytes) : bytes;
  assert.throws(() => bdecode(input, maxBytes === undefined ? {} : { maxBytes }), (error) => {
    assert.ok(error instanceof BencodeError);
    assert.equal(error.code, "BAD_BENCODE");
    assert.equal(error.kind, "verification");
    assert.equal(typeof error.detail.offset, "number");
    assert.match(error.message, says);
    return true;
  });
}

/** Generates any value that bencode can express, with dictionaries as maps and text as bytes. */
const anyValue = fc.letrec<{ value: BValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.maxSafeInteger(),
    fc.uint8Array({ maxLength: 20 }),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.uniqueArray(fc.tuple(fc.string({ unit: "binary", maxLength: 5 }), tie("value")), {
      maxLength: 4,
      selector: ([key]) => key,
    }).map((pairs) => new Map(pairs)),
  ),
})).value;

Deno.test("values are encoded as BEP 3 says", () => {
  assert.equal(encoded(0), "i0e");
  assert.equal(encoded(-0), "i0e");
  assert.equal(encoded(-42), "i-42e");
  assert.equal(encoded(Number.MAX_SAFE_INTEGER), "i9007199254740991e");
  assert.equal(encoded(""), "0:");
  assert.equal(encoded("spam"), "4:spam");
  assert.equal(encoded("é"), "2:é");
  assert.equal(encoded(["spam", ["a"], []]), "l4:spaml1:aelee");
  assert.equal(encoded({}), "de");
  assert.equal(encoded({ spam: "eggs", cow: "moo" }), "d3:cow3:moo4:spam4:eggse");
  assert.equal(encoded(new Map([["b", 1], ["a", 2]])), "d1:ai2e1:bi1ee");
});

Deno.test("dictionary keys are sorted by bytes, not by UTF-16 units", () => {
  // In UTF-8, U+FF5E (EF BD 9E) sorts before U+1F600 (F0 9F 98 80). In UTF-16, U+1F600 (D83D …)
  // sorts before U+FF5E.
  assert.equal(encoded({ "\u{1F600}": 1, "\uFF5E": 2 }), "d3:\uFF5Ei2e4:\u{1F600}i1ee");
});

Deno.test("a key named __proto__ is a key like any other", () => {
  const bytes = utf8("d9:__proto__i1ee");
  const map = bdecode(bytes);
  assert.ok(map instanceof Map);
  assert.equal(map.get("__proto__"), 1);
  assert.deepEqual(bencode(map), bytes);
});

Deno.test("what bencode has no form for is refused", () => {
  const values = [1.5, NaN, Infinity, 2 ** 53, null, undefined, true, 1n, "\ud800", () => 1];
  for (const value of values) {
    for (const nested of [value, [value], { key: value }]) {
      assert.throws(
        () => bencode(nested as BValue),
        (error) => error instanceof BencodeError && error.code === "BAD_FIELD",
        String(value),
      );
    }
  }
});

Deno.test("encoding stops at 16 levels, as decoding does", () => {
  const nest = (levels: number) => {
    let value: BValue = 1;
    for (let i = 0; i < levels; i++) value = [value];
    return value;
  };
  assert.equal(bencode(nest(16)).length, 35);
  assert.throws(() => bencode(nest(17)), BencodeError);
});

Deno.test("byte strings come back as copies", () => {
  const bytes = utf8("3:abc");
  const value = bdecode(bytes) as Uint8Array;
  bytes[2] = 0;
  assert.equal(fromUtf8(value), "abc");
});

const refusals: [string, RegExp][] = [
  ["", /end/],
  ["x", /no bencode/],
  ["i", /end/],
  ["ie", /no bencode/],
  ["i1", /e that ends/],
  ["i01e", /leading zero/],
  ["i00e", /leading zero/],
  ["i-0e", /minus zero/],
  ["i-01e", /leading zero/],
  ["i--1e", /no bencode/],
  ["i+1e", /no bencode/],
  ["i 1e", /no bencode/],
  ["i1.5e", /e that ends/],
  ["i9007199254740992e", /2\^53/],
  ["i-9007199254740992e", /2\^53/],
  ["i99999999999999999999e", /too many digits/],
  ["3:ab", /too early/],
  ["3", /colon/],
  ["03:abc", /leading zero/],
  ["-1:a", /no bencode/],
  ["999999999:a", /too early/],
  ["9999999999:a", /too many digits/],
  ["l", /end/],
  ["li1e", /end/],
  ["d", /end/],
  ["d1:a", /end/],
  ["d1:ae", /no bencode/],
  ["di1ei2ee", /no bencode/],
  ["d1:bi1e1:ai2ee", /not in order/],
  ["d1:ai1e1:ai2ee", /repeated/],
  ["d2:aai1e1:ai2ee", /not in order/],
  ["i1ei2e", /after the end/],
  ["dee", /after the end/],
  ["e", /no bencode/],
];
for (const [text, says] of refusals) {
  Deno.test(`bad bencode is refused: ${JSON.stringify(text)}`, () => assertRefused(text, says));
}

Deno.test("a key that is not UTF-8 is refused", () => {
  assertRefused(Uint8Array.of(0x64, 0x31, 0x3a, 0xff, 0x69, 0x31, 0x65, 0x65), /UTF-8/);
});

Deno.test("a key's byte order mark is part of it", () => {
  const map = bdecode(utf8("d3:\ufeffi1ee")) as Map<string, unknown>;
  assert.deepEqual([...map.keys()], ["\ufeff"]);
});

Deno.test("more levels than 16 are refused, however many there are", () => {
  const nested = (levels: number) => "l".repeat(levels) + "e".repeat(levels);
  assert.ok(bdecode(utf8(nested(17))));
  assertRefused(nested(18), /16 deep/);
  assertRefused("l".repeat(60_000), /16 deep/);
  assertRefused("d1:a".repeat(15_000), /16 deep/);
});

Deno.test("more bytes than allowed are refused before any is read", () => {
  assert.ok(bdecode(utf8("3:abc"), { maxBytes: 5 }));
  assertRefused("3:abc", /more than the 4/, 4);
  assertRefused(new Uint8Array(65_537), /more than the 65536/);
});

Deno.test("a huge length allocates nothing", () => {
  assertRefused("l" + "999999999:".repeat(10), /too early/);
});

Deno.test("decoding gives back what was encoded", () => {
  fc.assert(fc.property(anyValue, (value) => {
    assert.deepEqual(bdecode(bencode(value)), value);
  }));
});

Deno.test("npm:bencode writes the same bytes", () => {
  // npm:bencode sorts dictionary keys as UTF-16, so this test uses only ASCII keys.
  const ascii = fc.dictionary(
    fc.string({ unit: "grapheme-ascii", maxLength: 6 }),
    fc.oneof(fc.maxSafeInteger(), fc.string(), fc.array(fc.string())),
    { noNullPrototype: true },
  );
  fc.assert(fc.property(ascii, (value) => {
    assert.equal(toHex(bencode(value)), toHex(npmBencode.encode(value)));
  }));
});

Deno.test("whatever is decoded encodes to the very same bytes, whatever was damaged", () => {
  const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(anyValue, damage, (value, changes) => {
      const bytes = bencode(value);
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
      let decoded;
      try {
        decoded = bdecode(bytes);
      } catch (error) {
        assert.ok(error instanceof BencodeError);
        return;
      }
      assert.deepEqual(bencode(decoded), bytes);
    }),
    { numRuns: 2000 },
  );
});
