import assert from "node:assert/strict";
import { WantedPieces } from "../../../../src/engine/download/wanted_pieces.ts";

const PIECE = 100;

function wantedOf(wanted: WantedPieces, pieceLength = PIECE): number[] {
  return [...Array(20).keys()].filter((index) => wanted.has(index, pieceLength));
}

Deno.test("all pieces are wanted unless a number of bytes was named", () => {
  const wanted = new WantedPieces();
  assert.equal(wanted.isPart, false);
  assert.equal(wantedOf(wanted).length, 20);
});

Deno.test("the pieces of a beginning are wanted, and more when it is widened", () => {
  const wanted = new WantedPieces(101);
  assert.equal(wanted.isPart, true);
  assert.deepEqual(wantedOf(wanted), [0, 1]);
  assert.equal(wanted.widen(50), false);
  assert.equal(wanted.widen(300), true);
  assert.deepEqual(wantedOf(wanted), [0, 1, 2]);
});

Deno.test("the pieces that hold ranges are wanted until the wish is taken back", () => {
  const wanted = new WantedPieces(0);
  const first = wanted.add([
    { start: 550, end: 701 },
    { start: 200, end: 300 },
    { start: 299, end: 301 },
    { start: 400, end: 400 },
  ]);
  assert.deepEqual(wantedOf(wanted), [2, 3, 5, 6, 7]);
  const second = wanted.add([{ start: 0, end: 1 }, { start: 250, end: 251 }]);
  assert.deepEqual(wantedOf(wanted), [0, 2, 3, 5, 6, 7]);
  first();
  assert.deepEqual(wantedOf(wanted), [0, 2]);
  second();
  assert.deepEqual(wantedOf(wanted), []);
});

Deno.test("ranges that were wanted before the piece length is known count as well", () => {
  const wanted = new WantedPieces(0);
  wanted.add([{ start: 550, end: 701 }]);
  assert.deepEqual(wantedOf(wanted, 1_000), [0]);
  assert.deepEqual(wantedOf(wanted, 100), [5, 6, 7]);
});

Deno.test("a range without an end wants all pieces after its start", () => {
  const wanted = new WantedPieces(0);
  wanted.add([{ start: 1_750, end: Infinity }, { start: 1_800, end: 1_810 }]);
  assert.deepEqual(wantedOf(wanted), [17, 18, 19]);
});
