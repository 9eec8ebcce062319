/**
 * Lines of the daemon's log.
 *
 * @module
 */

import assert from "node:assert/strict";
import { LibreseedError } from "../../../../src/base/mod.ts";
import {
  type LogEntry,
  type LogStyle,
  renderLogEntry,
} from "../../../../src/cli/terminal/log_line.ts";
import { Output, type OutputOptions } from "../../../../src/cli/terminal/output.ts";
import type { LogLevel } from "../../../../src/config/mod.ts";
import { fakeIo } from "../../../support/fake_io.ts";

const timeMs = Date.UTC(2026, 10, 28, 21, 55, 1, 123);
const time = "2026-11-28T21:55:01.123Z";
const entry: LogEntry = { timeMs, level: "warn", message: "one\ntwo\x1b[2J" };

Deno.test("a text line begins with time and level, and control characters are escaped", () => {
  assert.equal(renderLogEntry(entry, "text"), `${time} warn  one\ntwo\\u{1b}[2J`);
  const info = { ...entry, level: "info", message: "m" } as const;
  assert.equal(renderLogEntry(info, "text"), `${time} info  m`);
  assert.equal(renderLogEntry(info, "text", true), `${time} info  m`);
  const error = { ...info, level: "error" } as const;
  assert.equal(renderLogEntry(error, "text", true), `${time} \x1b[31merror\x1b[39m m`);
});

Deno.test("journal lines have a priority and no time", () => {
  assert.equal(renderLogEntry(entry, "journal"), "<4>one\n<4>two\\u{1b}[2J");
  const priorities = (["error", "warn", "info", "debug"] as const)
    .map((level) => renderLogEntry({ timeMs, level, message: "m" }, "journal"));
  assert.deepEqual(priorities, ["<3>m", "<4>m", "<6>m", "<7>m"]);
});

Deno.test("a JSON line is one object with time, level, message and the error's code, kind and detail", () => {
  assert.deepEqual(JSON.parse(renderLogEntry(entry, "json")), {
    ...{ time, level: "warn", message: "one\ntwo\x1b[2J" },
  });
  const error = {
    name: "X",
    code: "GONE",
    kind: "not-found",
    message: "m",
    detail: { a: 1 },
  } as const;
  const line = renderLogEntry({ timeMs, level: "error", message: "m", error }, "json");
  assert(!line.includes("\n"));
  assert.deepEqual(JSON.parse(line), {
    ...{ time, level: "error", message: "m" },
    error: { code: "GONE", kind: "not-found", detail: { a: 1 } },
  });
});

/** Returns the lines that a command prints on standard error if it logs one message per level. */
function logged(
  logLevel: LogLevel,
  options: Partial<OutputOptions> = {},
  style: LogStyle = "text",
) {
  const io = fakeIo();
  io.nowMs = timeMs;
  const { stdout, stderr, clock } = io;
  const output = new Output({ stdout, stderr, env: {}, clock, ...options });
  output.logAs({ level: () => logLevel, style: () => style });
  output.detail("d");
  output.notice("n");
  output.warning("w");
  output.error(new LibreseedError("failed", "X", "e"));
  return { lines: stderr.text.trimEnd().split("\n"), output, stdout };
}

Deno.test("a log prints lines up to its level; -q prints warnings and errors, -v all and the causes of errors", () => {
  const [d, n, w, e] = ["debug d", "info  n", "warn  w", "error e"].map((text) =>
    `${time} ${text}`
  );
  assert.deepEqual(logged("debug").lines, [d, n, w, e]);
  assert.deepEqual(logged("info").lines, [n, w, e]);
  assert.deepEqual(logged("error").lines, [e]);
  assert.deepEqual(logged("info", { quiet: true }).lines, [w, e]);
  assert.deepEqual(logged("error", { quiet: true }).lines, [e]);
  const verbose = logged("error", { verbose: true }).lines;
  assert.deepEqual(verbose.slice(0, 4), [d, n, w, e]);
  assert.equal(verbose[4], "  LibreseedError: e");
});

Deno.test("results are unchanged in text logs, and JSON objects with the same text in JSON logs", () => {
  const text = logged("info");
  text.output.result({ ready: true }, "ready: port 1");
  assert.equal(text.stdout.text, "ready: port 1\n");
  const json = logged("info", {}, "json");
  json.output.result({ ready: true, port: 1 }, "ready: port 1");
  assert.deepEqual(JSON.parse(json.stdout.text), {
    ...{ time, level: "info", message: "ready: port 1" },
    ...{ ready: true, port: 1 },
  });
});
