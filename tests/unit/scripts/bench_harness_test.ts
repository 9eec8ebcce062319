/**
 * Running benchmarks and printing their results. No test asserts a duration.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  type Contender,
  measure,
  percentile95,
  report,
  type Row,
  summary,
} from "../../../scripts/bench/harness.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { testInOwnProcess } from "../../support/own_process.ts";

/**
 * Makes a contender that records its runs and returns the given figures in turn, starting with the
 * warm-up.
 */
function contender(name: string, ran: string[], figures: number[]): Contender {
  return {
    name,
    round(round) {
      ran.push(`${name}${round}`);
      return Promise.resolve({ time: figures[round]! });
    },
  };
}

function row(contenders: Contender[], rounds: number): Row {
  const metrics = [{ key: "time", name: "time", unit: "ms" }];
  return { id: "row", title: "Row", about: "About.", metrics, contenders, rounds };
}

Deno.test("contenders take turns, and the warm-up is not counted", async () => {
  const ran: string[] = [];
  const said: string[] = [];
  const measured = await measure(
    row([contender("a", ran, [99, 1, 2, 3]), contender("b", ran, [99, 4, 5, 6])], 3),
    (line) => said.push(line),
  );
  assert.deepEqual(ran, ["a0", "b0", "a1", "b1", "a2", "b2", "a3", "b3"]);
  assert.deepEqual(measured.figures.get("a"), [{ time: 1 }, { time: 2 }, { time: 3 }]);
  assert.deepEqual(measured.figures.get("b"), [{ time: 4 }, { time: 5 }, { time: 6 }]);
  assert.equal(said.length, 8);
});

Deno.test("the table shows median, spread and our ratio to each contender", async () => {
  const contenders = [contender("a", [], [0, 10, 30, 20]), contender("b", [], [0, 40, 39, 4_000])];
  // On the fake clock, a run takes no time.
  const table = report(await measure(row(contenders, 3), () => {}, new FakeClock()));
  assert.deepEqual(table.split("\n"), [
    "## Row",
    "",
    "About. Rounds: 3.",
    "",
    "| what | unit | who | median |    min..max | ratio |",
    "| ---- | ---- | --- | -----: | ----------: | ----: |",
    "| time | ms   | a   |   20.0 |  10.0..30.0 |       |",
    "|      |      | b   |   40.0 | 39.0..4,000 |  0.50 |",
    "",
    "Seconds, all rounds: a 0.00, b 0.00.",
    "",
  ]);
});

Deno.test("a contender that is not installed is named and skipped", async () => {
  const ran: string[] = [];
  const absent = { ...contender("b", ran, []), missing: () => Promise.resolve("not installed") };
  const measured = await measure(row([contender("a", ran, [0, 1]), absent], 1), () => {});
  assert.deepEqual(ran, ["a0", "a1"]);
  assert.match(report(measured), /^Not measured: b \(not installed\)\.$/m);
});

Deno.test("a failing contender is named with its round, and the others go on", async () => {
  const ran: string[] = [];
  const failing: Contender = {
    ...contender("b", ran, []),
    round: (round) => round < 2 ? Promise.resolve({ time: 7 }) : Promise.reject(new Error("ended")),
  };
  const contenders = [
    contender("a", ran, [0, 1, 2, 3]),
    failing,
    contender("c", ran, [0, 1, 2, 3]),
  ];
  const measured = await measure(row(contenders, 3), () => {});
  assert.deepEqual(ran, ["a0", "c0", "a1", "c1", "a2", "c2", "a3", "c3"]);
  assert.deepEqual(measured.figures.get("b"), [{ time: 7 }]);
  assert.match(report(measured), /^Failed: b \(round 2 of 3: ended\)\.$/m);
});

// Runs in a separate process, because the timeout kills all child processes, including those of
// other tests in this process.
testInOwnProcess(import.meta.url, "a contender that does not end is killed and named", async () => {
  const clock = new FakeClock();
  let child: Deno.ChildProcess | undefined;
  const endless: Contender = {
    name: "b",
    async round() {
      child = new Deno.Command("sleep", { args: ["1000"] }).spawn();
      queueMicrotask(() => void clock.advance(200));
      await child.status;
      return await new Promise(() => {});
    },
  };
  const contenders = [contender("a", [], [0, 1]), endless];
  const measured = await measure({ ...row(contenders, 1), mostSeconds: 0.2 }, () => {}, clock);
  assert.equal((await child!.status).signal, "SIGKILL");
  assert.match(report(measured), /^Failed: b \(warm-up: not over after 0\.2 s\)\.$/m);
  assert.deepEqual(measured.figures.get("a"), [{ time: 1 }]);
});

Deno.test("the summary has the median, and the 95th percentile of a hundred figures", () => {
  assert.deepEqual(summary([3, 1, 2]), { median: 2, min: 1, max: 3 });
  assert.deepEqual(summary([4, 1, 2, 3]), { median: 2.5, min: 1, max: 4 });
  assert.equal(percentile95(Array.from({ length: 100 }, (_, i) => 100 - i)), 95);
  assert.equal(percentile95([5, 9]), 9);
});
