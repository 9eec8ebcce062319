import assert from "node:assert/strict";
import npmBencode from "bencode";
import fc from "fast-check";
import { applyReplacements } from "../../../../../src/engine/libraries/mod.ts";
import { concatBytes, utf8 } from "../../../../../src/base/mod.ts";
import { bencode } from "../../../../../src/bencode/mod.ts";

applyReplacements();

for (const text of ["d-3:", "d1:m-5:", "l-3:e", "-2:", "d+1:a0:e", "d.:e", "d", "l", "d1:a", "x"]) {
  Deno.test(`npm:bencode refuses ${JSON.stringify(text)} instead of looping or guessing`, () => {
    assert.throws(() => npmBencode.decode(utf8(text)), /Invalid data|not a number/);
  });
}

Deno.test("npm:bencode still decodes valid bencode", () => {
  const value = { a: 1, b: [utf8("x"), { c: new Uint8Array() }], d: -5 };
  assert.deepEqual(npmBencode.decode(bencode(value)), value);
});

Deno.test("npm:bencode ends on any input", () => {
  const piece = fc.constantFrom(..."d l e i : - 0 1 2 3 9 . + d-3: l-2: 4:ping i5e".split(" "));
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      try {
        npmBencode.decode(concatBytes(...pieces.map(utf8)));
      } catch (error) {
        assert.ok(error instanceof Error);
      }
    }),
    { numRuns: 5_000 },
  );
});
