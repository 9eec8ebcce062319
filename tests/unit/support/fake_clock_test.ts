import assert from "node:assert/strict";
import { join } from "node:path";
import { delay } from "../../../src/base/mod.ts";
import { whenAborted } from "../../support/aborts.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { temporaryHome } from "../../support/mod.ts";

Deno.test("a timer that is due at once fires by itself, others only when the time is advanced", async () => {
  const clock = new FakeClock(1_000);
  let fired = 0;
  clock.after(1, () => fired++);
  await delay(clock, 0);
  clock.after(0, () => fired += 10).cancel();
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual([fired, clock.now(), clock.timers], [0, 1_000, 1]);
  await clock.advance(1);
  assert.deepEqual([fired, clock.now(), clock.timers], [1, 1_001, 0]);
});

Deno.test("a promise that waits for a file, and not for a timer, is waited for", async () => {
  await using home = await temporaryHome();
  const clock = new FakeClock();
  const path = join(home.path, "file");
  const slow = async () => {
    await new Promise((resolve) => setTimeout(resolve, 30));
    await Deno.writeTextFile(path, "text");
    await delay(clock, 5_000);
    return await Deno.readTextFile(path);
  };
  assert.equal(await clock.until(slow()), "text");
  await assert.rejects(clock.until(delay(clock, 11), 10), /has not settled after 10 ms/);
});

Deno.test("an abort that came before its listener is heard", () => {
  const end = new AbortController();
  let heard = 0;
  whenAborted(end.signal, () => heard++);
  end.abort();
  whenAborted(end.signal, () => heard++);
  whenAborted(undefined, () => heard++);
  assert.equal(heard, 2);
});
