/**
 * Signals that ask the program to end.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { processEnv } from "./run_cli.ts";

/** A program that hears of signals and goes on. */
const stubborn = `
  import { processIo } from ${JSON.stringify(join(import.meta.dirname!, "../../src/cli/mod.ts"))};
  const io = processIo();
  io.signal.addEventListener("abort", () => {
    console.log(io.signal.reason.name, io.signal.reason.signalName, io.interruptedBy);
  });
  console.log("ready", io.interruptedBy);
  setInterval(() => {}, 1_000);
`;

Deno.test("the first signal asks, the second ends at once", async () => {
  const signals: [Deno.Signal, number][] = [["SIGINT", 130], ["SIGTERM", 143]];
  for (const [signal, expected] of signals) {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-q", "-A", "--no-check", "--ext=ts", "-"],
      cwd: join(import.meta.dirname!, "..", ".."),
      clearEnv: true,
      env: processEnv(),
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(stubborn));
    await writer.close();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const line = async () => (await reader.read()).value?.trim();
    assert.equal(await line(), "ready undefined");
    child.kill(signal);
    assert.equal(await line(), `Interrupted ${signal} ${signal}`);
    child.kill(signal);
    assert.equal((await child.status).code, expected);
    await reader.cancel();
  }
});
