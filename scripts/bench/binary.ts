/**
 * Compares the program file with a compiled hello world of the same Deno: file size, and time until
 * the program answers. `deno run -A scripts/bench/binary.ts`; `LIBRESEED_BIN` names a program other
 * than `dist/libreseed`, and `LIBRESEED_OLD_BIN` an older build, beside which some commands are
 * measured.
 */

import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Contender, type Row, runBenchmarks } from "./harness.ts";

const dist = fileURLToPath(new URL("../../dist/", import.meta.url));
const program = resolve(Deno.env.get("LIBRESEED_BIN") ?? join(dist, "libreseed"));
const older = Deno.env.get("LIBRESEED_OLD_BIN");
const hello = join(dist, "bench", "hello");

/**
 * Compiles a minimal program, with those of libreseed's compile flags that affect size or start
 * time.
 */
async function compileHello(): Promise<string | undefined> {
  await Deno.mkdir(join(dist, "bench"), { recursive: true });
  await Deno.writeTextFile(`${hello}.js`, 'console.log("hello world");\n');
  const flags = ["--quiet", "--no-config", "--no-lock", "--no-prompt", "--no-code-cache"];
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["compile", ...flags, "--output", hello, `${hello}.js`],
  }).output();
  return success ? undefined : `it cannot be compiled: ${new TextDecoder().decode(stderr)}`;
}

async function lookForProgram(): Promise<string | undefined> {
  const found = await Deno.stat(program).catch(() => undefined);
  return found?.isFile ? undefined : `there is no ${program}: run \`deno task compile\``;
}

/** Measures the time of a process with an empty environment, from its start to its end. */
async function run(path: string, args: string[]) {
  const begunMs = performance.now();
  const { success } = await new Deno.Command(path, {
    args,
    clearEnv: true,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).output();
  const ms = performance.now() - begunMs;
  if (!success) throw new Error(`${path} ${args.join(" ")} failed`);
  return { ms, kilobytes: (await Deno.stat(path)).size / 1e3 };
}

function contender(name: string, path: string, args: string[]): Contender {
  return {
    name,
    missing: path === hello ? compileHello : lookForProgram,
    round: () => run(path, args),
  };
}

function row(command: string, about: string): Row {
  return {
    id: `binary-${command}`,
    title: `\`libreseed ${command}\``,
    about,
    metrics: [
      { key: "ms", name: "start to end", unit: "ms" },
      { key: "kilobytes", name: "size", unit: "kB" },
    ],
    contenders: [
      contender(`libreseed ${command}`, program, [command]),
      ...(older === undefined
        ? []
        : [contender(`older build, ${command}`, resolve(older), [command])]),
      contender("compiled hello world", hello, []),
    ],
    rounds: 40,
  };
}

/**
 * Returns the path of a home with a key, and of an archive in it; makes both at the first call.
 *
 * @param hasState whether the home has a state database, as a home has that was used
 */
async function madeHome(
  path: string,
  hasState: boolean,
): Promise<{ home: string; archive: string }> {
  const home = `${hello}-${path === program ? "new" : "old"}${hasState ? "-used" : ""}`;
  const archive = join(home, "small-1.0.0.tgz");
  const isThere = await Deno.stat(archive).then(() => true, () => false);
  if (isThere) return { home, archive };
  const source = join(home, "small");
  await Deno.mkdir(source, { recursive: true });
  await Deno.writeTextFile(join(source, "text"), "hello world\n");
  // Builds before root keys have no such flag.
  await run(path, ["keygen", "--signing-only", "--home", home])
    .catch(() => run(path, ["keygen", "--home", home]));
  const named = ["--name", "small", "--version", "1.0.0"];
  await run(path, ["pack", source, ...named, "-o", archive, "--home", home]);
  if (hasState) await run(path, ["trust", "list", "--home", home]);
  return { home, archive };
}

/** A row that measures a command with little to do, beside an older build if there is one. */
function startRow(
  command: string,
  about: string,
  args: readonly string[],
  hasState = false,
): Row {
  const one = (name: string, path: string): Contender => ({
    name,
    missing: lookForProgram,
    async round() {
      const { home, archive } = await madeHome(path, hasState);
      const given = args.map((arg) => arg === "ARCHIVE" ? archive : arg);
      return await run(path, [command, ...given, "--home", home]);
    },
  });
  return {
    ...row(command, about),
    id: `binary-${command}${hasState ? "-used" : ""}`,
    contenders: [
      one(`libreseed ${command}`, program),
      ...(older === undefined ? [] : [one(`older build, ${command}`, resolve(older))]),
      contender("compiled hello world", hello, []),
    ],
  };
}

/** The benchmarks of this file; each gives one row of results. */
export const rows: readonly Row[] = [
  row("version", "The program file's floor: what it takes to start at all, and to say one line."),
  row("help", "With the tree of commands loaded, and none of them."),
  startRow(
    "list",
    "A thread of its own, which asks for a daemon and reads an empty directory.",
    [],
  ),
  startRow("verify", "A thread of its own, which verifies an archive of one small file.", [
    "ARCHIVE",
  ]),
  startRow(
    "verify",
    "The same in a home that was used: it looks for revoked keys in the state database.",
    ["ARCHIVE"],
    true,
  ),
  startRow("announce", "A thread of its own, and the engine's, which opens a port and closes it.", [
    ...["--no-dht", "--port", "0"],
  ]),
];

if (import.meta.main) Deno.exit(await runBenchmarks(rows, Deno.args));
