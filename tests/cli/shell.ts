/** Runs the program from a shell command line, for tests with pipes and redirections. */

import { fileURLToPath } from "node:url";
import { type CliOptions, type CliResult, commandLine, runCli } from "../support/mod.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Runs a bash command line in which `"$@"` stands for the program. */
export function runShell(line: string, options: CliOptions = {}): Promise<CliResult> {
  return runCli(commandLine(), { cwd: root, ...options, program: ["bash", "-c", line, "bash"] });
}
