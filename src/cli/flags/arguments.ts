/**
 * Prepares the raw command line for stricli, which parses the flags. Finds the command, moves flags
 * that precede it behind it, and refuses text that looks like a flag but that stricli would take
 * for an argument.
 *
 * @module
 */

import { CliError } from "../process/errors.ts";
import { globalFlagTakesValue } from "./common_flags.ts";

/** A command line in the form that stricli parses. */
export interface PreparedArguments {
  /** The command's name as typed; `undefined` if the command line has none. */
  command: string | undefined;
  /** The command, its flags and its arguments; only flags if there is no command. */
  args: string[];
}

/** The flags that ask for help, with or without a command. */
export const helpFlags: readonly string[] = ["--help", "-h", "--help-all", "-H"];

/** Flags whose short name is a digit. stricli itself allows only letters. */
export const digitAliases: Readonly<Record<string, string>> = { "0": "null" };

const longFlag = /^--[a-z][a-z\d_.-]+$/i;
const shortFlags = /^-[a-z]+$/i;
const shortFlagWithValue = /^-[a-z]=/i;

function badArguments(message: string): CliError {
  return new CliError("usage", "BAD_ARGUMENTS", message);
}

/** Rewrites one argument before `--` as one or two arguments that stricli parses as intended. */
function prepare(argument: string): string[] {
  if (argument === "-" || !argument.startsWith("-")) return [argument];
  const named = argument.length === 2 ? digitAliases[argument[1]!] : undefined;
  if (named !== undefined) return [`--${named}`];
  const equals = argument.indexOf("=");
  const name = equals === -1 ? argument : argument.slice(0, equals);
  if (longFlag.test(name)) {
    const value = argument.slice(equals + 1);
    // stricli parses `--name=value` only if the value is not empty and has no line break.
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
    // Combined short flags such as -qv are all switches.
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
