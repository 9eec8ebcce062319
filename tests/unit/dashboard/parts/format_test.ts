import assert from "node:assert/strict";
import {
  formatAgo,
  formatBytes,
  formatCount,
  formatDuration,
  formatNumber,
  formatShare,
  formatSpeed,
  shortenKey,
} from "../../../../src/dashboard/parts/format.ts";

Deno.test("sizes have one decimal, and never 1024 of a unit", () => {
  assert.equal(formatBytes(0), "0 B");
  assert.equal(formatBytes(1_023), "1023 B");
  assert.equal(formatBytes(1_536), "1.5 KiB");
  assert.equal(formatBytes(1_048_570), "1.0 MiB");
  assert.equal(formatSpeed(10 * 2 ** 20), "10.0 MiB/s");
});

Deno.test("numbers have separators, and nouns agree", () => {
  assert.equal(formatNumber(1_234_567), "1,234,567");
  assert.equal(formatCount(1, "peer"), "1 peer");
  assert.equal(formatCount(1_000, "entry", "entries"), "1,000 entries");
});

Deno.test("a share of 100 % means all", () => {
  assert.equal(formatShare(0, 0), "–");
  assert.equal(formatShare(999, 1_000), "99 %");
  assert.equal(formatShare(1_000, 1_000), "100 %");
});

Deno.test("durations have their two largest units", () => {
  assert.equal(formatDuration(0), "0 s");
  assert.equal(formatDuration(61_000), "1 min 1 s");
  assert.equal(formatDuration(3 * 86_400_000 + 4 * 3_600_000 + 59_000), "3 d 4 h");
  assert.equal(formatAgo(0, 120_000), "2 min ago");
  assert.equal(formatAgo(7_200_000, 0), "in 2 h");
  assert.equal(formatAgo(0, 400), "now");
});

Deno.test("keys are shortened to both ends, short texts not at all", () => {
  assert.equal(shortenKey("ed25519:AbCdEfGhIjKlMnOpQrStUvWxYz12345="), "ed25519:AbCdEfGh…345=");
  assert.equal(shortenKey("abc"), "abc");
});
