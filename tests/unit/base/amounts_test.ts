/**
 * Formatting of numbers of bytes and of things.
 *
 * @module
 */

import assert from "node:assert/strict";
import { formatBytes, formatCount } from "../../../src/base/mod.ts";

Deno.test("formatBytes uses the largest unit that leaves a non-zero integer part", () => {
  const cases: [number, string][] = [
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1.0 KiB"],
    [1536, "1.5 KiB"],
    [1024 ** 2 - 1, "1.0 MiB"],
    [10 * 1024 ** 2, "10.0 MiB"],
    [3.5 * 1024 ** 4, "3.5 TiB"],
    [5000 * 1024 ** 5, "5000.0 PiB"],
  ];
  for (const [bytes, text] of cases) assert.equal(formatBytes(bytes), text);
});

Deno.test("formatCount has an s unless there is one thing", () => {
  assert.deepEqual([0, 1, 2].map((count) => formatCount(count, "file")), [
    "0 files",
    "1 file",
    "2 files",
  ]);
});
