/**
 * The output of a command: the stream to which it is written, and its format.
 *
 * @module
 */

import assert from "node:assert/strict";
import { LibreseedError } from "../../../../src/base/mod.ts";
import { OutputClosed } from "../../../../src/cli/process/errors.ts";
import { Output, type OutputOptions, wantsColor } from "../../../../src/cli/terminal/output.ts";
import { fakeIo } from "../../../support/fake_io.ts";

function make(options: Partial<OutputOptions> & { terminal?: boolean } = {}) {
  const io = fakeIo();
  io.stdout.isTerminal = io.stderr.isTerminal = options.terminal ?? false;
  const { stdout, stderr, clock } = io;
  return { io, output: new Output({ stdout, stderr, env: {}, clock, ...options }) };
}

Deno.test("a result goes to standard output, as text or as one line of JSON", () => {
  const text = make();
  text.output.result({ a: 1 }, "one\ttwo");
  assert.equal(text.io.stdout.text, "one\ttwo\n");
  const json = make({ json: true });
  json.output.result({ a: "x\ny" }, "one");
  assert.equal(json.io.stdout.text, '{"a":"x\\ny"}\n');
  assert.equal(text.io.stderr.text + json.io.stderr.text, "");
});

Deno.test("a result without text is printed only with --json", () => {
  const { io, output } = make();
  output.result({ a: 1 }, undefined);
  assert.equal(io.stdout.text, "");
});

Deno.test("control characters of a name are escaped on a terminal and unchanged in a pipe", () => {
  const pipe = make();
  pipe.output.result({}, "a\x1b[2Jb");
  assert.equal(pipe.io.stdout.text, "a\x1b[2Jb\n");
  const terminal = make({ terminal: true });
  terminal.output.result({}, "a\x1b[2Jb\nc");
  assert.equal(terminal.io.stdout.text, "a\\u{1b}[2Jb\nc\n");
});

Deno.test("with --json, and in a log of JSON, no line has a character that a terminal interprets", () => {
  const text = "\u{9b}31m \u{202e}fdp";
  const json = make({ json: true, verbose: true });
  json.output.result({ [text]: text }, text);
  json.output.notice(text);
  json.output.warning(text);
  json.output.error(new LibreseedError("failed", "X", text, { detail: { text } }));
  const log = make();
  log.output.logAs({ style: () => "json", level: () => "debug" });
  log.output.result({ text }, text);
  log.output.error(new LibreseedError("failed", "X", text, { detail: { text } }));
  for (const { stdout, stderr } of [json.io, log.io]) {
    for (const line of `${stdout.text}${stderr.text}`.trimEnd().split("\n")) {
      assert(!/[\u{80}-\u{9f}\u{202e}]/u.test(line), line);
      assert(JSON.stringify(JSON.parse(line)).includes(text), line);
    }
  }
});

Deno.test("quiet leaves results, warnings and errors; verbose adds details", () => {
  const say = (options: Partial<OutputOptions>) => {
    const { io, output } = make(options);
    output.notice("note");
    output.detail("detail");
    output.warning("careful");
    output.error(new LibreseedError("failed", "X", "broken"));
    return io.stderr.text;
  };
  assert.equal(say({}), "note\nlibreseed: warning: careful\nlibreseed: broken\n");
  assert.equal(say({ quiet: true }), "libreseed: warning: careful\nlibreseed: broken\n");
  assert(say({ verbose: true }).startsWith("note\ndetail\nlibreseed: warning: careful\n"));
});

Deno.test("with --json every line of standard error is an object too", () => {
  const { io, output } = make({ json: true, verbose: true });
  output.notice("n\u2028");
  output.detail("d");
  output.warning("w");
  output.error(new LibreseedError("not-found", "GONE", "m", { detail: { name: "x" } }));
  const lines = io.stderr.text.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(lines.slice(0, 3), [
    { notice: { message: "n\u2028" } },
    { detail: { message: "d" } },
    { warning: { message: "w" } },
  ]);
  const { causes, ...error } = lines[3].error;
  assert.deepEqual(error, { code: "GONE", kind: "not-found", message: "m", detail: { name: "x" } });
  assert(causes[0].includes("GONE") || causes[0].includes("m"));
});

Deno.test("the stack and causes of an error are printed only with -v", () => {
  const error = new LibreseedError("failed", "X", "outer", {
    cause: new TypeError("inner", { cause: "string" }),
  });
  const brief = make();
  brief.output.error(error);
  assert.equal(brief.io.stderr.text, "libreseed: outer\n");
  const long = make({ verbose: true });
  long.output.error(error);
  assert.match(long.io.stderr.text, /^libreseed: outer\n {2}LibreseedError: outer\n {6}at /);
  assert.match(long.io.stderr.text, /\n {2}caused by: TypeError: inner\n/);
  assert.match(long.io.stderr.text, /\n {2}caused by: string\n$/);
});

Deno.test("a cycle of causes is printed once", () => {
  const error = new Error("a");
  error.cause = new Error("b", { cause: error });
  const { io, output } = make({ verbose: true });
  output.error(error);
  assert.equal(io.stderr.text.match(/caused by/g)?.length, 1);
});

Deno.test("an unexpected error is called that, and -v is suggested", () => {
  const { io, output } = make();
  output.error(new TypeError("x is not a function"));
  assert.match(io.stderr.text, /^libreseed: unexpected error: x is not a function\n.*-v/);
  for (const thrown of [undefined, null, "text", 0]) {
    const { io, output } = make();
    output.error(thrown);
    assert.match(io.stderr.text, /unexpected error: /);
  }
});

Deno.test("control characters in messages are escaped", () => {
  const { io, output } = make({ terminal: true, verbose: true });
  output.warning("\x1b]0;title\x07");
  output.notice("\x1b[A");
  output.error(new LibreseedError("failed", "X", "\x9b2J", { cause: "\x1b[1m" }));
  const uncolored = ["\x1b[31m", "\x1b[33m", "\x1b[39m"].reduce(
    (text, color) => text.replaceAll(color, ""),
    io.stderr.text,
  );
  for (const letter of "\x1b\x9b\x07") assert(!uncolored.includes(letter), uncolored);
});

Deno.test("colours are printed only on terminals without NO_COLOR", () => {
  const { io } = make({ terminal: true });
  assert.equal(wantsColor(io.stderr, {}), true);
  assert.equal(wantsColor(io.stderr, { NO_COLOR: "1" }), false);
  assert.equal(wantsColor(io.stderr, { NO_COLOR: "" }), true);
  assert.equal(wantsColor(io.stderr, { TERM: "dumb" }), false);
  assert.equal(wantsColor(fakeIo().stderr, {}), false);
  const colored = make({ terminal: true });
  colored.output.warning("w");
  assert.equal(colored.io.stderr.text, "\x1b[33mlibreseed: warning: \x1b[39mw\n");
  const plain = make({ terminal: true, env: { NO_COLOR: "yes" } });
  plain.output.warning("w");
  assert.equal(plain.io.stderr.text, "libreseed: warning: w\n");
});

Deno.test("a closed standard output ends the command, a closed standard error does not", () => {
  const { io, output } = make();
  io.stdout.failWith = new OutputClosed();
  io.stderr.failWith = new Error("closed");
  output.notice("n");
  output.warning("w");
  output.error(new Error("e"));
  assert.throws(() => output.result({}, "x"), OutputClosed);
});

Deno.test("a closed standard output causes no error message", () => {
  const { io, output } = make({ verbose: true });
  output.error(new OutputClosed());
  assert.equal(io.stderr.text, "");
});

Deno.test("bytes reach standard output unchanged", async () => {
  const { io, output } = make({ terminal: true, json: true });
  await output.writeBytes(new TextEncoder().encode("\x1b\n"));
  assert.equal(io.stdout.text, "\x1b\n");
  io.stdout.failWith = new OutputClosed();
  await assert.rejects(output.writeBytes(new Uint8Array(1)), OutputClosed);
});

Deno.test("a progress bar is drawn on a terminal and erased before the next message", () => {
  const { io, output } = make({ terminal: true });
  io.stderr.width = 30;
  const bar = output.progress("demo");
  bar.update({ doneBytes: 0, totalBytes: 10 });
  output.notice("hello");
  io.nowMs += 100;
  bar.update({ doneBytes: 10, totalBytes: 10 });
  bar.end();
  bar.end();
  const erase = "\r\x1b[K";
  assert.equal(
    io.stderr.text,
    `${erase}demo    0%  0 B of 10 B${erase}hello\n${erase}demo  100%  10 B of 10 B${erase}`,
  );
  assert.equal(io.stdout.text, "");
});

Deno.test("a step is shown only on a terminal, until the next message", () => {
  const { io, output } = make({ terminal: true });
  output.step("looking for a\x1b[2Jb");
  assert.equal(io.stderr.text, "\r\x1b[Klooking for a\\u{1b}[2Jb");
  output.notice("found");
  assert(io.stderr.text.endsWith("\r\x1b[Kfound\n"), JSON.stringify(io.stderr.text));
  for (const options of [{}, { terminal: true, quiet: true }, { terminal: true, json: true }]) {
    const other = make(options);
    other.output.step("looking");
    assert.equal(other.io.stderr.text, "");
  }
  const verbose = make({ terminal: true, verbose: true });
  verbose.output.step("looking");
  assert.equal(verbose.io.stderr.text, "looking\n");
});

Deno.test("a progress bar is redrawn at most every 100 ms", () => {
  const { io, output } = make({ terminal: true });
  const bar = output.progress("demo");
  for (let i = 0; i < 1_000; i++) {
    bar.update({ doneBytes: i });
    io.nowMs += 1;
  }
  assert.equal(io.stderr.text.split("demo").length - 1, 10);
});

Deno.test("no bar is shown without a terminal, with -q, with --json, or on a dumb terminal", () => {
  const cases: (Partial<OutputOptions> & { terminal: boolean })[] = [
    { terminal: false },
    { terminal: true, quiet: true },
    { terminal: true, json: true },
    { terminal: true, env: { TERM: "dumb" } },
  ];
  for (const options of cases) {
    const { io, output } = make(options);
    const bar = output.progress("demo");
    bar.update({ doneBytes: 1 });
    bar.end();
    output.close();
    assert.equal(io.stderr.text, "", JSON.stringify(options));
  }
});
