/** Tests SIGINT and SIGTERM, which ask the program to end in an orderly way, and end it in any case. */

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

/** A launcher whose thread takes the usual effect from SIGINT and SIGTERM, and asks for no signal. */
const deaf = `
  const { runCommandThread } = await import(
    ${JSON.stringify(join(import.meta.dirname!, "../../src/launcher/command_thread.ts"))}
  );
  const thread = \`
    for (const name of ["SIGINT", "SIGTERM"]) Deno.addSignalListener(name, () => {});
    console.log("ready");
    setInterval(() => {}, 1_000);
  \`;
  await runCommandThread({
    code: new URL("data:text/javascript," + encodeURIComponent(thread)),
    permissions: "none",
    start: {},
    requests: {},
    helperGrants: {},
    engineOptions: () => Promise.reject(new Error("there is no engine")),
    clock: { now: () => 0, after: () => ({ cancel() {} }) },
    say: console.error,
    exit: Deno.exit,
  });
`;

const program = [
  Deno.execPath(),
  "run",
  "-q",
  "-A",
  "--no-check",
  "--unstable-worker-options",
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

Deno.test("a thread that listens to signals itself does not keep the process from ending", async () => {
  const signals: [Deno.Signal, number][] = [["SIGINT", 130], ["SIGTERM", 143]];
  for (const [signal, expected] of signals) {
    await using process = spawnCli([], { program, stdin: deaf });
    await process.waitForLine(/^ready$/, "stdout");
    process.kill(signal);
    assert.equal((await process.result).code, expected);
  }
});
