/**
 * The definition of a command: parameters, help text, and the function that runs it.
 * `commands/table.ts` explains how to add a command.
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
import type { WordKind } from "./completed_command.ts";
import { type FlagTable, outputAliases, outputFlags, settingFlags } from "./common_flags.ts";
import type { HomeUses } from "./home_use.ts";
import { guessWord } from "./suggestions.ts";

/**
 * An entry in the table of commands: names and one-line description, and a function that loads the
 * command's file.
 */
export interface CommandEntry {
  name: string;
  /** Alternative names of the command. */
  aliases?: readonly string[];
  /** One-line description of the command for the list of commands. */
  brief: string;
  load(): Promise<{ default: CommandDefinition }>;
}

/** The tools that a running command gets in addition to its flags and arguments. */
export interface CommandEnvironment {
  /** The output of the command, which prints results and messages. */
  output: Output;
  /** The interface to the process: streams, environment, signals. */
  io: Io;
  /**
   * Returns the settings, which are loaded at the first call. `anew` loads them again. A command
   * that never calls this function works even if the config file is invalid.
   *
   * @throws {ConfigError} for invalid settings
   * @throws {CliError} `HOME_NOT_FOUND` if the command needs an existing home and there is none
   */
  settings(options?: { anew: boolean }): Promise<LoadedSettings>;
  /**
   * Returns a function that opens the home's state database, `state.db`, at its first call. The
   * database stays open until the command ends. The home must exist.
   */
  state(): Promise<() => StateDatabase>;
  /** Runs another command line in the same process. Resolves to its exit code. */
  cli(args: readonly string[]): Promise<number>;
  /** The table of all commands, from which completion scripts are generated. */
  commands: readonly CommandEntry[];
}

/**
 * The argument of a command's `run` function: parsed flags and positional arguments, output,
 * settings, state.
 */
export interface CommandRun<FLAGS, ARGS extends BaseArgs> extends CommandEnvironment {
  /** The parsed values of the command's own flags. */
  flags: FLAGS;
  /** The parsed positional arguments of the command. */
  args: ARGS;
}

/**
 * The definition of a command as its file writes it, before {@linkcode defineCommand} adds the
 * flags that all commands share.
 */
export interface CommandSpec<FLAGS extends Record<string, unknown>, ARGS extends BaseArgs> {
  /** Description on the command's help page, below the one-line brief. */
  description?: string;
  /** Example command lines on the command's help page, the most common first. */
  examples?: readonly string[];
  /**
   * Settings that the command accepts as flags, in addition to the common settings that every
   * command accepts. The command's help lists only the settings given here.
   */
  settings?: readonly SettingKey[];
  /** Whether the command needs a home, and whether it may create one. */
  home: HomeUses;
  /** Whether the command needs no home if it is run with `--dry-run`. */
  dryRunNeedsNoHome?: true;
  /**
   * Which packages completion offers for the command's arguments, if not all that the home knows.
   */
  names?: WordKind;
  /** The command's own flags, aliases and positional arguments, in stricli's form. */
  parameters: TypedCommandParameters<FLAGS, ARGS, CliContext>;
  /**
   * Runs the command and returns its exit code; `undefined` means 0. To fail, the function throws;
   * the caller prints the error and derives the exit code from it.
   */
  run(given: CommandRun<FLAGS, ARGS>): Promise<number | void> | number | void;
}

/**
 * A command as {@linkcode defineCommand} returns it, without the static types of its flags and
 * arguments.
 */
export interface CommandDefinition {
  description?: string;
  examples?: readonly string[];
  home: HomeUses;
  dryRunNeedsNoHome?: true;
  names?: WordKind;
  parameters: Command<CliContext>["parameters"];
  /** Names of the command's own flags (not settings), in camel case. */
  ownFlags: readonly string[];
  run(given: CommandRun<Record<string, unknown>, BaseArgs>): Promise<number | void> | number | void;
}

/**
 * Defines a command: checks the type of its function against its flags and arguments at compile
 * time, and adds the flags that all commands share. If the command has a flag with the name of a
 * setting, the command's flag is used.
 */
export function defineCommand<FLAGS extends Record<string, unknown>, ARGS extends BaseArgs>(
  spec: CommandSpec<FLAGS, ARGS>,
): CommandDefinition {
  const { flags = {}, aliases = {}, positional } = spec
    .parameters as CommandDefinition["parameters"];
  const all: FlagTable = { ...settingFlags(spec.settings ?? []), ...outputFlags, ...flags };
  const ownFlags = Object.keys(flags);
  // The command's own flags come first, because help lists flags in this order.
  const ordered = [...ownFlags, ...Object.keys(all).filter((name) => !ownFlags.includes(name))];
  // An object without a prototype: stricli also finds inherited properties, and would accept
  // `--to-string`.
  const table: Record<string, FlagTable[string]> = Object.create(null);
  for (const name of ordered) table[name] = all[name]!;
  return {
    description: spec.description,
    examples: spec.examples,
    home: spec.home,
    dryRunNeedsNoHome: spec.dryRunNeedsNoHome,
    names: spec.names,
    parameters: {
      flags: table,
      aliases: { ...outputAliases, ...aliases },
      ...(positional ? { positional } : {}),
    },
    ownFlags,
    run: spec.run as CommandDefinition["run"],
  };
}

/** Defines an optional flag whose value is any non-empty text. */
export function textFlag(placeholder: string, brief: string) {
  return { kind: "parsed", parse: notEmpty, optional: true, placeholder, brief } as const;
}

/**
 * The flag `--allow-secret PATH`: PATH is packed even if it seems to contain a secret. The flag may
 * be repeated.
 */
export const allowSecretFlag = {
  ...textFlag("PATH", "Accept a secret in this file, a path in the package; may be repeated"),
  variadic: true,
} as const;

/** The flag `--web-seed URL`, which may be repeated. `running/web_seeds.ts` reads its values. */
export const webSeedFlag = {
  ...textFlag("URL", "Web server that serves the archive too; may be repeated, none for no server"),
  variadic: true,
} as const;

/** The flag `--key ssh-agent:FINGERPRINT`: a key in the SSH agent signs in place of the home's. */
export const agentKeyFlag = textFlag(
  "ssh-agent:FINGERPRINT",
  "Sign with this key in the SSH agent, as ssh-add -l names it",
);

/** Defines an optional flag without a value, such as `--all`. */
export function switchFlag(brief: string) {
  return { kind: "boolean", optional: true, withNegated: false, brief } as const;
}

/** Defines a positional argument whose value is any non-empty text. */
export function textArgument(
  placeholder: string,
  brief: string,
): TypedPositionalParameter<string, CliContext> {
  return { parse: notEmpty, placeholder, brief };
}

/** Defines a positional argument whose value is one of `words`. */
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
