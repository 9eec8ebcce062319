import assert from "node:assert/strict";
import { byRarity, nearlyInOrder } from "../../../../src/engine/download/piece_order.ts";
import { seededRandom } from "../../../support/simulated_dht.ts";

const KIB = 1024;

function options(pieceLength: number) {
  return { pieceLength, random: seededRandom(7) };
}

/** Returns the lengths of the runs of pieces that follow each other in the order. */
function runsIn(order: readonly number[]): number[] {
  const lengths: number[] = [];
  order.forEach((index, n) => {
    if (n > 0 && order[n - 1] === index - 1) lengths[lengths.length - 1]!++;
    else lengths.push(1);
  });
  return lengths;
}

Deno.test("pieces of 16 KiB are begun in runs of 16, each at a multiple of 16", () => {
  const all = [...Array(4_000).keys()];
  const order = nearlyInOrder(all, options(16 * KIB));
  assert.deepEqual(order.toSorted((a, b) => a - b), all);
  for (let at = 0; at < order.length; at += 16) {
    assert.equal(order[at]! % 16, 0);
    const run = order.slice(at, at + 16);
    assert.deepEqual(run, run.map((_, n) => run[0]! + n));
  }
  assert.notDeepEqual(order, all);
  order.forEach((index, n) => assert.ok(Math.abs(index - n) < 64 * 16));
});

Deno.test("pieces that are missing here and there are begun in shorter runs", () => {
  const some = [...Array(64).keys()].filter((index) => index % 16 !== 5);
  const order = nearlyInOrder(some, options(16 * KIB));
  assert.deepEqual(order.toSorted((a, b) => a - b), some);
  assert.ok(order[order.indexOf(3) + 1] === 4 && order[order.indexOf(14) + 1] === 15);
});

Deno.test("large pieces are shuffled among the next 16 MiB", () => {
  const all = [...Array(100).keys()];
  assert.deepEqual(nearlyInOrder(all, options(16 * KIB * KIB)), all);
  const order = nearlyInOrder(all, options(1024 * KIB));
  assert.notDeepEqual(order, all);
  order.forEach((index, n) => assert.equal(Math.floor(index / 16), Math.floor(n / 16)));
});

Deno.test("the rarest pieces come first, in runs of small ones", () => {
  const all = [...Array(256).keys()];
  const leechers = all.map((index) => index < 128 ? 2 : index < 192 ? 0 : 1);
  const order = byRarity(all, leechers, options(64 * KIB));
  const holders = order.map((index) => leechers[index]!);
  assert.deepEqual(holders, holders.toSorted((a, b) => a - b));
  assert.ok(runsIn(order).every((length) => length % 4 === 0));
  assert.notDeepEqual(order.slice(0, 64), all.slice(128, 192));
});

Deno.test("no pieces make an empty order", () => {
  assert.deepEqual(nearlyInOrder([], options(16 * KIB)), []);
  assert.deepEqual(byRarity([], [], options(16 * KIB)), []);
});
