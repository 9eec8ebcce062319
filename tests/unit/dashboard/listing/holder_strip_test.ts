import assert from "node:assert/strict";
import fc from "fast-check";
import { holderCellsOf, holderWords, MAX_CELLS } from "../../../../src/dashboard/listing/mod.ts";

/** The cells as a text: `#` holds, `+` answered, `-` silent. */
function drawn(holding: number, asked: number, responded: number): string {
  const signs = { holds: "#", answered: "+", silent: "-" };
  return holderCellsOf({ holding, asked, responded }).map((cell) => signs[cell]).join("");
}

Deno.test("a strip has a cell for each asked node, holders first", () => {
  assert.equal(drawn(3, 8, 5), "###++---");
  assert.equal(drawn(8, 8, 8), "########");
  assert.equal(drawn(0, 4, 1), "+---");
  assert.equal(drawn(0, 0, 0), "");
});

Deno.test("many nodes share cells, and a kind of which there is one keeps a cell", () => {
  const strip = drawn(98, 100, 99);
  assert.equal(strip.length, MAX_CELLS);
  assert.match(strip, /^#+\+-$/);
  assert.match(drawn(1, 100, 100), /^#\++$/);
  assert.match(drawn(0, 100, 1), /^\+-+$/);
});

Deno.test("counts that contradict each other are cut", () => {
  assert.equal(drawn(9, 4, 0), "####");
  assert.equal(drawn(2, 4, 99), "##++");
});

Deno.test("a strip never has more cells than nodes or than fit, and holds at most what is held", () => {
  fc.assert(fc.property(fc.nat(300), fc.nat(300), fc.nat(300), (holding, asked, responded) => {
    const cells = holderCellsOf({ holding, asked, responded });
    assert.equal(cells.length, Math.min(asked, MAX_CELLS));
    assert.equal(cells.includes("holds"), holding > 0 && asked > 0);
  }));
});

Deno.test("the words count what the cells show", () => {
  const words = holderWords({ holding: 3, asked: 8, responded: 5 });
  assert.equal(words, "3 of 8 nodes hold it, 2 answered without it, 3 did not answer");
  assert.equal(holderWords({ holding: 8, asked: 8, responded: 8 }), "8 of 8 nodes hold it");
  assert.equal(holderWords({ holding: 0, asked: 0, responded: 0 }), "Not announced yet");
});
