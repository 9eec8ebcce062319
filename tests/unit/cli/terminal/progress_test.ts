/**
 * Rendering of the progress bar.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { renderProgress, shorten } from "../../../../src/cli/terminal/progress.ts";

const MiB = 1024 ** 2;

Deno.test("a bar shows name, progress, rate and remaining time", () => {
  const state = {
    doneBytes: 4 * MiB,
    totalBytes: 10 * MiB,
    bytesPerSecond: 2 * MiB,
    note: "3 peers",
  };
  assert.equal(
    renderProgress("demo-1.0.0.tgz", state, 120),
    "demo-1.0.0.tgz  [############------------------]   40%  4.0 MiB of 10.0 MiB  2.0 MiB/s  3s left  3 peers",
  );
});

Deno.test("without a total there is no bar and no remaining time", () => {
  const state = { doneBytes: 1536, bytesPerSecond: 1024 };
  assert.equal(renderProgress("demo", state, 80), "demo  1.5 KiB  1.0 KiB/s");
});

Deno.test("a bar shows 100 % only for a complete transfer", () => {
  const line = renderProgress("x", { doneBytes: 9_999, totalBytes: 10_000 }, 80);
  assert(line.includes(" 99%") && line.includes("#-]"), line);
  const full = renderProgress("x", { doneBytes: 10_000, totalBytes: 10_000 }, 80);
  assert(full.includes("100%") && full.includes("##]"), full);
  assert(renderProgress("x", { doneBytes: 0, totalBytes: 0 }, 80).includes("100%"));
});

for (
  const [columns, line] of [
    [70, "a-rather-long-name   50%  5.0 MiB of 10.0 MiB  1.0 MiB/s  5s left"],
    [60, "a-rather-long-name   50%  5.0 MiB of 10.0 MiB  1.0 MiB/s"],
    [50, "a-rather-long-name   50%  5.0 MiB of 10.0 MiB"],
    [40, "a-rather-long-name  [######------]   50%"],
    [20, "a-rather-long…   50%"],
    [14, "a-rathe…   50%"],
    [8, "a-rathe…"],
  ] as const
) {
  Deno.test(`in ${columns} columns the name and the percentage stay, and figures are dropped from the right`, () => {
    const state = { doneBytes: 5 * MiB, totalBytes: 10 * MiB, bytesPerSecond: MiB };
    assert.equal(renderProgress("a-rather-long-name", state, columns), line);
  });
}

Deno.test("a remaining time above 100 days is not shown", () => {
  const state = { doneBytes: 0, totalBytes: 10 * MiB, bytesPerSecond: 0.1 };
  assert(!renderProgress("x", state, 120).includes("left"));
});

Deno.test("shorten cuts the end of a line", () => {
  assert.equal(shorten("looking for lodash@^4", 12), "looking for…".slice(0, 11) + "…");
  assert.equal(shorten("short", 12), "short");
});

Deno.test("control characters in names and notes are escaped", () => {
  assert(!renderProgress("a\x1b[2Jb\r", { doneBytes: 1, note: "\x1b[0m" }, 80).includes("\x1b"));
});

Deno.test("a line is never wider than the terminal", () => {
  const state = fc.record({
    doneBytes: fc.nat(),
    totalBytes: fc.option(fc.nat(), { nil: undefined }),
    bytesPerSecond: fc.option(fc.nat(), { nil: undefined }),
    note: fc.option(fc.string(), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.string(), state, fc.integer({ min: 1, max: 200 }), (label, state, columns) => {
      const line = renderProgress(label, state, columns);
      assert([...line].length <= columns, `${[...line].length} > ${columns}: ${line}`);
    }),
  );
});
