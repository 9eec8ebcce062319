/**
 * `deno task test:busy [PATH…]`: runs the test suite, long tests included, while busy loops occupy all
 * processors, since no test may depend on the machine's speed. The exit code is that of `deno test`. The
 * busy loops are threads of this process, so they end with it.
 */

import { fileURLToPath } from "node:url";
import { killDescendantsOnSignal } from "./bench/process_tree.ts";

/** The argument that limits the time of each test. */
const preload = `--preload=${
  fileURLToPath(new URL("../tests/support/preload.ts", import.meta.url))
}`;

/** Number of busy loops: twice the processors of a usual test machine. */
const LOOPS = 4;

/** Runs `deno test` with `args` while the busy loops run. */
async function testBesideLoops(args: readonly string[]): Promise<number> {
  const loop = URL.createObjectURL(new Blob(["for (;;);"], { type: "text/javascript" }));
  const loops = Array.from({ length: LOOPS }, () => new Worker(loop, { type: "module" }));
  try {
    const { code } = await new Deno.Command(Deno.execPath(), {
      args: [
        "test",
        "--no-check",
        "--parallel",
        "-A",
        preload,
        ...args,
      ],
      // Number of concurrent test files, the same as in `deno task test`.
      env: { DENO_JOBS: Deno.env.get("DENO_JOBS") ?? "4" },
    }).spawn().status;
    return code;
  } finally {
    for (const each of loops) each.terminate();
  }
}

killDescendantsOnSignal();
Deno.exit(await testBesideLoops(Deno.args.length > 0 ? Deno.args : ["tests/"]));
