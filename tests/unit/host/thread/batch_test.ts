import assert from "node:assert/strict";
import { Batch } from "../../../../src/host/thread/batch.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

Deno.test("items are written together within a second, in order, or at once when the batch is full", async () => {
  const clock = new FakeClock();
  const written: number[][] = [];
  const errors: unknown[] = [];
  const full = new Error("disk full");
  const batch = new Batch<number>({
    clock,
    write(items) {
      if (items.includes(-1)) throw full;
      written.push(items);
    },
    onError: (error) => errors.push(error),
  });
  batch.add(1);
  batch.add(2);
  await clock.advance(500);
  assert.deepEqual(written, []);
  await clock.advance(500);
  assert.deepEqual(written.splice(0), [[1, 2]]);
  batch.flush();
  assert.equal(written.length, 0);
  for (let i = 0; i < 500; i++) batch.add(i);
  assert.deepEqual(written.splice(0).map(({ length }) => length), [500]);
  // Entries that could not be written are reported and not tried again.
  batch.add(-1);
  await clock.advance(1_000);
  batch.add(3);
  batch.flush();
  assert.deepEqual([errors, written, clock.timers], [[full], [[3]], 0]);
});

Deno.test("an item with a longer delay waits for it, or is written with an earlier one", async () => {
  const clock = new FakeClock();
  const written: number[][] = [];
  const batch = new Batch<number>({
    clock,
    write: (items) => written.push(items),
    onError: (error) => assert.fail(String(error)),
  });
  batch.add(1, 30_000);
  await clock.advance(10_000);
  batch.add(2, 30_000);
  await clock.advance(20_000);
  assert.deepEqual(written.splice(0), [[1, 2]]);
  batch.add(3, 30_000);
  batch.add(4);
  await clock.advance(1_000);
  assert.deepEqual([written, clock.timers], [[[3, 4]], 0]);
});
