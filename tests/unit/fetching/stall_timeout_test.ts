import assert from "node:assert/strict";
import type { DownloadProgress } from "../../../src/engine/mod.ts";
import { downloadUntilStalled } from "../../../src/fetching/stall_timeout.ts";
import { FakeClock } from "../../support/fake_clock.ts";

const progressAt = (downloadedBytes: number, reusedBytes: number) =>
  ({ downloadedBytes, reusedBytes, lengthBytes: 100, webSeeds: [] }) as unknown as DownloadProgress;

Deno.test("copied bytes restart the stall timeout as downloaded ones do", async () => {
  const clock = new FakeClock();
  let tell!: (progress: DownloadProgress) => void;
  const outcome = downloadUntilStalled(
    {
      download: (_request, { signal, onEvent } = {}) => {
        tell = onEvent!;
        return new Promise((_, reject) =>
          signal!.addEventListener("abort", () => reject(signal!.reason))
        );
      },
      status: () => Promise.reject(new Error("The host has gone")),
    },
    { clock, timeoutMs: 1_000 },
    {
      request: { infoHash: "ab".repeat(20), maxBytes: 100, webSeeds: [] },
      ...{ label: "a@1.0.0", hasRecord: true, onProgress() {} },
    },
  ).then(() => "done", ({ code }) => code);
  let ended: unknown;
  void outcome.then((how) => ended = how);
  for (const progress of [progressAt(10, 0), progressAt(10, 40), progressAt(10, 80)]) {
    await clock.advance(900);
    tell(progress);
  }
  await clock.advance(900);
  assert.equal(ended, undefined);
  // The same progress again is none.
  tell(progressAt(10, 80));
  await clock.advance(200);
  assert.equal(await outcome, "NO_PEERS");
});
