/**
 * The progress bar of downloads: its first display, its transfer rate and its total.
 *
 * @module
 */

import assert from "node:assert/strict";
import { DownloadBar, type ShownProgress } from "../../../../src/cli/terminal/download_bar.ts";
import type { ProgressState } from "../../../../src/cli/terminal/progress.ts";
import { TransferRate } from "../../../../src/cli/terminal/transfer_rate.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

const MIB = 1 << 20;

/** Makes a progress bar and collects its output. */
function newBar() {
  const clock = new FakeClock();
  const drawn: ProgressState[] = [];
  const steps: string[] = [];
  let ended = 0;
  const bar = new DownloadBar({
    progress: () => ({ update: (state) => void drawn.push(state), end: () => void ended++ }),
    step: (message) => void steps.push(message),
  }, clock);
  const at = (downloadedBytes: number, checking = false): ShownProgress => ({
    downloadedBytes,
    lengthBytes: 100 * MIB,
    checking,
  });
  return { bar, clock, drawn, steps, at, ended: () => ended };
}

Deno.test("the bar of a resumed download starts at its resumed position and shows the remaining time", async () => {
  const { bar, clock, drawn, steps, at } = newBar();
  // Simulate the start of a resumed download: the engine verifies 60 MiB of an existing partial
  // file within half a second.
  for (const bytes of [0, 30 * MIB, 60 * MIB]) {
    bar.update("a", "hello@1.0.0", at(bytes, true));
    await clock.advance(250);
  }
  assert.equal(drawn.length, 0);
  assert.equal(steps.at(-1), "verifying the partial download of hello@1.0.0");
  for (let second = 0; second <= 4; second++) {
    bar.update("a", "hello@1.0.0", at((60 + second) * MIB));
    await clock.advance(1_000);
  }
  assert.equal(drawn[0]!.doneBytes, 60 * MIB);
  // A transfer rate cannot be computed from a single sample.
  assert.equal(drawn[0]!.bytesPerSecond, undefined);
  assert.equal(drawn.at(-1)!.bytesPerSecond, MIB);
  assert.equal(drawn.at(-1)!.label, "hello@1.0.0");
});

Deno.test("the bar of an update starts at what was copied, and its rate is that of the network", async () => {
  const { bar, clock, drawn, at } = newBar();
  const shown = (copied: number, fetched: number, bytes = copied + fetched) => ({
    ...at(bytes * MIB),
    ...{ reusedBytes: copied * MIB, fetchedBytes: fetched * MIB },
  });
  // The engine counts copied bytes once it has verified them.
  bar.update("a", "hello@1.1.0", shown(80, 1, 1));
  assert.equal(drawn.at(-1)!.doneBytes, 80 * MIB);
  for (let second = 1; second <= 4; second++) {
    await clock.advance(1_000);
    bar.update("a", "hello@1.1.0", shown(80, 1 + second));
  }
  assert.equal(drawn.at(-1)!.doneBytes, 85 * MIB);
  assert.equal(drawn.at(-1)!.bytesPerSecond, MIB);
});

Deno.test("concurrent downloads share one bar, whose total never shrinks", async () => {
  const { bar, clock, drawn, at, ended } = newBar();
  bar.update("a", "a@1.0.0", at(0));
  bar.update("b", "b@1.0.0", at(0));
  await clock.advance(1_000);
  bar.update("a", "a@1.0.0", at(100 * MIB));
  bar.update("b", "b@1.0.0", at(10 * MIB));
  assert.deepEqual(
    [drawn.at(-1)!.label, drawn.at(-1)!.doneBytes, drawn.at(-1)!.totalBytes],
    ["2 packages", 110 * MIB, 200 * MIB],
  );
  bar.end("a");
  await clock.advance(1_000);
  bar.update("b", "b@1.0.0", at(20 * MIB));
  assert.deepEqual(
    [drawn.at(-1)!.label, drawn.at(-1)!.doneBytes, drawn.at(-1)!.bytesPerSecond],
    ["b@1.0.0", 120 * MIB, 10 * MIB],
  );
  assert.equal(ended(), 0);
  bar.end("b");
  assert.equal(ended(), 1);
});

Deno.test("a rate covers the last seconds, and is undefined during the first second", () => {
  const rate = new TransferRate();
  rate.add(500, 0);
  assert.equal(rate.bytesPerSecond, undefined);
  rate.add(600, 999);
  assert.equal(rate.bytesPerSecond, undefined);
  rate.add(1_500, 1_000);
  assert.equal(rate.bytesPerSecond, 1_000);
  // The download stalls, so the displayed rate drops to zero within ten seconds.
  for (let ms = 2_000; ms <= 12_000; ms += 1_000) rate.add(1_500, ms);
  assert.equal(rate.bytesPerSecond, 0);
});

Deno.test("discarded bytes or a clock set back restart the rate", () => {
  const rate = new TransferRate();
  rate.add(1_000, 10_000);
  rate.add(2_000, 11_000);
  rate.add(500, 12_000);
  assert.equal(rate.bytesPerSecond, undefined);
  rate.add(1_500, 13_000);
  assert.equal(rate.bytesPerSecond, 1_000);
  rate.add(1_500, 2_000);
  assert.equal(rate.bytesPerSecond, undefined);
});
