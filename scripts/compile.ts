/**
 * Builds libreseed as one program file: `deno task compile [--output FILE] [--target TARGET]`.
 *
 * Four bundles are made first: the sandboxed worker's, the command line's, that of the threads which
 * compress and hash, and the entry's, which holds no more than `version` needs. Compiling the sources as they are would embed all of
 * node_modules, and a worker with narrow permissions may not read the embedded modules that it would
 * `require`. `--worker-only` makes the first one, `dist/worker.js`, for running the sources.
 * `DENORT_BIN` names the runtime to build on; without it Deno downloads its own. Packing and publishing
 * what comes out is done by `release.ts`.
 *
 * @module
 */

import { dirname, join, posix, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import manifest from "../deno.json" with { type: "json" };

const root = fileURLToPath(new URL("../", import.meta.url));

/** What to build. */
export interface BuildOptions {
  /** Absolute path of the program; `.exe` is appended for Windows. */
  output: string;
  /** One of the targets of `deno compile --target`; this machine's own unless given. */
  target?: string;
  /**
   * Other entries than the program's own, relative to the checkout: with them a test builds one with
   * a probe inside. The first loads the command line with an `import()`.
   */
  entry?: string;
  worker?: string;
  /** Name of a directory in `dist/`, made anew so that nothing of an earlier build is embedded. */
  stage?: string;
}

// The command parser tells its errors apart by the names of their classes.
const bundle = ["bundle", "--quiet", "--platform", "deno", "--minify", "--keep-names"];
const compile = [
  "compile",
  "--quiet",
  // The bundles need neither: with the project's, node_modules would be embedded after all.
  "--no-config",
  "--no-lock",
  "--no-prompt",
  // The cache is a file of a known name in /tmp, and what it holds is run: whoever writes it first
  // would have a hand in the process that holds the key.
  "--no-code-cache",
  "--unstable-worker-options",
  // Neither `eval` nor `new Function`: no text becomes a program.
  "--v8-flags=--disallow-code-generation-from-strings",
];

const commandLine = "src/cli/mod.ts";
/** The manifest, as the sources name it from two folders down; the stage has it there too. */
const manifestSpecifier = "../../deno.json";

/** A permission set of `deno.json` as flags. */
export function permissionFlags(set: Record<string, boolean | string[]>): string[] {
  return Object.entries(set).filter(([, value]) => value !== false)
    .map(([name, value]) => `--allow-${name}${Array.isArray(value) ? `=${value.join(",")}` : ""}`);
}

/**
 * Builds the program.
 *
 * @returns its path, and its size in bytes
 */
export async function build(options: BuildOptions): Promise<{ path: string; bytes: number }> {
  const { output, target, entry = "main.ts", worker = "src/worker/main.ts" } = options;
  const suffix = (target ?? Deno.build.target).includes("windows") ? ".exe" : "";
  const path = output.endsWith(suffix) ? output : output + suffix;
  const stage = join(root, "dist", options.stage ?? "stage");
  // The program looks for `../../dist/worker.js` from its chunks, as the sources do from theirs.
  const chunks = join(stage, "dist", "main");
  const external = ["--external", manifestSpecifier];
  await removeIfThere(stage);
  await removeIfThere(path);
  await Deno.mkdir(chunks, { recursive: true });
  await Deno.mkdir(dirname(path), { recursive: true });
  try {
    const { version, imports } = manifest;
    await Deno.writeTextFile(join(stage, "deno.json"), JSON.stringify({ version, imports }));
    await bundleWorker(join(stage, "dist", "worker.js"), worker);
    await run("Bundling the command line", root, [
      ...bundle,
      ...external,
      "--code-splitting",
      "--outdir",
      chunks,
      commandLine,
    ]);
    const made = [...Deno.readDirSync(chunks)].map(({ name }) => join(chunks, name));
    await giveRequire(made);
    await run("Bundling the thread that compresses", root, [
      ...bundle,
      "--output",
      join(chunks, "thread.js"),
      "src/package/archive/thread.ts",
    ]);
    // It lies beside the chunks, as in the sources beside the module that starts it.
    await replaceOnce(made, '"./thread.ts"', () => '"./thread.js"');
    const main = join(chunks, "main.js");
    // As the entry names it, and as the stage has it.
    const specifier = posix.relative(posix.dirname(entry), commandLine).replace(/^(?!\.)/, "./");
    await run("Bundling the entry", root, [
      ...bundle,
      ...external,
      "--external",
      specifier,
      "--output",
      main,
      entry,
    ]);
    await replaceOnce([main], JSON.stringify(specifier), () => '"./mod.js"');
    await forgetTimes(stage);
    const foreign = target !== undefined && target !== Deno.build.target;
    await run(
      "Compiling (DENORT_BIN names the runtime, if Deno's own site is out of reach)",
      stage,
      [
        ...compile,
        ...permissionFlags(manifest.permissions.libreseed),
        ...(target === undefined ? [] : ["--target", target]),
        "--include",
        join("dist", "worker.js"),
        "--include",
        join("dist", "main", "thread.js"),
        "--output",
        path,
        main,
      ],
      // It is this machine's, and Deno would take it for any other's.
      foreign ? ["DENORT_BIN"] : [],
    );
  } finally {
    await removeIfThere(stage);
  }
  return { path, bytes: (await Deno.stat(path)).size };
}

/** Bundles the worker into one file. */
async function bundleWorker(output: string, entry = "src/worker/main.ts"): Promise<void> {
  await run("Comparing the packages with what is replaced in them", root, [
    ...["run", "--quiet", "--allow-all", "--node-modules-dir=manual", "scripts/members.ts"],
  ]);
  await run("Bundling the worker", root, [...bundle, "--output", output, entry]);
  await giveRequire([output]);
}

/**
 * Gives the CommonJS libraries a `require`. What the bundler gives them fails when names are kept; else
 * it loads `node:module`, which takes twice as long as starting the program does. They require Node's
 * own modules only, and there is a shorter way to those.
 */
async function giveRequire(paths: string[]): Promise<void> {
  await replaceOnce(
    paths,
    /\([\w$]+=>typeof require<"u"\?require:[^]{0,300}?'Dynamic require of "'\+[\w$]+\+'" is not supported'\)\}\)/,
    () => "(name=>process.getBuiltinModule(name))",
  );
}

/** Replaces what is to be found in exactly one of the files, exactly once. */
async function replaceOnce(
  paths: string[],
  pattern: string | RegExp,
  replacement: (...match: string[]) => string,
): Promise<void> {
  const everywhere = typeof pattern === "string" ? pattern : new RegExp(pattern, "g");
  let found = 0;
  for (const path of paths) {
    const text = await Deno.readTextFile(path);
    const replaced = text.replaceAll(everywhere, (...match) => {
      found++;
      return replacement(...match);
    });
    if (replaced !== text) await Deno.writeTextFile(path, replaced);
  }
  if (found !== 1) throw new Error(`the bundles hold ${pattern} ${found} times instead of once`);
}

/** Runs deno, without the environment variables that are named. */
async function run(
  step: string,
  cwd: string,
  args: string[],
  without: string[] = [],
): Promise<void> {
  const env = Deno.env.toObject();
  for (const name of without) delete env[name];
  const { success, code } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd,
    env,
    clearEnv: true,
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

if (import.meta.main) {
  try {
    const { values } = parseArgs({
      options: {
        output: { type: "string" },
        target: { type: "string" },
        "worker-only": { type: "boolean" },
      },
    });
    if (values["worker-only"]) {
      await bundleWorker(join(root, "dist", "worker.js"));
    } else {
      const output = resolve(values.output ?? join(root, "dist", "libreseed"));
      const { path, bytes } = await build({ output, target: values.target });
      console.log(`${path} ${bytes} bytes`);
    }
  } catch (error) {
    console.error(`compile: ${(error as Error).message}`);
    Deno.exit(1);
  }
}
