/**
 * The definition of a command: parameters, help text, and a function. `commands/table.ts` explains
 * how to add a command.
 *
 * @module
 */

import type {
  BaseArgs,
  Command,
  TypedCommandParameters,
  TypedPositionalParameter,
} from "@stricli/core";
import type { LoadedSettings, SettingKey } from "../../config/mod.ts";
import type { StateDatabase } from "../../store/mod.ts";
import type { Io } from "../process/context.ts";
import type { Output } from "../terminal/output.ts";
import type { CliContext } from "./cli_context.ts";
import { type FlagTable, outputAliases, outputFlags, settingFlags } from "./common_flags.ts";
import type { HomeUses } from "./home_use.ts";
import { guessWord } from "./suggestions.ts";

/** A command in the tree. */
export interface CommandEntry {
  name: string;
  /** Other names of the same command. */
  aliases?: readonly string[];
  /** One line for the list of commands. */
  brief: string;
  load(): Promise<{ default: CommandDefinition }>;
}

/** The surroundings of a running command, which do not depend on its flags and arguments. */
export interface CommandEnvironment {
  /** Prints results and messages. */
  output: Output;
  /** The process: streams, environment, signals. */
  io: Io;
  /**
   * Loads the settings at the first call and returns the same ones afterwards; `anew` loads them
   * again. A command that never calls this works with a broken config file.
   *
   * @throws {ConfigError} for invalid settings
   * @throws {CliError} `HOME_NOT_FOUND` if the command needs an existing home and there is none
   */
  settings(options?: { anew: boolean }): Promise<LoadedSettings>;
  /**
   * Loads the code for `state.db` and returns a function that opens the home's state at its first
   * call. One opening serves the whole command, whose end closes it. The home has to exist.
   */
  state(): Promise<() => StateDatabase>;
  /** Runs another command line in the same process; resolves to its exit code. */
  cli(args: readonly string[]): Promise<number>;
  /** The table of all commands. */
  commands: readonly CommandEntry[];
}

/** The argument of a command's function. */
export interface CommandRun<FLAGS, ARGS extends BaseArgs> extends CommandEnvironment {
  /** The command's own flags. */
  flags: FLAGS;
  /** The positional arguments. */
  args: ARGS;
}

/** The description of a command for {@linkcode defineCommand}. */
export interface CommandSpec<FLAGS extends Record<string, unknown>, ARGS extends BaseArgs> {
  /** Paragraphs for `libreseed help COMMAND`, below the one-line brief. */
  description?: string;
  /** Command lines for `libreseed help COMMAND`, the most common first. */
  examples?: readonly string[];
  /**
   * Settings whose flags the command's help lists. Every command accepts the common settings; any
   * other setting is accepted only if it is listed here.
   */
  settings?: readonly SettingKey[];
  /** Whether the command needs a home, and whether it may create one. */
  home: HomeUses;
  /** With `--dry-run` the command needs no home. */
  dryRunNeedsNoHome?: true;
  /** The command's own flags, aliases and positional arguments, in stricli's form. */
  parameters: TypedCommandParameters<FLAGS, ARGS, CliContext>;
  /**
   * Runs the command and returns its exit code; `undefined` means 0. The caller reports a thrown
   * error and derives the exit code from it.
   */
  run(given: CommandRun<FLAGS, ARGS>): Promise<number | void> | number | void;
}

/**
 * A command with its flag and argument types erased, after {@linkcode defineCommand} checked them.
 */
export interface CommandDefinition {
  description?: string;
  examples?: readonly string[];
  home: HomeUses;
  dryRunNeedsNoHome?: true;
  parameters: Command<CliContext>["parameters"];
  /** Camel-case names of the command's own flags, which are not settings. */
  ownFlags: readonly string[];
  run(given: CommandRun<Record<string, unknown>, BaseArgs>): Promise<number | void> | number | void;
}

/**
 * Defines a command: checks the type of its function against its flags and arguments, and adds the
 * flags that all commands share. A command's own flag overrides a setting's flag of the same name.
 */
export function defineCommand<FLAGS extends Record<string, unknown>, ARGS extends BaseArgs>(
  spec: CommandSpec<FLAGS, ARGS>,
): CommandDefinition {
  const { flags = {}, aliases = {}, positional } = spec
    .parameters as CommandDefinition["parameters"];
  const all: FlagTable = { ...settingFlags(spec.settings ?? []), ...outputFlags, ...flags };
  const ownFlags = Object.keys(flags);
  // Own flags first: help lists them in this order.
  const ordered = [...ownFlags, ...Object.keys(all).filter((name) => !ownFlags.includes(name))];
  // No prototype: stricli also finds inherited properties and would accept `--to-string`.
  const table: Record<string, FlagTable[string]> = Object.create(null);
  for (const name of ordered) table[name] = all[name]!;
  return {
    description: spec.description,
    examples: spec.examples,
    home: spec.home,
    dryRunNeedsNoHome: spec.dryRunNeedsNoHome,
    parameters: {
      flags: table,
      aliases: { ...outputAliases, ...aliases },
      ...(positional ? { positional } : {}),
    },
    ownFlags,
    run: spec.run as CommandDefinition["run"],
  };
}

/** An optional flag whose value is any non-empty text. */
export function textFlag(placeholder: string, brief: string) {
  return { kind: "parsed", parse: notEmpty, optional: true, placeholder, brief } as const;
}

/** `--allow-secret`: a path that may hold a secret. The flag may be repeated. */
export const allowSecretFlag = {
  ...textFlag("PATH", "Accept a secret in this file, a path in the package; may be repeated"),
  variadic: true,
} as const;

/** An optional flag without a value. */
export function switchFlag(brief: string) {
  return { kind: "boolean", optional: true, withNegated: false, brief } as const;
}

/** A positional argument that is any non-empty text. */
export function textArgument(
  placeholder: string,
  brief: string,
): TypedPositionalParameter<string, CliContext> {
  return { parse: notEmpty, placeholder, brief };
}

/** A positional argument that is one of `words`. */
export function choiceArgument<WORD extends string>(words: readonly WORD[], brief: string) {
  return {
    placeholder: words.join("|"),
    brief,
    parse(text: string): WORD {
      const word = words.find((one) => one === text);
      if (word !== undefined) return word;
      const choices = `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
      const meant = guessWord(text, words);
      const guess = meant === undefined ? "" : `; did you mean ${meant}?`;
      throw new SyntaxError(`expected ${choices}, not ${JSON.stringify(text)}${guess}`);
    },
  };
}

function notEmpty(text: string): string {
  if (text === "") throw new SyntaxError("is empty");
  return text;
}
