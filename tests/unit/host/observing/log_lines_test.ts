/** Tests the newest lines of the log, which are kept in memory. */

import assert from "node:assert/strict";
import { LogLines, recorded } from "../../../../src/host/observing/log_lines.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

function filled(count: number, text = (at: number) => `line ${at}`): LogLines {
  const log = new LogLines(new FakeClock());
  for (let at = 1; at <= count; at++) log.add("info", text(at));
  return log;
}

const numbers = (log: LogLines, request: Parameters<LogLines["read"]>[0]) =>
  log.read(request).lines.map(({ seq }) => seq);

Deno.test("the log has the level, the time and the number of each line", async () => {
  const clock = new FakeClock(5_000);
  const log = new LogLines(clock);
  assert.deepEqual(log.read({}), { lines: [], lastSeq: 0 });
  log.add("warn", "first");
  await clock.advance(7);
  log.add("debug", "second");
  assert.deepEqual(log.read({}), {
    lines: [
      { seq: 1, timeMs: 5_000, level: "warn", message: "first" },
      { seq: 2, timeMs: 5_007, level: "debug", message: "second" },
    ],
    lastSeq: 2,
  });
});

Deno.test("only the newest thousand lines are kept", () => {
  const log = filled(1_500);
  const { lines, lastSeq } = log.read({});
  assert.deepEqual([lines.length, lines[0]!.seq, lastSeq], [1_000, 501, 1_500]);
});

Deno.test("long lines are cut, and of many long ones only half a megabyte is kept", () => {
  const log = filled(1_000, () => "x".repeat(50_000));
  const { lines } = log.read({});
  const length = lines.reduce((sum, { message }) => sum + message.length, 0);
  assert.ok(length <= 256 << 10, `${length}`);
  assert.ok(length > 250_000, `${length}`);
  assert.equal(lines.at(-1)!.message.length, 2_001);
  assert.equal(lines.at(-1)!.seq, 1_000);
});

Deno.test("a reader reads on after the last line that it has, or takes the newest ones", () => {
  const log = filled(20);
  assert.deepEqual(numbers(log, { limit: 3 }), [18, 19, 20]);
  assert.deepEqual(numbers(log, { limit: 0 }), []);
  assert.deepEqual(numbers(log, { after: 4, limit: 3 }), [5, 6, 7]);
  assert.deepEqual(numbers(log, { after: 18 }), [19, 20]);
  assert.deepEqual(numbers(log, { after: 20 }), []);
  // A reader that knows a line of an earlier daemon gets all lines of this one.
  assert.equal(numbers(log, { after: 21 }).length, 20);
  assert.deepEqual(numbers(filled(1_005), { after: 0, limit: 2 }), [6, 7]);
});

Deno.test("listeners record what they hear, and details only if details are logged", () => {
  const log = new LogLines(new FakeClock());
  const heard: string[] = [];
  let logsDetails = false;
  const hear = (message: string) => void heard.push(message);
  const listeners = recorded(
    { onNotice: hear, onWarning: hear, onDetail: hear },
    log,
    () => logsDetails,
  );
  listeners.onDetail("left out");
  listeners.onNotice("started");
  listeners.onWarning("odd");
  logsDetails = true;
  listeners.onDetail("kept");
  assert.deepEqual(heard, ["left out", "started", "odd", "kept"]);
  assert.deepEqual(
    log.read({}).lines.map(({ level, message }) => [level, message]),
    [["info", "started"], ["warn", "odd"], ["debug", "kept"]],
  );
});
