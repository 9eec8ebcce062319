/**
 * Builds libreseed as one program file: `deno task compile [--output FILE] [--target TARGET]`.
 *
 * Two bundles are made first, the sandboxed worker's and the main thread's. Compiling the sources as
 * they are would embed all of node_modules, and a worker with narrow permissions may not read the
 * embedded modules that it would `require`. `DENORT_BIN` names the runtime to build on; without it
 * Deno downloads its own. Signing and packing what comes out is not done here.
 *
 * @module
 */

import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("../", import.meta.url));
/** Made anew each time, so that no chunk of an earlier build is embedded. */
const stage = join(root, "dist", "stage");
// The program looks for `../../dist/worker.js` from its own chunks, as the sources do from theirs.
const worker = join(stage, "dist", "worker.js");
const chunks = join(stage, "dist", "main");

const bundle = ["bundle", "--quiet", "--platform", "deno", "--minify"];
const compile = [
  "compile",
  "--quiet",
  // The bundles need neither: with the project's, node_modules would be embedded after all.
  "--no-config",
  "--no-lock",
  "--no-prompt",
  // The cache is a file of a known name in /tmp, and what it holds is run: whoever writes it first
  // would have a hand in the process that holds the key. Costs some 15 ms a start.
  "--no-code-cache",
  "--unstable-worker-options",
  "--allow-read",
  "--allow-write",
  "--allow-net",
  "--allow-env",
  "--allow-sys",
];

async function run(step: string, cwd: string, args: string[]): Promise<void> {
  const { success, code } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd,
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  }).output();
  if (success) return;
  throw new Error(`${step} failed: deno ${args[0]} ended with ${code}`);
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** The times of files are embedded too; without them the same sources give the same program. */
async function forgetTimes(dir: string): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(dir)) {
    const path = join(dir, name);
    if (isDirectory) await forgetTimes(path);
    await Deno.utime(path, 0, 0);
  }
}

/** Builds the program, and returns its path and its size in bytes. */
async function build(output: string, target?: string): Promise<{ path: string; bytes: number }> {
  const suffix = (target ?? Deno.build.target).includes("windows") ? ".exe" : "";
  const path = output.endsWith(suffix) ? output : output + suffix;
  await removeIfThere(stage);
  await removeIfThere(path);
  await Deno.mkdir(dirname(worker), { recursive: true });
  await Deno.mkdir(dirname(path), { recursive: true });
  try {
    await run("Bundling the worker", root, [...bundle, "--output", worker, "src/worker/main.ts"]);
    await run("Bundling the main thread", root, [
      ...bundle,
      "--code-splitting",
      "--outdir",
      chunks,
      "main.ts",
    ]);
    await forgetTimes(stage);
    await run(
      "Compiling (DENORT_BIN names the runtime, if Deno's own site is out of reach)",
      stage,
      [
        ...compile,
        ...(target === undefined ? [] : ["--target", target]),
        "--include",
        worker,
        "--output",
        path,
        join(chunks, "main.js"),
      ],
    );
  } finally {
    await removeIfThere(stage);
  }
  return { path, bytes: (await Deno.stat(path)).size };
}

try {
  const { values } = parseArgs({
    options: { output: { type: "string" }, target: { type: "string" } },
  });
  const output = resolve(values.output ?? join(root, "dist", "libreseed"));
  const { path, bytes } = await build(output, values.target);
  console.log(`${path} ${bytes} bytes`);
} catch (error) {
  console.error(`compile: ${(error as Error).message}`);
  Deno.exit(1);
}
