/**
 * Formatting of durations, tables and untrusted text.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { formatDuration, jsonLine, printable } from "../../../../src/cli/terminal/format.ts";
import { fitTable, formatTable } from "../../../../src/cli/terminal/table.ts";

Deno.test("formatDuration uses at most two units", () => {
  const cases: [number, string][] = [
    [0, "0ms"],
    [999, "999ms"],
    [1_000, "1s"],
    [59_400, "59s"],
    [59_600, "1m00s"],
    [185_000, "3m05s"],
    [7_620_000, "2h07m"],
    [273_600_000, "3d04h"],
  ];
  for (const [ms, text] of cases) assert.equal(formatDuration(ms), text);
});

Deno.test("a table lines up its columns and leaves no spaces at line ends", () => {
  assert.equal(
    formatTable([["NAME", "SIZE", "NOTE"], ["a", "12", ""], ["längere", "3", "x"]]),
    "NAME     SIZE  NOTE\na        12\nlängere  3     x",
  );
  assert.equal(formatTable([]), "");
  assert.equal(formatTable([["a"], ["b", "c"]]), "a\nb  c");
});

Deno.test("printable escapes control characters", () => {
  assert.equal(printable("a\x1b[31mb"), "a\\u{1b}[31mb");
  assert.equal(printable("a\nb\rc"), "a\\u{a}b\\u{d}c");
  assert.equal(printable("x\u{9b}31m\x7f\0"), "x\\u{9b}31m\\u{7f}\\u{0}");
  assert.equal(printable("exe\u202Efdp"), "exe\\u{202e}fdp");
  assert.equal(printable("a\u2028b"), "a\\u{2028}b");
  assert.equal(printable("a\u200fb\u061c"), "a\\u{200f}b\\u{61c}");
});

Deno.test("printable keeps ordinary text of any script", () => {
  for (const text of ["päck age\t1", "パッケージ", "👩‍💻", "شبكة", ""]) {
    assert.equal(printable(text), text);
  }
});

Deno.test("printable text is one line without control characters, for any input", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    // deno-lint-ignore no-control-regex -- they must not be there
    assert(!/[\x00-\x08\x0a-\x1f\x7f-\x9f]/.test(printable(text)));
  }));
});

Deno.test("a line of JSON escapes what a terminal would interpret, and keeps ordinary text", () => {
  const name = "\u{9b}31m\u{85}\x7f \u{202e}fdp\u{2069}\u{200f}\u{61c}\u{2028} пакет 👩‍💻";
  assert.equal(
    jsonLine({ [name]: "a\tb" }),
    '{"\\u009b31m\\u0085\\u007f \\u202efdp\\u2069\\u200f\\u061c\\u2028 пакет 👩‍💻":"a\\tb"}',
  );
});

Deno.test("a line of JSON is read as the value that was written, for any value", () => {
  fc.assert(fc.property(fc.jsonValue({ stringUnit: "binary" }), (value) => {
    const line = jsonLine(value);
    assert.equal(JSON.stringify(JSON.parse(line)), JSON.stringify(value));
    assert(!/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u.test(line), line);
  }));
});

Deno.test("a row that is too wide continues below, without loss", () => {
  const rows = [["alpha@1.0.0", "1234", "seeding", "ed25519:" + "A".repeat(44)], [
    "b",
    "5",
    "idle",
  ]];
  const lines = formatTable(rows, 40).split("\n");
  assert.deepEqual(lines, [
    "alpha@1.0.0  1234  seeding",
    `  ed25519:${"A".repeat(44)}`,
    "b            5     idle",
  ]);
  assert.equal(formatTable(rows, 80), formatTable(rows));
  const narrow = formatTable(rows, 15);
  for (const cell of rows.flat()) assert(narrow.includes(cell), cell);
  assert.equal(formatTable([["key", "value that is long"]], 10), "key\n  value that is long");
});

Deno.test("rows for a screen are cut at its edge, one line each", () => {
  assert.deepEqual(fitTable([["dht", "on, but no node answers"], ["port", "1"]], 12), [
    "dht  on, bu…",
    "port  1",
  ]);
  assert.deepEqual(fitTable([["a", "two\nlines"], ["b", "1"]], 40), ["a  two lines", "b  1"]);
  for (let columns = 1; columns < 30; columns++) {
    for (const line of fitTable([["problem", "ä".repeat(40)]], columns)) {
      assert([...line].length <= columns, `${columns}: ${line}`);
    }
  }
});
