import assert from "node:assert/strict";
import { eachLimited } from "../../../src/base/mod.ts";

const turn = () => new Promise<void>((resolve) => queueMicrotask(resolve));

Deno.test("every item is worked on in order, never more than the limit at a time", async () => {
  const begun: number[] = [];
  let underWay = 0;
  let most = 0;
  await eachLimited([1, 2, 3, 4, 5, 6, 7], 3, undefined, async (item) => {
    begun.push(item);
    most = Math.max(most, ++underWay);
    for (let i = 0; i < 8 - item; i++) await turn();
    underWay--;
  });
  assert.deepEqual(begun, [1, 2, 3, 4, 5, 6, 7]);
  assert.equal(most, 3);
});

Deno.test("a failure aborts the work under way, begins nothing more, and is thrown at the end", async () => {
  const ended: number[] = [];
  const begun: number[] = [];
  const work = async (item: number, signal: AbortSignal) => {
    begun.push(item);
    if (item === 1) throw new Error("first");
    while (!signal.aborted) await turn();
    ended.push(item);
    throw new Error("later");
  };
  await assert.rejects(eachLimited([1, 2, 3, 4, 5], 3, undefined, work), { message: "first" });
  assert.deepEqual([begun, ended], [[1, 2, 3], [2, 3]]);
});

Deno.test("the outer signal ends the work with its reason", async () => {
  const outer = new AbortController();
  const begun: number[] = [];
  const work = async (item: number, signal: AbortSignal) => {
    begun.push(item);
    if (item === 2) outer.abort(new Error("enough"));
    while (!signal.aborted) await turn();
  };
  await assert.rejects(eachLimited([1, 2, 3], 2, outer.signal, work), { message: "enough" });
  assert.deepEqual(begun, [1, 2]);
});

Deno.test("items that are added while others are worked on are taken too", async () => {
  const items = [1];
  const done: number[] = [];
  await eachLimited(items, 2, undefined, async (item) => {
    if (item < 4) items.push(item + 1);
    await turn();
    done.push(item);
  });
  assert.deepEqual(done, [1, 2, 3, 4]);
});
