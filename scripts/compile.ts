/**
 * Builds libreseed as one program file: `deno task compile [--output FILE] [--target TARGET]`.
 *
 * First makes six bundles: the dashboard, the engine's thread, the gate, the launcher and the command
 * thread, the threads that compress and hash, and the entry, which contains only the code of `version`. Compiling
 * the sources directly would embed all of node_modules, and a sandboxed worker may not read embedded
 * modules through `require`. `bundle.ts` makes the same bundles for the tests.
 * `DENORT_BIN` names the runtime to embed; otherwise Deno downloads a runtime. `release.ts` packs
 * and publishes the program.
 */

import { dirname, join, posix, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import manifest from "../deno.json" with { type: "json" };
import { bundleDashboard } from "./dashboard.ts";
import { copyWithoutFaces, type Replacing } from "./faces.ts";
import { importMap } from "./import_map.ts";

const root = fileURLToPath(new URL("../", import.meta.url));

/** Options for building the program. */
export interface BuildOptions {
  /** Absolute path of the program; `.exe` is appended for Windows. */
  output: string;
  /** Target of `deno compile --target`. The default is this machine's target. */
  target?: string;
  /**
   * Entry files to use instead of the program's own, relative to the checkout. A test uses them to
   * build a program with hostile threads. The first entry has to load the launcher with `import()`.
   */
  entry?: string;
  command?: string;
  worker?: string;
  gate?: string;
  helper?: string;
}

// Names of functions and classes are not kept. Keeping them costs a call for each function when a
// thread loads, and a twelfth of the code's size. The copied sources have no configuration of their
// own.
const bundle = [
  ...["bundle", "--quiet", "--config", join(root, "deno.json")],
  ...["--platform", "deno", "--minify"],
];

/**
 * V8's flags of the program:
 *
 * - no `eval` and no `new Function`, so that no text is executed as code
 * - source positions at once. By default V8 leaves them out, and parses a function again when an
 *   error is made while the function runs. Libraries make errors while they load. The function is
 *   then the whole bundle, which takes longer to parse than a hello world takes in all
 * - at most 2 MiB for each half of a young generation, in place of 16. Each thread has a heap of its
 *   own: 16 MiB cost some 30 MiB of a download, and save 3 % of its processor time. With 1 MiB, the
 *   garbage of a long download outlives the young generation, and takes more memory
 * - no tasks for incremental marking. Each task asks for the next one, and Deno runs all of them
 *   before it reads a socket again. That takes 10 to 30 ms, and the buffer of a UDP socket holds
 *   the packets of 11 ms at 100 Mbit/s. Without tasks, V8's helper threads mark
 * - marking begins when half of the space that the heap may still grow by is used. Without tasks, it
 *   begins later by default, and a seeder by uTP holds 20 MiB more
 */
export const v8Flags: readonly string[] = [
  "--disallow-code-generation-from-strings",
  "--no-enable-lazy-source-positions",
  "--max-semi-space-size=2",
  "--no-incremental-marking-task",
  "--incremental-marking-hard-trigger=50",
];

const compile = [
  "compile",
  "--quiet",
  // The bundles need neither config nor lock file. With the project's config, node_modules would be
  // embedded.
  "--no-config",
  "--no-lock",
  "--no-prompt",
  // Disables the code cache. The cache is a file of a predictable name in /tmp whose code is
  // executed. Another user could create that file first, and so run code in the process that holds
  // the private key.
  "--no-code-cache",
  "--unstable-net",
  "--unstable-worker-options",
  // The dashboard's compressed files are imported as bytes.
  "--unstable-raw-imports",
  `--v8-flags=${v8Flags.join()}`,
];

/** The modules that the entry loads when it needs them. */
const loaded = ["src/cli/mod.ts", "src/launcher/launch.ts"];
/** Path of the dashboard's module as `src/host/http/assets.ts` has it. */
const dashboardSpecifier = "../../../dist/dashboard/assets.js";
/** Rooms of which most commands use most. Taking them apart would make many small chunks. */
const usedAsAWhole = ["base", "bencode", "config", "identity", "records"];
/** The file with the code of `version`, which should load nothing else. */
const QUICK = "src/cli/quick.ts";
/** The imports of a `mod.ts` that are replaced in the copied sources. */
export const replacing: Replacing = {
  face: (path, importer) =>
    /^src\/\w+(?:\/\w+)?\/mod\.ts$/.test(path) &&
    (importer === QUICK || !usedAsAWhole.includes(path.split("/")[1]!)),
  // Each part divides the chunks further, so only the command's thread, which loads rooms when a
  // command needs them, has parts.
  loadsParts: (path) => path.startsWith("src/cli/"),
};

/** Converts a permission set of `deno.json` to command line flags. */
export function permissionFlags(set: Record<string, boolean | string[]>): string[] {
  return Object.entries(set).filter(([, value]) => value !== false)
    .map(([name, value]) => `--allow-${name}${Array.isArray(value) ? `=${value.join(",")}` : ""}`);
}

/**
 * Builds the program.
 *
 * @returns path of the program, and its size in bytes
 */
export async function build(options: BuildOptions): Promise<{ path: string; bytes: number }> {
  const { output, target } = options;
  const suffix = (target ?? Deno.build.target).includes("windows") ? ".exe" : "";
  const path = output.endsWith(suffix) ? output : output + suffix;
  // Several programs may be built at the same time.
  const stage = join(root, "dist", `stage-${crypto.randomUUID()}`);
  await removeIfThere(path);
  await Deno.mkdir(dirname(path), { recursive: true });
  try {
    const { main, command } = await bundleProgram(stage, options);
    await forgetTimes(stage);
    const foreign = target !== undefined && target !== Deno.build.target;
    await run(
      "Compiling (DENORT_BIN names the runtime, if Deno's own site is out of reach)",
      stage,
      [
        ...compile,
        "--import-map",
        "import_map.json",
        ...permissionFlags(manifest.permissions.libreseed),
        ...(target === undefined ? [] : ["--target", target]),
        "--include",
        join("dist", "worker.js"),
        "--include",
        join("dist", "gate.js"),
        "--include",
        join("dist", "main", "thread.js"),
        "--include",
        join("dist", "main", command),
        "--output",
        path,
        main,
      ],
      // `DENORT_BIN` names a runtime for this machine. The variable is removed for other targets,
      // because Deno would embed the named runtime there too.
      foreign ? ["DENORT_BIN"] : [],
    );
  } finally {
    await removeIfThere(stage);
  }
  return { path, bytes: (await Deno.stat(path)).size };
}

/**
 * Makes the bundles of the program in a directory, which is emptied first.
 *
 * @param stage absolute path of a directory in `dist/`
 * @returns path of the entry's bundle, and that of the command thread relative to it
 */
export async function bundleProgram(
  stage: string,
  options: Pick<BuildOptions, "entry" | "command" | "worker" | "gate" | "helper"> = {},
): Promise<{ main: string; command: string }> {
  const { entry = "main.ts", worker = "src/worker/main.ts" } = options;
  const { command = "src/cli/thread.ts", gate = "src/gate_thread/main.ts" } = options;
  const { helper = "src/package/archive/thread.ts" } = options;
  // Bundled chunks refer to `../../dist/worker.js` as the sources do, so the chunks also lie two
  // directories deep.
  const chunks = join(stage, "dist", "main");
  // The sources are copied to where the bundler finds the packages of the checkout.
  const sources = join(stage, "sources");
  await removeIfThere(stage);
  await Deno.mkdir(chunks, { recursive: true });
  const hasTests = [entry, command, worker, gate, helper].some((one) => one.startsWith("tests/"));
  const copied = ["src", ...(hasTests ? ["tests/binary", "tests/support"] : [])];
  await copyWithoutFaces(root, sources, copied, replacing);
  await inlineVersion(join(sources, "src", "base", "version.ts"));
  await Deno.writeTextFile(join(stage, "import_map.json"), JSON.stringify(importMap()));
  await bundleWorker(join(stage, "dist", "worker.js"), sources, worker);
  const gateBundle = join(stage, "dist", "gate.js");
  await run("Bundling the gate", sources, [...bundle, "--output", gateBundle, gate]);
  await run("Bundling the launcher and the command thread", sources, [
    ...bundle,
    "--external",
    dashboardSpecifier,
    "--code-splitting",
    "--outdir",
    chunks,
    command,
    ...loaded,
  ]);
  await giveRequire(await scriptsIn(chunks));
  // The command thread may import modules of this directory only.
  const dashboard = join(chunks, "dashboard");
  await replaceOnce(
    await scriptsIn(chunks),
    JSON.stringify(dashboardSpecifier),
    (path) => JSON.stringify(`./${relative(dirname(path), join(dashboard, "assets.js"))}`),
  );
  await bundleDashboard(dashboard);
  await run("Bundling the thread that compresses", sources, [
    ...bundle,
    "--output",
    join(chunks, "thread.js"),
    helper,
  ]);
  const main = join(chunks, "main.js");
  // Paths by which the entry loads the other modules. The paths are replaced below by those in the
  // build directory.
  const fromEntry = (path: string) =>
    posix.relative(posix.dirname(entry), path).replace(/^(?!\.)/, "./");
  const externals = loaded.map(fromEntry);
  await run("Bundling the entry", sources, [
    ...bundle,
    ...externals.flatMap((path) => ["--external", path]),
    "--output",
    main,
    entry,
  ]);
  const files = await scriptsIn(chunks);
  const bundleOf = (path: string) => {
    const ending = `/${path.replace(/\.ts$/, ".js")}`;
    const file = files.find((file) => ending.endsWith(posix.join("/", relative(chunks, file))));
    if (file === undefined) throw new Error(`there is no bundle of ${path}`);
    return relative(chunks, file);
  };
  for (const path of [...loaded, command]) {
    await replaceOnce([main], JSON.stringify(fromEntry(path)), () => `"./${bundleOf(path)}"`);
  }
  await Deno.remove(sources, { recursive: true });
  return { main, command: bundleOf(command) };
}

/**
 * Replaces the import of `deno.json` by the version. The import would be a module of its own, and
 * `version` would wait for it.
 */
async function inlineVersion(path: string): Promise<void> {
  await replaceOnce([path], /import manifest from [^;]*;/, () => "");
  await replaceOnce([path], "manifest.version", () => JSON.stringify(manifest.version));
}

/** Bundles the sandboxed worker into one file, `dist/worker.js`. */
async function bundleWorker(output: string, from: string, entry: string): Promise<void> {
  await run("Comparing the packages with what is replaced in them", root, [
    ...["run", "--quiet", "--allow-all", "scripts/members.ts"],
  ]);
  await run("Bundling the worker", from, [...bundle, "--output", output, entry]);
  await giveRequire([output]);
  await loadHttpLate(output);
}

/**
 * Has WebTorrent's web server load `node:http` when it is created, which libreseed never does. Loading it
 * takes 10 ms of processor time, a sixth of what Node's modules take in the thread.
 */
async function loadHttpLate(path: string): Promise<void> {
  await replaceOnce(
    [path],
    /import ([\w$]+) from\s*"node:http";/,
    (_path, _whole, name) =>
      `var ${name}={createServer:()=>process.getBuiltinModule("node:http").createServer()};`,
  );
}

/**
 * Gives bundled CommonJS libraries a `require` function. The bundler's own `require` loads
 * `node:module`, which takes twice as long as the start of the program. The libraries require only
 * Node's built-in modules, which `process.getBuiltinModule` returns quickly.
 */
async function giveRequire(paths: string[]): Promise<void> {
  await replaceOnce(
    paths,
    /import\s*\{\s*createRequire as (\w+)\s*\}\s*from\s*"node:module";var ([\w$]+)=\1\(import\.meta\.url\);/,
    (_path, _whole, _create, name) => `var ${name}=name=>process.getBuiltinModule(name);`,
  );
}

/**
 * Replaces a text that must occur exactly once in exactly one of the files.
 *
 * @param replacement returns the new text; its argument is the path of the file
 */
async function replaceOnce(
  paths: string[],
  pattern: string | RegExp,
  replacement: (path: string, ...match: string[]) => string,
): Promise<void> {
  const everywhere = typeof pattern === "string" ? pattern : new RegExp(pattern, "g");
  let found = 0;
  for (const path of paths) {
    const text = await Deno.readTextFile(path);
    const replaced = text.replaceAll(everywhere, (...match) => {
      found++;
      return replacement(path, ...match as string[]);
    });
    if (replaced !== text) await Deno.writeTextFile(path, replaced);
  }
  if (found !== 1) throw new Error(`the files hold ${pattern} ${found} times instead of once`);
}

/**
 * Runs Deno without the given environment variables, with its output to that of this process.
 *
 * @param step names what is done, for the error
 * @throws {Error} if it does not end with 0
 */
export async function run(
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

/** Lists all files in a directory and its subdirectories, as absolute paths. */
async function scriptsIn(directory: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(directory)) {
    const path = join(directory, name);
    if (isDirectory) found.push(...await scriptsIn(path));
    else found.push(path);
  }
  return found;
}

/** Removes a file or a directory with all that is in it; nothing if it is missing. */
export async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/**
 * Sets all file times to a fixed value, because file times are embedded and the build must be
 * reproducible.
 */
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
      },
    });
    const output = resolve(values.output ?? join(root, "dist", "libreseed"));
    const { path, bytes } = await build({ output, target: values.target });
    console.log(`${path} ${bytes} bytes`);
  } catch (error) {
    console.error(`compile: ${(error as Error).message}`);
    Deno.exit(1);
  }
}
