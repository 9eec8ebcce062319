/**
 * Scans a command line, so that the launcher knows what the command may touch before any code of
 * the command runs. The parser of the command line (`src/cli`, npm:@stricli/core) is too large for
 * the launcher. The scanner reports no errors: a command line that it does not understand is
 * granted nothing, and the parser reports what is wrong with it. A property test compares the two.
 *
 * @module
 */

import { findSetting, settingDefinitions, type SettingFlags } from "../config/mod.ts";
import {
  type CommandName,
  type CommandSyntax,
  findSyntax,
  type FlagKind,
  leadingSettings,
  outputLetters,
  outputSwitches,
} from "./command_table.ts";

/** A command line that the scanner understands. The command's parser accepts it, too. */
export interface CommandLine {
  /** Name of the command, never an alias. */
  command: CommandName;
  /** Whether the command line asks for the command's help page, so that the command does not run. */
  help: boolean;
  /** The values of the command's own flags, by their names in camel case. */
  flags: Readonly<Record<string, FlagValue>>;
  /** The values of the flags that are settings. */
  settings: SettingFlags;
  /** The positional arguments, in order. */
  args: readonly string[];
}

/** The value of a flag: `true` or `false` for a switch, a list for a flag that may be repeated. */
export type FlagValue = boolean | string | readonly string[];

// The patterns of the parser, npm:@stricli/core 1.3.0, and those of `src/cli/flags/arguments.ts`.
const LONG = /^--[a-z][a-z\d_.-]+$/i;
const LONG_WITH_VALUE = /^--([a-z][a-z-.\d_]+)=(.+)$/i;
const SHORT = /^-[a-z]+$/i;
const SHORT_WITH_VALUE = /^-([a-z])=(.+)$/i;
const HELP: readonly string[] = ["help", "helpAll"];
const TRUE: readonly string[] = ["true", "t", "yes", "y", "on", "1", ""];
const FALSE: readonly string[] = ["false", "f", "no", "n", "off", "0"];

/** Thrown inside this file for a command line that the parser refuses. */
class NotUnderstood extends Error {}

/**
 * Scans the arguments of the process, without the program's name.
 *
 * @returns `undefined` for a command line without a command, and for one that the parser refuses
 */
export function scanCommandLine(raw: readonly string[]): CommandLine | undefined {
  try {
    const { word, rest, literal } = commandFirst(raw);
    const found = word === undefined ? undefined : findSyntax(word);
    if (!found) return undefined;
    const { name, syntax } = found;
    if (rest.some(asksForHelp)) {
      return { command: name, help: true, flags: {}, settings: {}, args: [] };
    }
    return { command: name, help: false, ...scanRest(syntax, rest, literal) };
  } catch (error) {
    if (error instanceof NotUnderstood) return undefined;
    throw error;
  }
}

/**
 * Splits a command line into the command's name, the arguments before `--`, and those after it.
 * Flags that precede the name are moved behind it.
 */
function commandFirst(
  raw: readonly string[],
): { word: string | undefined; rest: string[]; literal: readonly string[] | undefined } {
  const escape = raw.indexOf("--");
  const words = (escape === -1 ? raw : raw.slice(0, escape)).flatMap(prepare);
  const literal = escape === -1 ? undefined : raw.slice(escape + 1);
  const leading: string[] = [];
  while (words[0]?.startsWith("-") && words[0] !== "-") {
    const flag = words.shift()!;
    if (flag === "--version" || flag === "-V") {
      return { word: "version", rest: [...leading, ...words], literal };
    }
    leading.push(flag);
    if (["--help", "-h", "--help-all", "-H"].includes(flag)) continue;
    if (leadingTakesValue(flag) && !flag.includes("=")) {
      const value = words.shift();
      if (value === undefined) throw new NotUnderstood();
      leading.push(value);
    }
  }
  const word = words.shift();
  return { word, rest: [...leading, ...words], literal };
}

/** Rewrites an argument before `--` in the same way as `src/cli/flags/arguments.ts`. */
function prepare(argument: string): string[] {
  if (argument === "-" || !argument.startsWith("-")) return [argument];
  if (argument === "-0") return ["--null"];
  const equals = argument.indexOf("=");
  const name = equals === -1 ? argument : argument.slice(0, equals);
  if (LONG.test(name)) {
    const value = argument.slice(equals + 1);
    return equals !== -1 && (value === "" || value.includes("\n")) ? [name, value] : [argument];
  }
  if (SHORT.test(argument) || /^-[a-z]=/i.test(argument)) return [argument];
  throw new NotUnderstood();
}

function leadingTakesValue(flag: string): boolean {
  const name = flag.replace(/^--?/, "").replace(/=.*$/s, "");
  const kinds = (SHORT.test(flag) ? [...name] : [name]).map((one) => {
    if (outputSwitches.includes(outputLetters[one] ?? one)) return false;
    const key = one.replace(/^no-/, "");
    const isSwitch = findSetting(key)?.type.kind === "boolean";
    if (!leadingSettings.includes(key) || (one !== key && !isSwitch)) throw new NotUnderstood();
    return !isSwitch;
  });
  return kinds[0]!;
}

function asksForHelp(argument: string): boolean {
  if (/^-[hH]+$/.test(argument)) return true;
  return LONG.test(argument) && HELP.includes(toCamelCase(argument.slice(2)));
}

function toCamelCase(name: string): string {
  return name.replace(/-./g, ([, letter]) => letter!.toUpperCase());
}

/** The flags of one command. The keys are names in camel case. */
type Flags = Readonly<Record<string, { kind: FlagKind; negatable?: true; setting?: string }>>;

function flagsOf(syntax: CommandSyntax): Flags {
  const flags: Record<string, Flags[string]> = Object.create(null);
  for (const { key, type } of settingDefinitions) {
    const isList = type.kind === "host-port-list" || type.kind === "host-list";
    flags[toCamelCase(key)] = type.kind === "boolean"
      ? { kind: "switch", negatable: true, setting: key }
      : { kind: isList ? "values" : "value", setting: key };
  }
  for (const name of outputSwitches) flags[name] = { kind: "switch" };
  for (const [name, kind] of Object.entries(syntax.flags ?? {})) flags[name] = { kind };
  return flags;
}

function scanRest(
  syntax: CommandSyntax,
  rest: readonly string[],
  literal: readonly string[] = [],
): Pick<CommandLine, "flags" | "settings" | "args"> {
  const flags = flagsOf(syntax);
  const letters: Record<string, string> = { ...outputLetters, ...syntax.letters };
  const found = new Map<string, string[]>();
  const args: string[] = [];
  let waiting: string | undefined;
  const store = (name: string, text: string) => {
    const before = found.get(name) ?? [];
    if (before.length > 0 && flags[name]!.kind !== "values") throw new NotUnderstood();
    found.set(name, [...before, text]);
  };
  for (const argument of rest) {
    const flag = flagIn(argument, flags, letters);
    if (flag && waiting !== undefined) throw new NotUnderstood();
    if (!flag && waiting === undefined) args.push(argument);
    else if (!flag) store(waiting!, argument);
    if (!flag) waiting = undefined;
    else if (flag.text !== undefined) flag.names.forEach((name) => store(name, flag.text!));
    else if (flag.names.length === 1) waiting = flag.names[0];
    else throw new NotUnderstood();
  }
  if (waiting !== undefined) throw new NotUnderstood();
  args.push(...literal);
  const { args: [min, max], emptyFrom } = syntax;
  if (args.length < min || args.length > max) throw new NotUnderstood();
  if (args.slice(0, emptyFrom).includes("")) throw new NotUnderstood();
  return { ...valuesOf(flags, found), args };
}

/**
 * Returns the flags that an argument names, and their common value. `text` is absent if the value
 * is the next argument. Returns `undefined` for a positional argument or a value.
 */
function flagIn(
  argument: string,
  flags: Flags,
  letters: Readonly<Record<string, string>>,
): { names: string[]; text?: string } | undefined {
  const byLetter = (letter: string) => {
    if (!Object.hasOwn(letters, letter)) throw new NotUnderstood();
    return letters[letter]!;
  };
  const [, longName, longText] = LONG_WITH_VALUE.exec(argument) ?? [];
  if (longName !== undefined) {
    const { name, negated } = flagNamed(longName, flags);
    if (negated) throw new NotUnderstood();
    return { names: [name], text: longText! };
  }
  const [, letter, text] = SHORT_WITH_VALUE.exec(argument) ?? [];
  if (letter !== undefined) return { names: [byLetter(letter)], text: text! };
  if (SHORT.test(argument)) {
    const names = [...argument.slice(1)].map(byLetter);
    return names.every((name) => flags[name]!.kind === "switch")
      ? { names, text: "true" }
      : { names };
  }
  if (!LONG.test(argument)) return undefined;
  const { name, negated } = flagNamed(argument.slice(2), flags);
  if (flags[name]!.kind !== "switch") return { names: [name] };
  return { names: [name], text: String(!negated) };
}

/** Finds a flag by its name as typed, in kebab case or camel case, or with `no` before it. */
function flagNamed(typed: string, flags: Flags): { name: string; negated: boolean } {
  for (const name of [typed, toCamelCase(typed)]) {
    if (flags[name]) return { name, negated: false };
    const positive = withoutNo(name);
    if (positive !== undefined && flags[positive]?.negatable) {
      return { name: positive, negated: true };
    }
  }
  throw new NotUnderstood();
}

/** Removes `no` from a flag's name as npm:@stricli/core does, which skips a letter after `no-`. */
function withoutNo(name: string): string | undefined {
  if (!name.startsWith("no") || name.length === 2) return undefined;
  if (name[2] === "-") return name.slice(4);
  if (name[2] === name[2]!.toUpperCase()) return name[2]!.toLowerCase() + name.slice(3);
  return undefined;
}

function valuesOf(
  flags: Flags,
  found: ReadonlyMap<string, readonly string[]>,
): Pick<CommandLine, "flags" | "settings"> {
  const own: Record<string, FlagValue> = {};
  const settings: Record<string, FlagValue> = {};
  for (const [name, texts] of found) {
    const { kind, setting } = flags[name]!;
    const value = kind === "values" ? texts : kind === "value" ? texts[0]! : truth(texts[0]!);
    if (setting === undefined && texts.includes("")) throw new NotUnderstood();
    if (setting === undefined) own[name] = value;
    else settings[setting] = value;
  }
  return { flags: own, settings: settings as SettingFlags };
}

function truth(text: string): boolean {
  const word = text.toLowerCase();
  if (TRUE.includes(word)) return true;
  if (FALSE.includes(word)) return false;
  throw new NotUnderstood();
}
