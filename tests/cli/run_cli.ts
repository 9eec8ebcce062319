/**
 * Runs the program as a process of its own, with an environment of its own.
 *
 * @module
 */

import { join } from "node:path";

/** What a process left behind. */
export interface Finished {
  code: number;
  stdout: string;
  stderr: string;
}

/** How to start it. */
export interface RunOptions {
  cwd?: string;
  /** Added to an environment that has a `PATH` and a `HOME` and nothing of ours. */
  env?: Record<string, string>;
}

const root = join(import.meta.dirname!, "..", "..");

/** The words that start the program. */
export const program: readonly string[] = [
  ...[Deno.execPath(), "run", "-q", "-A", "--config", join(root, "deno.json")],
  join(root, "main.ts"),
];

/** The program as a command that has not been started. */
export function command(
  args: readonly string[],
  { cwd, env = {} }: RunOptions = {},
  streams: { stdout?: "piped"; stderr?: "piped" } = {},
): Deno.Command {
  return new Deno.Command(program[0]!, {
    args: [...program.slice(1), ...args],
    cwd,
    clearEnv: true,
    env: processEnv(env),
    stdin: "null",
    ...streams,
  });
}

/** The environment of {@linkcode command}. */
export function processEnv(more: Record<string, string> = {}): Record<string, string> {
  const home = Deno.env.get("HOME") ?? "/";
  return {
    PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin",
    // Nobody's real ~/.libreseed is touched; the runtime keeps its cache.
    HOME: "/nonexistent",
    DENO_DIR: Deno.env.get("DENO_DIR") ?? join(home, ".cache", "deno"),
    ...more,
  };
}

/** Runs the program to its end. */
export async function runCli(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const { code, stdout, stderr } = await command(args, options).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** Runs a line of bash in which `"$@"` is the program. */
export async function runShell(line: string, options: RunOptions = {}): Promise<Finished> {
  const { code, stdout, stderr } = await new Deno.Command("bash", {
    args: ["-c", line, "bash", ...program],
    cwd: options.cwd,
    clearEnv: true,
    env: processEnv(options.env),
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** A directory that is gone at the end of its block. */
export async function temporaryDirectory(): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir({ prefix: "libreseed-test-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
