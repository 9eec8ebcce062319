/**
 * Shells that complete command lines of libreseed: bash and zsh at a terminal, where a test presses
 * the tabulator, and fish by its own command `complete -C`.
 *
 * @module
 */

import { join } from "node:path";
import { type Shell, shells } from "../../src/cli/flags/completed_command.ts";
import { commandLine, runCli } from "./cli.ts";
import { isInstalled } from "./installed.ts";
import { atTerminal } from "./terminal_cli.ts";

export { type Shell, shells };

/** The programs that a shell needs in these tests. */
const programs: Record<Shell, string[]> = {
  bash: ["bash", "script"],
  zsh: ["zsh", "script"],
  fish: ["fish"],
};

/** Whether this machine has what it takes to try the completions of a shell. */
export function canComplete(shell: Shell): boolean {
  return programs[shell].every(isInstalled);
}

/** Names the programs that a shell needs, for the title of a test. */
export function needed(shell: Shell): string {
  return programs[shell].join(", ");
}

const PROMPT = "READY>";

/**
 * Completes the last word of each command line, and returns the words of the lines after that.
 *
 * @param directory an empty directory for the files of the test
 * @param home the home, and the value of `HOME`
 * @param cwd the working directory of the shell
 */
export async function completedIn(
  shell: Shell,
  lines: readonly string[],
  { directory, home, cwd }: { directory: string; home: string; cwd: string },
): Promise<string[][]> {
  const script = join(directory, "script");
  const { stdout } = await runCli(["completions", shell], {});
  await Deno.writeTextFile(script, stdout);
  const run = commandLine().map(quoted).join(" ");
  // In place of any other command, a stand-in prints its arguments.
  const standIn = `#!/bin/sh
case $1 in
  words) exec ${run} "$@" ;;
  *) printf '<%s>' "$@"; echo . ;;
esac
`;
  await Deno.writeTextFile(join(directory, "libreseed"), standIn, { mode: 0o755 });
  const env = { PATH: `${directory}:${Deno.env.get("PATH")}`, TERM: "dumb" };
  return shell === "fish"
    ? await inFish(script, lines, { home, cwd, env })
    : await atPrompt(shell, script, lines, { home, cwd, env });
}

interface Place {
  home: string;
  cwd: string;
  env: Record<string, string>;
}

async function inFish(script: string, lines: readonly string[], { home, cwd, env }: Place) {
  const answers: string[][] = [];
  for (const line of lines) {
    const { stdout, stderr } = await runCli(
      ["--no-config", "-c", `source ${quoted(script)}; complete -C ${quoted(line)}`],
      { program: ["fish"], cwd, env: { ...env, HOME: home, LIBRESEED_HOME: home } },
    );
    const found = stdout.split("\n").filter((one) => one !== "").map((one) => one.split("\t")[0]!);
    if (found.length !== 1) throw new Error(`fish: ${line}: ${found.join(" ")} ${stderr}`);
    answers.push([...line.split(" ").slice(1, -1), found[0]!]);
  }
  return answers;
}

async function atPrompt(shell: Shell, script: string, lines: readonly string[], place: Place) {
  const { home, cwd, env } = place;
  const program = shell === "bash" ? ["bash", "--norc", "--noprofile", "-i"] : ["zsh", "-f", "-i"];
  await using terminal = atTerminal([], {
    home,
    env: { ...env, PS1: "begin> ", INPUTRC: "/dev/null" },
    program,
  });
  await terminal.waitFor(/begin> /);
  const load = shell === "bash"
    ? ""
    : "autoload -Uz compinit; compinit -u -D; unsetopt prompt_sp auto_remove_slash;";
  // In two parts, so that the terminal's echo of this line is not taken for the prompt.
  await terminal.type(`cd ${quoted(cwd)}; ${load} . ${quoted(script)}; PS1=READY'> '`);
  const answers: string[][] = [];
  for (const line of lines) {
    await terminal.waitFor(new RegExp(`${PROMPT} `));
    await terminal.type(`${line}\t`);
    const [shown] = await terminal.waitFor(/^(?:<[^<>]*>)+\.$/m);
    answers.push([...shown.matchAll(/<([^<>]*)>/g)].map(([, word]) => word!));
  }
  return answers;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
