import assert from "node:assert/strict";
import fc from "fast-check";
import { concatBytes, utf8 } from "../../../src/base/mod.ts";
import {
  bdecode,
  bencode,
  BencodeScanner,
  type BValue,
  MALFORMED,
} from "../../../src/bencode/mod.ts";

const endOf = (text: string) => new BencodeScanner(utf8(text)).valueEnd(0, 0);

const anyValue = fc.letrec<{ value: BValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.maxSafeInteger(),
    fc.uint8Array({ maxLength: 20 }),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.string({ maxLength: 5 }), tie("value"), { noNullPrototype: true }),
  ),
})).value;

Deno.test("the end of every encoded value is found, whatever follows it", () => {
  fc.assert(fc.property(anyValue, fc.uint8Array({ maxLength: 5 }), (value, tail) => {
    const bytes = bencode(value);
    const scanner = new BencodeScanner(concatBytes(bytes, tail));
    assert.equal(scanner.valueEnd(0, 0), bytes.length);
  }));
});

Deno.test("the members of a dictionary are found where they are", () => {
  const bytes = utf8("xd1:ai-5e2:bb3:abc1:cl1:xee");
  const members = new BencodeScanner(bytes).dictionary(1)!;
  assert.deepEqual([...members.keys()], ["a", "bb", "c"]);
  const shown = [...members.values()].map(({ kind, start, end, length }) =>
    [String.fromCharCode(kind), bytes.slice(start, end), length] as const
  );
  assert.deepEqual(shown, [["i", utf8("i-5e"), 0], ["0", utf8("3:abc"), 3], [
    "l",
    utf8("l1:xe"),
    0,
  ]]);
});

Deno.test("a value is malformed if it is cut off, or has no length, digits or end", () => {
  for (
    const text of ["", "x", "i", "ie", "i-e", "i1", "l", "li1e", "d", "d1:a", "d1:ae", "di1ei2ee"]
  ) assert.equal(endOf(text), MALFORMED, text);
  for (const text of ["3:ab", "3", ":", "-3:abc", "d-3:", "l-2:e", "9999999999:", "999999999:a"]) {
    assert.equal(endOf(text), MALFORMED, text);
  }
  assert.equal(endOf(`i${"1".repeat(21)}e`), MALFORMED);
});

Deno.test("unsorted and repeated keys, leading zeros and minus zero are accepted", () => {
  for (const text of ["d1:bi1e1:ai2ee", "d1:ai1e1:ai2ee", "i007e", "i-0e", "003:abc"]) {
    assert.equal(endOf(text), text.length, text);
    assert.throws(() => bdecode(utf8(text)), { code: "BAD_BENCODE" });
  }
});

Deno.test("nesting beyond 32 levels is malformed, however deep it is", () => {
  const nested = (levels: number) => "l".repeat(levels) + "e".repeat(levels);
  assert.equal(endOf(nested(33)), 66);
  assert.equal(endOf(nested(34)), MALFORMED);
  assert.equal(endOf("l".repeat(60_000)), MALFORMED);
});

Deno.test("a key of more than 64 bytes is listed under the empty text", () => {
  const members = new BencodeScanner(bencode({ ["k".repeat(65)]: 1, ["m".repeat(64)]: 2 }));
  assert.deepEqual([...members.dictionary(0)!.keys()], ["m".repeat(64), ""].sort());
});

Deno.test("a flat list holds integers and byte strings only", () => {
  const flat = (text: string) => {
    const bytes = utf8(`d1:e${text}e`);
    const scanner = new BencodeScanner(bytes);
    return scanner.isFlatList(scanner.dictionary(0)!.get("e")!);
  };
  for (const text of ["le", "li1e3:abce"]) assert.equal(flat(text), true, text);
  for (const text of ["llee", "li1edee", "de", "i1e", "3:abc"]) {
    assert.equal(flat(text), false, text);
  }
});
