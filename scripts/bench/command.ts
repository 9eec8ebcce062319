/**
 * Measures programs as run from a shell: time, processor time, memory. Used by benchmarks of whole
 * commands.
 */

import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Figures, Metric } from "./harness.ts";

const dist = fileURLToPath(new URL("../../dist/", import.meta.url));

/** Path of the libreseed program: `LIBRESEED_BIN`, or `dist/libreseed`. */
export const program: string = resolve(Deno.env.get("LIBRESEED_BIN") ?? join(dist, "libreseed"));

/**
 * Directory for generated input files, which are kept for later benchmarks because generating them
 * takes long.
 */
export const workDirectory: string = join(dist, "bench");

/** The metrics that {@linkcode runCommand} measures of a command. */
export const commandMetrics: readonly Metric[] = [
  { key: "ms", name: "start to end", unit: "ms" },
  { key: "cpuMs", name: "processor", unit: "ms" },
  { key: "peak", name: "most memory", unit: "MiB" },
];

/** The reason why libreseed cannot be measured, or `undefined`. */
export async function missingProgram(): Promise<string | undefined> {
  const found = await Deno.stat(program).catch(() => undefined);
  if (!found?.isFile) return `there is no ${program}: run \`deno task compile\``;
  return await missing("/usr/bin/time")();
}

/**
 * Makes a function that returns a reason if one of the given programs is not installed, and
 * `undefined` otherwise.
 */
export function missing(...programs: string[]): () => Promise<string | undefined> {
  return async () => {
    for (const name of programs) {
      const which = new Deno.Command("which", { args: [name], stdout: "null", stderr: "null" });
      if (!(await which.output()).success) return `${name} is not installed`;
    }
  };
}

/**
 * Runs a command to its end. Throws with the command's output if the command fails.
 *
 * @returns figures for {@linkcode commandMetrics}: elapsed time, processor time including child
 * processes, and the largest resident set of a single process
 */
export async function runCommand(
  command: readonly string[],
  { cwd, env = {} }: { cwd?: string; env?: Record<string, string> } = {},
): Promise<Figures> {
  const figures = await Deno.makeTempFile();
  const PATH = Deno.env.get("PATH") ?? "";
  const begunMs = performance.now();
  const { success, stderr } = await new Deno.Command("/usr/bin/time", {
    args: ["--format", "%U %S %M", "--output", figures, ...command],
    cwd,
    env: { PATH, ...env },
    clearEnv: true,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  const ms = performance.now() - begunMs;
  const line = (await Deno.readTextFile(figures)).trim().split("\n").at(-1)!;
  await Deno.remove(figures);
  if (!success) throw new Error(`${command.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  const [user, system, kibibytes] = line.split(" ").map(Number) as [number, number, number];
  return { ms, cpuMs: (user + system) * 1_000, peak: kibibytes / 1024 };
}

/** Runs libreseed with a given home, without other environment variables. */
export async function runLibreseed(home: string, args: readonly string[]): Promise<Figures> {
  return await runCommand([program, ...args], { env: { LIBRESEED_HOME: home } });
}

/**
 * Makes a directory with one file of random bytes, which do not compress. The directory is kept for
 * later benchmarks.
 */
export async function makeNoise(mebibytes: number): Promise<string> {
  const source = join(workDirectory, `noise-${mebibytes}`);
  if (await Deno.stat(source).catch(() => undefined)) return source;
  const half = `${source}.half`;
  await Deno.mkdir(half, { recursive: true });
  using file = await Deno.open(join(half, "noise.bin"), { write: true, create: true });
  const block = new Uint8Array(1024 * 1024);
  for (let i = 0; i < mebibytes; i++) {
    for (let at = 0; at < block.length; at += 65_536) {
      crypto.getRandomValues(block.subarray(at, at + 65_536));
    }
    for (let at = 0; at < block.length;) at += await file.write(block.subarray(at));
  }
  await Deno.rename(half, source);
  return source;
}

/** Makes a minimal package, with which a command's fixed cost is measured. */
export async function makeSmall(): Promise<string> {
  const source = join(workDirectory, "small");
  await Deno.mkdir(source, { recursive: true });
  await Deno.writeTextFile(join(source, "README.md"), "# small\n");
  return source;
}
