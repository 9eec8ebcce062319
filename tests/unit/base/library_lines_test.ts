/**
 * Messages printed by npm libraries become few, short lines of libreseed's log.
 *
 * @module
 */

import assert from "node:assert/strict";
import { LibraryLines, takeConsole } from "../../../src/base/mod.ts";
import { FakeClock } from "../../support/fake_clock.ts";

Deno.test("whatever a library prints is heard and not printed, until the console is given back", () => {
  const heard: unknown[][] = [];
  const before = { log: console.log, emitWarning: process.emitWarning };
  {
    using _taken = takeConsole((args) => heard.push(args));
    console.log("a", 1);
    console.error("b");
    console.trace();
    process.emitWarning("c");
  }
  assert.deepEqual(heard, [["a", 1], ["b"], [], ["c"]]);
  assert.deepEqual({ log: console.log, emitWarning: process.emitWarning }, before);
});

Deno.test("ten lines a minute are passed on, the rest is counted; none is longer than 500 characters and a few words", async () => {
  const clock = new FakeClock();
  const said: string[] = [];
  const lines = new LibraryLines(clock, (line) => said.push(line));
  lines.hear(["error:", new TypeError("x"), { n: 0.5 }]);
  assert.match(said[0]!, /^a library says: error: TypeError: x[^]*\{ n: 0\.5 \}$/);
  for (let i = 0; i < 1_000; i++) lines.hear(["y".repeat(10_000)]);
  assert.equal(said.length, 10);
  assert(said.every((line) => line.length < 520));
  await clock.advance(60_000);
  lines.hear(["again"]);
  assert.deepEqual(said.slice(10), ["a library says: again (991 lines before it were left out)"]);
  clock.jump(-86_400_000);
  lines.hear([]);
  assert.equal(said.at(-1), "a library says: an empty line");
});
