/**
 * A program as it is run from a shell, and what it takes: time, processor, memory. For the rows that
 * measure whole commands.
 *
 * @module
 */

import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Figures, Metric } from "./harness.ts";

const dist = fileURLToPath(new URL("../../dist/", import.meta.url));

/** The program file: what `LIBRESEED_BIN` names, or `dist/libreseed`. */
export const program: string = resolve(Deno.env.get("LIBRESEED_BIN") ?? join(dist, "libreseed"));

/** Where rows keep what takes long to make. */
export const workDirectory: string = join(dist, "bench");

/** What {@linkcode runCommand} tells of a command. */
export const commandMetrics: readonly Metric[] = [
  { key: "ms", name: "start to end", unit: "ms" },
  { key: "cpuMs", name: "processor", unit: "ms" },
  { key: "peak", name: "most memory", unit: "MiB" },
];

/** Why libreseed cannot take part; `undefined` if it can. */
export async function missingProgram(): Promise<string | undefined> {
  const found = await Deno.stat(program).catch(() => undefined);
  if (!found?.isFile) return `there is no ${program}: run \`deno task compile\``;
  return await missing("/usr/bin/time")();
}

/** Tells why a contender cannot take part if one of the programs that it runs is not installed. */
export function missing(...programs: string[]): () => Promise<string | undefined> {
  return async () => {
    for (const name of programs) {
      const which = new Deno.Command("which", { args: [name], stdout: "null", stderr: "null" });
      if (!(await which.output()).success) return `${name} is not installed`;
    }
  };
}

/**
 * Runs a command to its end. Throws if it fails, with what it said.
 *
 * @returns figures for {@linkcode commandMetrics}: of the process that was started and, for the
 * processor, of those that it started; memory is the largest resident set of any one of them
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

/** Runs libreseed with a home of its own, and no other environment. */
export async function runLibreseed(home: string, args: readonly string[]): Promise<Figures> {
  return await runCommand([program, ...args], { env: { LIBRESEED_HOME: home } });
}

/** A directory with one file of noise, which does not shrink; it stays for the next row. */
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

/** A directory that is as small as can be: for what a command takes whatever it is given. */
export async function makeSmall(): Promise<string> {
  const source = join(workDirectory, "small");
  await Deno.mkdir(source, { recursive: true });
  await Deno.writeTextFile(join(source, "README.md"), "# small\n");
  return source;
}
