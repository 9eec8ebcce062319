import assert from "node:assert/strict";
import {
  type PieceRange,
  requestsBetween,
  SubPiece,
  wholePiece,
} from "../../../../../src/engine/libraries/webtorrent/sub_piece.ts";
import { randomBytes } from "../../../../support/torrents.ts";
import { seededRandom } from "../../../../support/simulated_dht.ts";

const BLOCK = 16_384;
const range = (startBytes: number, endBytes: number): PieceRange => ({ startBytes, endBytes });

Deno.test("what lies between known ranges is requested, long ranges by blocks", () => {
  assert.deepEqual(requestsBetween([range(0, 10), range(20, 25)], 30), [
    range(10, 20),
    range(25, 30),
  ]);
  const known = [range(100, BLOCK + 50), range(BLOCK + 60, 2 * BLOCK)];
  assert.deepEqual(requestsBetween(known, 4 * BLOCK + 1), [
    range(0, 100),
    range(BLOCK + 50, BLOCK + 60),
    range(2 * BLOCK, 3 * BLOCK),
    range(3 * BLOCK, 4 * BLOCK),
    range(4 * BLOCK, 4 * BLOCK + 1),
  ]);
  // A range of one block's length is one request, wherever it begins.
  assert.deepEqual(requestsBetween([range(0, 5), range(5 + BLOCK, 3 * BLOCK)], 3 * BLOCK), [
    range(5, 5 + BLOCK),
  ]);
});

Deno.test("requests and known ranges make up the piece, for any known ranges", () => {
  const random = seededRandom(3);
  for (let n = 0; n < 300; n++) {
    const length = 1 + Math.floor(random() * 10 * BLOCK);
    const known: PieceRange[] = [];
    for (let at = Math.floor(random() * BLOCK); at < length;) {
      const end = Math.min(length, at + 1 + Math.floor(random() * BLOCK));
      known.push(range(at, end));
      at = end + 1 + Math.floor(random() * 2 * BLOCK);
    }
    const requests = requestsBetween(known, length);
    const all = [...known, ...requests].sort((a, b) => a.startBytes - b.startBytes);
    let at = 0;
    for (const { startBytes, endBytes } of all) {
      assert.equal(startBytes, at);
      assert.ok(endBytes > startBytes);
      at = endBytes;
    }
    assert.equal(at, length);
    for (const { startBytes, endBytes } of requests) assert.ok(endBytes - startBytes <= BLOCK);
  }
});

Deno.test("a request is found by its position, and nothing by any other one", () => {
  const known = Array.from({ length: 1_000 }, (_, n) => range(10 + n * 100, 50 + n * 100));
  const piece = new SubPiece(200_000, known, () => {});
  for (const request of piece.requested.keys()) {
    const offset = piece.chunkOffset(request);
    assert.equal(piece.requestAt(offset), request);
    assert.equal(piece.requestAt(offset + 1), -1);
  }
  assert.equal(piece.requestAt(200_000), -1);
});

Deno.test("a piece is filled by requests in any order, and is whole with the known bytes", () => {
  const content = randomBytes(3 * BLOCK, 4);
  const known = [range(5, 100), range(BLOCK, BLOCK + 7), range(3 * BLOCK - 9, 3 * BLOCK)];
  const filled: SubPiece[] = [];
  const piece = new SubPiece(content.length, known, (piece) => filled.push(piece));
  assert.equal(piece.missing, content.length - 95 - 7 - 9);
  assert.equal(piece.knownBytes, 95 + 7 + 9);
  assert.equal(piece.knownEndBytes, 3 * BLOCK);
  for (const request of piece.requested.keys()) {
    const number = piece.requested.length - 1 - request;
    assert.equal(filled.length, 0);
    const offset = piece.chunkOffset(number);
    assert.equal(piece.requestAt(offset), number);
    const bytes = content.subarray(offset, offset + piece.chunkLength(number));
    assert.equal(
      piece.set(number, bytes.subarray(1), "peer"),
      false,
      "another length is not taken",
    );
    assert.equal(piece.set(number, bytes, "peer"), false);
    assert.equal(piece.set(number, new Uint8Array(bytes.length), "late"), false);
  }
  assert.deepEqual(filled, [piece]);
  assert.equal(piece.missing, 0);
  const whole = new Uint8Array(content.length);
  for (const { startBytes, endBytes } of known) {
    whole.set(content.subarray(startBytes, endBytes), startBytes);
  }
  piece.copyTo(whole);
  assert.deepEqual(whole, content);
  assert.equal(piece.flush(), null);
});

Deno.test("a piece that is begun anew knows the same ranges, and a whole one knows none", () => {
  const piece = new SubPiece(100, [range(10, 20)], () => {});
  piece.set(0, new Uint8Array(10), "peer");
  const anew = piece.anew();
  assert.equal(anew.missing, 90);
  assert.deepEqual(anew.requested, piece.requested);
  assert.equal((wholePiece(100) as unknown as { missing: number }).missing, 100);
});
