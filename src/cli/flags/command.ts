/**
 * What a command is: parameters, help, and a function. `commands/table.ts` tells how to add one.
 *
 * @module
 */

import type {
  BaseArgs,
  Command,
  CommandContext,
  TypedCommandParameters,
  TypedPositionalParameter,
} from "@stricli/core";
import type { LoadedSettings, SettingKey } from "../../config/mod.ts";
import type { Io } from "../process/context.ts";
import type { Output } from "../terminal/output.ts";
import { type FlagTable, outputAliases, outputFlags, settingFlags } from "./common_flags.ts";
import type { HomeUses } from "./home_use.ts";
import { guessWord } from "./suggestions.ts";

/** What stricli hands to a command's function as `this`. Commands see {@linkcode CommandRun}. */
export interface CliContext extends CommandContext {
  readonly process: CommandContext["process"] & { exitCode?: number | string | null };
  readonly io: Io;
}

/** What a command's function gets. */
export interface CommandRun<FLAGS, ARGS extends BaseArgs> {
  /** The command's own flags. */
  flags: FLAGS;
  /** The positional arguments. */
  args: ARGS;
  /** Says things. */
  output: Output;
  /** The process. */
  io: Io;
  /**
   * The settings, loaded when first asked for. Rejects with `ConfigError`. A command that needs none
   * does not ask, and so works with a broken config file. With `anew` they are loaded once more. For
   * a command that uses an existing home, also rejects with `HOME_NOT_FOUND`.
   */
  settings(options?: { anew: boolean }): Promise<LoadedSettings>;
  /** Runs another command line in the same process; resolves to its exit code. */
  cli(args: readonly string[]): Promise<number>;
}

/** How a command is described to {@linkcode defineCommand}. */
export interface CommandSpec<FLAGS extends Record<string, unknown>, ARGS extends BaseArgs> {
  /** Paragraphs for `libreseed help COMMAND`, below the one-line brief. */
  description?: string;
  /** Command lines for `libreseed help COMMAND`, the most common first. */
  examples?: readonly string[];
  /**
   * Settings whose flags help lists. The common ones are accepted by every command anyway; one that
   * is not common is accepted only here.
   */
  settings?: readonly SettingKey[];
  /** Whether it needs a home, and may make one. */
  home: HomeUses;
  /** With `--dry-run` it needs none. */
  dryRunNeedsNoHome?: true;
  /** The command's own flags, aliases and positional arguments, as stricli takes them. */
  parameters: TypedCommandParameters<FLAGS, ARGS, CliContext>;
  /**
   * Does it. Returns the exit code; nothing means 0. Whatever it throws is reported and becomes the
   * exit code.
   */
  run(given: CommandRun<FLAGS, ARGS>): Promise<number | void> | number | void;
}

/** A command whose types are checked and forgotten. */
export interface CommandDefinition {
  description?: string;
  examples?: readonly string[];
  home: HomeUses;
  dryRunNeedsNoHome?: true;
  parameters: Command<CliContext>["parameters"];
  /** Flags, by their camel-case names, that are the command's own and no settings. */
  ownFlags: readonly string[];
  run(given: CommandRun<Record<string, unknown>, BaseArgs>): Promise<number | void> | number | void;
}

/**
 * Checks a command's function against its flags and arguments, and adds the flags that all commands
 * have. An own flag of the same name as a setting wins.
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
  // No prototype: stricli looks names up without asking whose they are, and `--to-string` is none.
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

/** An optional flag that takes any text but the empty one. */
export function textFlag(placeholder: string, brief: string) {
  return { kind: "parsed", parse: notEmpty, optional: true, placeholder, brief } as const;
}

/** Flag of the commands that refuse secrets: a path that may hold one. It may be given again. */
export const allowSecretFlag = {
  ...textFlag("PATH", "Let a file with a secret in, by its path in the package; may be repeated"),
  variadic: true,
} as const;

/** An optional flag without a value. */
export function switchFlag(brief: string) {
  return { kind: "boolean", optional: true, withNegated: false, brief } as const;
}

/** A positional argument that is any text but the empty one. */
export function textArgument(
  placeholder: string,
  brief: string,
): TypedPositionalParameter<string, CliContext> {
  return { parse: notEmpty, placeholder, brief };
}

/** A positional argument that is one of some words. */
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
