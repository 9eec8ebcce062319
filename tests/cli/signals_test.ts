/** Tests SIGINT and SIGTERM, which ask the program to end in an orderly way. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { spawnCli } from "../support/mod.ts";

/** A program that prints its first SIGINT or SIGTERM and continues to run. */
const stubborn = `
  import { processIo } from ${JSON.stringify(join(import.meta.dirname!, "../../src/cli/mod.ts"))};
  const io = processIo();
  io.signal.addEventListener("abort", () => {
    console.log(io.signal.reason.name, io.signal.reason.signalName, io.interruptedBy);
  });
  console.log("ready", io.interruptedBy);
  setInterval(() => {}, 1_000);
`;

const program = [
  Deno.execPath(),
  "run",
  "-q",
  "-A",
  "--no-check",
  "--ext=ts",
  "-",
];

Deno.test("the first signal requests an orderly end, the second ends the process at once", async () => {
  const signals: [Deno.Signal, number][] = [["SIGINT", 130], ["SIGTERM", 143]];
  for (const [signal, expected] of signals) {
    await using process = spawnCli([], { program, stdin: stubborn });
    await process.waitForLine(/^ready undefined$/, "stdout");
    process.kill(signal);
    await process.waitForLine(new RegExp(`^Interrupted ${signal} ${signal}$`), "stdout");
    process.kill(signal);
    assert.equal((await process.result).code, expected);
  }
});
