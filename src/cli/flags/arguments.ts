/**
 * Prepares the raw command line for npm:@stricli/core, which parses the flags. Finds the command's
 * name, moves flags that precede the name behind it, and rejects text that looks like a flag but
 * that stricli would treat as a positional argument.
 *
 * @module
 */

import { CliError } from "../process/errors.ts";
import { globalFlagTakesValue } from "./common_flags.ts";

/**
 * A command line, rewritten so that the stricli parser (npm:@stricli/core) parses it as intended.
 */
export interface PreparedArguments {
  /** The command's name as typed; `undefined` if the command line has none. */
  command: string | undefined;
  /** The command's name, flags and arguments. If the command line names no command, only flags. */
  args: string[];
}

/** Flags that request help. They are valid with or without a command. */
export const helpFlags: readonly string[] = ["--help", "-h", "--help-all", "-H"];

/** Flags with a digit as their short name, which stricli does not support: `-0` means `--null`. */
export const digitAliases: Readonly<Record<string, string>> = { "0": "null" };

const longFlag = /^--[a-z][a-z\d_.-]+$/i;
const shortFlags = /^-[a-z]+$/i;
const shortFlagWithValue = /^-[a-z]=/i;

function badArguments(message: string): CliError {
  return new CliError("usage", "BAD_ARGUMENTS", message);
}

/**
 * Rewrites an argument that precedes `--` into one or two arguments that stricli parses as
 * intended.
 */
function prepare(argument: string): string[] {
  if (argument === "-" || !argument.startsWith("-")) return [argument];
  const named = argument.length === 2 ? digitAliases[argument[1]!] : undefined;
  if (named !== undefined) return [`--${named}`];
  const equals = argument.indexOf("=");
  const name = equals === -1 ? argument : argument.slice(0, equals);
  if (longFlag.test(name)) {
    const value = argument.slice(equals + 1);
    // Split `--name=value` if the value is empty or has a line break, because stricli would not
    // parse it.
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
 * Prepares a command line for the stricli parser. Common flags may precede the command. `--version`
 * becomes the command `version`; `-0` becomes `--null`.
 *
 * @throws {CliError} `BAD_ARGUMENTS`
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
    // In combined short flags such as -qv, no flag takes a value.
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
