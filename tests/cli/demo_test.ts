/**
 * Runs `deno task demo` as a child process. The demo publishes, downloads and verifies a package,
 * and deletes its files.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { type CliOptions, leftovers, runCli, spawnCli, temporaryHome } from "../support/mod.ts";

const script = join(import.meta.dirname!, "..", "..", "scripts", "demo.ts");

/** Runs the demo with its own directory for temporary files. */
function demoIn(directory: string, env: Record<string, string> = {}): CliOptions {
  const binary = Deno.env.get("LIBRESEED_BIN");
  return {
    program: [Deno.execPath(), "run", "-q", "-A", script],
    cwd: join(import.meta.dirname!, "..", ".."),
    env: {
      TMPDIR: directory,
      HOME: directory,
      ...(binary && { LIBRESEED_BIN: binary }),
      ...env,
    },
    timeoutMs: 600_000,
  };
}

async function assertNothingLeft(directory: string): Promise<void> {
  const files: string[] = [];
  for await (const { name } of Deno.readDir(directory)) {
    if (name.startsWith("libreseed-demo-")) files.push(name);
  }
  assert.deepEqual([...files, ...await leftovers(directory)], []);
}

Deno.test("the demo takes a package from one home to another, and leaves nothing behind", async () => {
  await using home = await temporaryHome();
  const { code, stdout, stderr } = await runCli([], demoIn(home.path));
  assert.equal(code, 0, stdout + stderr);
  const steps = [...stdout.matchAll(/^(\d+)\. (.*)$/gm)];
  assert.deepEqual(steps.map(([, number]) => Number(number)), steps.map((_, index) => index + 1));
  const told = steps.map(([, , title]) => title).join("\n");
  for (
    const word of [
      "DHT",
      "key",
      "publishes",
      "seeds",
      "announces",
      "finds",
      "downloads",
      "verifies",
    ]
  ) assert(told.includes(word), `no step ${word}:\n${told}`);
  assert.match(stdout, /^All \d+ steps did what they should, in [\d.]+ s:$/m);
  assert.match(stdout, /unpacked +6 files, equal byte for byte/);
  for (const step of ["minimal-signature", "archive-hash", "full-signature", "files"]) {
    assert(stdout.includes(`hello-1.0.0.tgz: ${step}\n`), `verify did not get to ${step}`);
  }
  if (Deno.build.os === "linux") {
    const sockets = [...stdout.matchAll(/^ +(UDP|TCP) \S+ port (\d+)/gm)];
    assert.deepEqual(sockets.map(([, kind]) => kind), ["UDP", "TCP"]);
    assert.equal(new Set(sockets.map(([, , port]) => port)).size, 1, "not the same port");
  }
  assert(!stdout.includes("\x1b"), "colours without a terminal");
  await assertNothingLeft(home.path);
});

Deno.test("a demo whose program fails names the step, ends with 1, and leaves nothing behind", async () => {
  await using home = await temporaryHome();
  const { code, stdout } = await runCli([], demoIn(home.path, { LIBRESEED_BIN: Deno.execPath() }));
  assert.equal(code, 1);
  assert.match(stdout, /^Step 2 failed: libreseed keygen ended with exit code 1$/m);
  await assertNothingLeft(home.path);
});

Deno.test("a demo that is interrupted while it seeds ends its programs and leaves nothing behind", async () => {
  for (const [signal, exitCode] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
    await using home = await temporaryHome();
    await using demo = spawnCli([], demoIn(home.path));
    await demo.waitForLine(/^ +ready: port \d+/);
    demo.kill(signal);
    const { code, stdout } = await demo.result;
    assert.equal(code, exitCode, stdout);
    assert.match(stdout, new RegExp(`^ended by ${signal}; nothing of the demo is left\\.$`, "m"));
    await assertNothingLeft(home.path);
  }
});
