/**
 * Runs a command line and returns its exit code. Only the requested command's module is loaded.
 * `run_command.ts` runs the command after its flags are parsed.
 *
 * @module
 */

import { ExitCode as StricliCode, run } from "@stricli/core";
import { utf8 } from "../base/mod.ts";
import { buildApp } from "./app.ts";
import { commands, findCommand } from "./commands/table.ts";
import { helpFlags, prepareArguments } from "./flags/arguments.ts";
import type { CliContext } from "./flags/cli_context.ts";
import type { CommandDefinition } from "./flags/command.ts";
import { explainWord, guessWord } from "./flags/suggestions.ts";
import type { Io } from "./process/context.ts";
import { CliError } from "./process/errors.ts";
import { exitCodeOfError, exitCodes } from "./process/exit_codes.ts";
import { Output, wantsColor } from "./terminal/output.ts";

/**
 * Runs a command line and resolves to its exit code. Never rejects, and never ends the process.
 *
 * @param args the arguments, without the program's name
 */
export async function runCli(args: readonly string[], io: Io): Promise<number> {
  const escape = args.indexOf("--");
  const flagged = escape === -1 ? args : args.slice(0, escape);
  // `--json` is detected before the flags are parsed, so that a parse error is printed in the
  // requested format, too.
  const output = new Output({
    stdout: io.stdout,
    stderr: io.stderr,
    env: io.env,
    clock: io.clock,
    json: flagged.includes("--json"),
    verbose: flagged.includes("-v") || flagged.includes("--verbose"),
  });
  try {
    return await runPrepared(args, io);
  } catch (error) {
    output.error(error);
    return exitCodeOfError(error);
  }
}

async function runPrepared(raw: readonly string[], io: Io): Promise<number> {
  const { command, args } = prepareArguments(raw);
  const entry = command === undefined ? undefined : findCommand(command);
  if (command !== undefined && !entry) throw unknownCommand(command);
  const loaded = new Map<string, CommandDefinition>();
  if (entry) loaded.set(entry.name, (await entry.load()).default);

  // Without a command, help is printed: to standard output if a flag asked for help, otherwise to
  // standard error, with the exit code for wrong usage.
  const inputs = command === undefined ? args.filter((arg) => helpFlags.includes(arg)) : args;
  const mistaken = inputs.length === 0;
  const printed = mistaken ? io.stderr : io.stdout;
  const problems: string[] = [];
  let lost: unknown;
  const context: CliContext = {
    process: {
      stdout: {
        write(text) {
          try {
            printed.write(utf8(text));
          } catch (error) {
            lost = error;
            throw error;
          }
        },
        getColorDepth: () => (wantsColor(printed, io.env) ? 8 : 1),
      },
      // The stricli parser writes only error messages to this stream. They are collected, and
      // reported below as text or JSON.
      stderr: { write: (text) => void problems.push(text.trimEnd()) },
    },
    io,
    cli: (more) => runCli(more, io),
  };
  await run(buildApp(loaded), inputs, context);
  if (lost) throw lost;
  if (mistaken) return exitCodes.usage;
  const code = Number(context.process.exitCode ?? StricliCode.InternalError);
  if (code >= 0) return code;
  if (code !== StricliCode.InvalidArgument || !entry) {
    throw new CliError("failed", "UNEXPECTED", problems.join("\n"));
  }
  const hint = `libreseed help ${entry.name}`;
  throw new CliError("usage", "BAD_ARGUMENTS", `${problems.join("; ")} (see \`${hint}\`)`);
}

function unknownCommand(command: string): CliError {
  const names = commands.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
  const explained = explainWord(command);
  const meant = explained === undefined ? guessWord(command, names) : undefined;
  const hint = explained !== undefined
    ? `: ${explained}`
    : meant !== undefined
    ? `; did you mean ${meant}?`
    : "";
  const message = `unknown command ${JSON.stringify(command)}${hint} (see \`libreseed help\`)`;
  return new CliError("usage", "UNKNOWN_COMMAND", message);
}
