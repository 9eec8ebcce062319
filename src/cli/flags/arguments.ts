/**
 * Prepares the raw command line for stricli, which parses the flags: finds the command, moves flags
 * that stand before it behind it, and refuses what stricli would take for an argument though it
 * looks like a flag.
 *
 * @module
 */

import { CliError } from "../process/errors.ts";
import { globalFlagTakesValue } from "./common_flags.ts";

/** A command line that stricli understands. */
export interface PreparedArguments {
  /** As it was typed; `undefined` if there is none. */
  command: string | undefined;
  /** The command and what belongs to it; only flags if there is no command. */
  args: string[];
}

/** The flags that ask for help, with or without a command. */
export const helpFlags: readonly string[] = ["--help", "-h", "--help-all", "-H"];

/** One-digit names of flags; stricli's are letters. */
export const digitAliases: Readonly<Record<string, string>> = { "0": "null" };

const longFlag = /^--[a-z][a-z\d_.-]+$/i;
const shortFlags = /^-[a-z]+$/i;
const shortFlagWithValue = /^-[a-z]=/i;

function badArguments(message: string): CliError {
  return new CliError("usage", "BAD_ARGUMENTS", message);
}

/** One argument before `--`, as one or two that stricli reads as meant. */
function prepare(argument: string): string[] {
  if (argument === "-" || !argument.startsWith("-")) return [argument];
  const named = argument.length === 2 ? digitAliases[argument[1]!] : undefined;
  if (named !== undefined) return [`--${named}`];
  const equals = argument.indexOf("=");
  const name = equals === -1 ? argument : argument.slice(0, equals);
  if (longFlag.test(name)) {
    const value = argument.slice(equals + 1);
    // stricli wants at least one character behind "=", all on one line.
    if (equals !== -1 && (value === "" || value.includes("\n"))) return [name, value];
    return [argument];
  }
  if (shortFlags.test(argument) || shortFlagWithValue.test(argument)) return [argument];
  throw badArguments(
    `unknown flag ${JSON.stringify(argument)}; put -- before arguments that begin with a dash, ` +
      "and = before values that do",
  );
}

/**
 * Prepares a command line. Common flags may stand before the command, `--version` means `version`,
 * `-0` means `--null`. Throws {@linkcode CliError} (`BAD_ARGUMENTS`).
 */
export function prepareArguments(raw: readonly string[]): PreparedArguments {
  const escape = raw.indexOf("--");
  const flagged = (escape === -1 ? raw : raw.slice(0, escape)).flatMap(prepare);
  const literal = escape === -1 ? [] : raw.slice(escape);
  const leading: string[] = [];
  while (flagged[0]?.startsWith("-") && flagged[0] !== "-") {
    const flag = flagged.shift()!;
    if (flag === "--version" || flag === "-V") {
      flagged.unshift("version");
      break;
    }
    leading.push(flag);
    if (helpFlags.includes(flag)) continue;
    const takesValue = flag.replace(/^--?/, "").replace(/=.*$/s, "");
    // Several letters at once are switches if they are common flags at all: -qv.
    const names = /^-[a-z]+$/i.test(flag) ? [...takesValue] : [takesValue];
    const kinds = names.map(globalFlagTakesValue);
    if (kinds.includes(undefined)) {
      throw badArguments(`unknown flag ${flag} before the command; flags of a command follow it`);
    }
    if (kinds[0] && !flag.includes("=")) {
      const value = flagged.shift();
      if (value === undefined) throw badArguments(`${flag} needs a value`);
      leading.push(value);
    }
  }
  const [command, ...rest] = flagged;
  if (command === undefined) {
    if (literal.length > 0) throw badArguments("name a command before --");
    return { command, args: leading };
  }
  return { command, args: [command, ...leading, ...rest, ...literal] };
}
