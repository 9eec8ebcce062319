/**
 * Tests that measure their own process. `deno test --parallel` runs the files of a suite as threads of
 * one process, so memory that others take would be counted.
 *
 * @module
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

/** In the environment of such a process: the name of the test that it is for. */
const MARK = "LIBRESEED_TEST_IN_OWN_PROCESS";
/** Nobody waits for so long unless something is broken. */
const PATIENCE_MS = 600_000;

/**
 * Registers a test that runs in a process where nothing else does.
 *
 * @param url of the test's file: `import.meta.url`
 */
export function testInOwnProcess(url: string, name: string, run: () => Promise<void>): void {
  const mark = Deno.env.get(MARK);
  Deno.test(name, mark === name ? run : () => runAlone(fileURLToPath(url), name));
}

async function runAlone(file: string, name: string): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    // Deno makes the linked packages anew at each start otherwise, in the way of others that start.
    args: [
      "test",
      "-A",
      "--no-check",
      "--quiet",
      "--node-modules-dir=manual",
      `--filter=/^${RegExp.escape(name)}$/`,
      file,
    ],
    env: { [MARK]: name, NO_COLOR: "1" },
    signal: AbortSignal.timeout(PATIENCE_MS),
  }).output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.ok(success, said);
  assert.match(said, /\b1 passed\b/, said);
}
