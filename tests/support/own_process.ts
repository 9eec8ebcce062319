/**
 * Runs a test in a separate process, for tests that measure memory. `deno test --parallel` runs
 * test files as threads of one process, so the memory of other tests would be included.
 *
 * @module
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

/** Environment variable that tells the separate process the name of its test. */
const MARK = "LIBRESEED_TEST_IN_OWN_PROCESS";
/** Maximum duration of the separate process in milliseconds. Only a broken test reaches it. */
const PATIENCE_MS = 600_000;

/**
 * Registers a test that runs in a separate process.
 *
 * @param url URL of the test's file: `import.meta.url`
 */
export function testInOwnProcess(url: string, name: string, run: () => Promise<void>): void {
  const mark = Deno.env.get(MARK);
  Deno.test(name, mark === name ? run : () => runAlone(fileURLToPath(url), name));
}

async function runAlone(file: string, name: string): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "test",
      "-A",
      "--no-check",
      "--quiet",
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
