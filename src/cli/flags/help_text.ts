/**
 * Renders the help pages: the list of commands, and the page of a single command. The stricli
 * parser decides which page to print.
 *
 * @module
 */

import type { Command } from "@stricli/core";
import { digitAliases } from "./arguments.ts";
import type { CliContext } from "./cli_context.ts";
import { writtenFlag } from "./common_flags.ts";

/** A command as shown in the list of commands: name, aliases, one-line description. */
export interface HelpEntry {
  name: string;
  aliases?: readonly string[];
  brief: string;
}

type Parameters = Command<CliContext>["parameters"];
type Flag = NonNullable<Parameters["flags"]>[string];

const pageColumns = 80;

/** Wraps text at `columns`. Lines that begin with a space are not wrapped. */
function wrap(text: string, columns: number): string[] {
  return text.split("\n").flatMap((line) => {
    if (line.startsWith(" ")) return [line];
    const lines: string[] = [];
    let current = "";
    for (const word of line.split(" ")) {
      if (current !== "" && current.length + 1 + word.length > columns) {
        lines.push(current);
        current = word;
      } else current = current === "" ? word : `${current} ${word}`;
    }
    return [...lines, current];
  });
}

/**
 * Prints rows in two columns, and wraps the text of the second. A cell that is too wide for the
 * first column gets a line of its own.
 */
function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.min(28, Math.max(...rows.map(([left]) => left.length)));
  const line = (left: string, right: string) => `  ${left.padEnd(width)}  ${right}`;
  return rows.flatMap(([left, right]) => {
    const lines = wrap(right, pageColumns - width - 4);
    if (left.length > width) return [`  ${left}`, ...lines.map((text) => line("", text))];
    return lines.map((text, i) => line(i === 0 ? left : "", text));
  });
}

/** Joins the words of a usage line; those that do not fit go to indented lines below. */
function usageLines(words: readonly string[]): string[] {
  const [first, ...below] = wrap(words.join(" "), pageColumns - 6);
  return [`  ${first}`, ...below.map((line) => `      ${line}`)];
}

function section(title: string, lines: readonly string[], color: boolean): string {
  return `${color ? `\x1b[1m${title}\x1b[22m` : title}\n${lines.join("\n")}\n`;
}

/** Renders the page of `libreseed help`, which lists all commands. */
export function rootHelp(version: string, entries: readonly HelpEntry[], color: boolean): string {
  const usage = ["  libreseed COMMAND [flags] [arguments]", "  libreseed help COMMAND"];
  const list = columns(entries.map(({ name, aliases = [], brief }) => [
    [name, ...aliases].join(", "),
    brief,
  ]));
  const codes = [
    "  0 done    1 failed    2 usage    3 not found    4 verification failed",
    "  5 network unreachable    6 port, home or seed directory in use",
    "  7 some of several failed    130, 141, 143 ended by a signal",
  ];
  return [
    `libreseed ${version}: signed packages over BitTorrent, with no server\n`,
    section("Usage", usage, color),
    section("Commands", list, color),
    "Results go to standard output, everything else to standard error.\n" +
    "--json prints one JSON object per line; -q prints less, -v prints more.\n",
    "Settings come from flags, LIBRESEED_* variables, and config.yaml in the home\n" +
    "directory (~/.libreseed), in this order.\n",
    section("Exit codes", codes, color),
  ].join("\n");
}

function flagRow(name: string, flag: Flag, letters: readonly string[]): [string, string] {
  const written = writtenFlag(name);
  const short = letters.map((letter) => `-${letter}, `).join("");
  if (flag.kind === "boolean") {
    return [`${short}--${flag.withNegated === false ? "" : "[no-]"}${written}`, flag.brief];
  }
  const placeholder = flag.placeholder ?? "VALUE";
  const preset = "default" in flag && typeof flag.default === "string"
    ? ` (default ${flag.default})`
    : "";
  return [`${short}--${written} ${placeholder}`, flag.brief + preset];
}

/** Returns a command's positional arguments; one for a command that takes a list of them. */
export function argumentsOf({ positional }: Parameters) {
  return positional?.kind === "array" ? [positional.parameter] : positional?.parameters ?? [];
}

/** Returns the arguments as a usage line shows them: `[NAME…]` for an optional list of names. */
export function argumentWords(parameters: Parameters): string[] {
  const { positional } = parameters;
  const repeats = positional?.kind === "array" ? "…" : "";
  const mayBeLeftOut = positional?.kind === "array" && !positional.minimum;
  return argumentsOf(parameters).map(({ placeholder, optional }) =>
    optional || mayBeLeftOut ? `[${placeholder}${repeats}]` : `${placeholder}${repeats}`
  );
}

/** The data from which a command's help page is rendered. */
export interface CommandHelp extends HelpEntry {
  description?: string;
  examples?: readonly string[];
  parameters: Parameters;
  /**
   * Names of the flags that are settings, in camel case. The help page lists them in a separate
   * section.
   */
  settings: readonly string[];
}

/**
 * Renders the page of `libreseed help COMMAND`. With `all`, the page includes flags that have no
 * effect on this command.
 */
export function commandHelp(command: CommandHelp, all: boolean, color: boolean): string {
  const { name, aliases = [], brief, description, examples = [], parameters, settings } = command;
  const positionals = argumentsOf(parameters);
  const placeholders = argumentWords(parameters);
  const letters = Object.entries({ ...digitAliases, ...parameters.aliases });
  const shown = Object.entries(parameters.flags ?? {}).filter(([, flag]) => all || !flag.hidden);
  const rowsOf = (those: typeof shown) =>
    those.map(([flagName, flag]) =>
      flagRow(
        flagName,
        flag,
        letters.filter(([, long]) => long === flagName).map(([letter]) => letter),
      )
    );
  const flags = rowsOf(shown.filter(([flagName]) => !settings.includes(flagName)));
  const settingRows = rowsOf(shown.filter(([flagName]) => settings.includes(flagName)));
  flags.push(["-h, --help", "Print this help"]);
  if (all) flags.push(["-H, --help-all", "Also print flags that have no effect on this command"]);

  const parts = [
    section("Usage", usageLines(["libreseed", name, "[flags]", ...placeholders]), color),
    `${brief}.\n`,
  ];
  if (description) parts.push(`${wrap(description, pageColumns).join("\n")}\n`);
  if (aliases.length > 0) parts.push(`Also called ${aliases.join(", ")}.\n`);
  if (examples.length > 0) {
    parts.push(section("Examples", examples.map((line) => `  ${line}`), color));
  }
  if (positionals.length > 0) {
    const rows = positionals.map((p): [string, string] => [p.placeholder ?? "ARGUMENT", p.brief]);
    parts.push(section("Arguments", columns(rows), color));
  }
  parts.push(section("Flags", columns(flags), color));
  if (settingRows.length > 0) {
    const title = "Settings, also as LIBRESEED_* variables or in config.yaml";
    parts.push(section(title, columns(settingRows), color));
  }
  return parts.join("\n");
}
