/**
 * Makes the bundles that a checkout runs, if their sources have changed: the engine's thread, the gate
 * and the dashboard with `deno task bundle`, and those of the program with `deno task bundle-program`
 * (`--program`). Bundles are made beside the old ones and then take their places, so that a process
 * which starts meanwhile reads whole files.
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { bundleProgram, removeIfThere, run } from "./compile.ts";
import { bundleDashboard } from "./dashboard.ts";
import { makeIfChanged } from "./making.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const dist = join(root, "dist");
const inputs = ["deno.json", "deno.lock", "main.ts", "src", "scripts"];

/** Makes the bundles of the threads, and the dashboard. */
async function bundleThreads(): Promise<void> {
  await run("Comparing the packages with what is replaced in them", root, [
    ...["run", "--quiet", "--allow-all", "scripts/members.ts"],
  ]);
  const threads = [["worker.js", "src/worker/main.ts"], ["gate.js", "src/gate_thread/main.ts"]];
  for (const [name, entry] of threads) {
    const output = join(dist, `new-${name}`);
    await run(`Bundling ${name}`, root, [
      ...["bundle", "--quiet", "--platform", "deno", "--output", output, entry!],
    ]);
    await Deno.rename(output, join(dist, name!));
  }
  await bundleDashboard(join(dist, "new-dashboard"));
  await replaceDirectory("dashboard");
}

/** Puts `dist/new-NAME` in the place of `dist/NAME`. */
async function replaceDirectory(name: string): Promise<void> {
  const [path, made, old] = [name, `new-${name}`, `old-${name}`].map((one) => join(dist, one));
  await removeIfThere(old!);
  await Deno.rename(path!, old!).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  await Deno.rename(made!, path!);
  await removeIfThere(old!);
}

try {
  const { values } = parseArgs({ options: { program: { type: "boolean" } } });
  if (values.program) {
    const outputs = ["dist/program", "dist/program/dist/main/main.js"];
    await makeIfChanged({ name: "program", inputs, outputs }, async () => {
      await bundleProgram(join(dist, "new-program"));
      await replaceDirectory("program");
    });
  } else {
    const outputs = ["dist/worker.js", "dist/gate.js", "dist/dashboard/assets.js"];
    await makeIfChanged({ name: "bundle", inputs, outputs }, bundleThreads);
  }
} catch (error) {
  console.error(`bundle: ${(error as Error).message}`);
  Deno.exit(1);
}
