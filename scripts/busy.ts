/**
 * Runs the suite beside busy loops, on a machine that has no processor to spare: no test may depend on
 * how fast the machine is. `deno task test:busy [PATH…]`; the exit code is that of `deno test`. The
 * loops are threads of this process, so they end with it, however it ends.
 *
 * @module
 */

import { killDescendantsOnSignal } from "./bench/process_tree.ts";

/** Twice the processors of the usual machine for tests. */
const LOOPS = 4;

/**
 * Runs `deno test` with `args` beside busy loops.
 *
 * @returns the exit code of `deno test`
 */
async function testBesideLoops(args: readonly string[]): Promise<number> {
  const loop = URL.createObjectURL(new Blob(["for (;;);"], { type: "text/javascript" }));
  const loops = Array.from({ length: LOOPS }, () => new Worker(loop, { type: "module" }));
  try {
    const { code } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "--no-check", "--node-modules-dir=manual", "--parallel", "-A", ...args],
      // As many files at once as `deno task test` runs.
      env: { DENO_JOBS: Deno.env.get("DENO_JOBS") ?? "4" },
    }).spawn().status;
    return code;
  } finally {
    for (const each of loops) each.terminate();
  }
}

killDescendantsOnSignal();
Deno.exit(await testBesideLoops(Deno.args.length > 0 ? Deno.args : ["tests/"]));
