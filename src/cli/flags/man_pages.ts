/**
 * Generates the manual pages from the table of commands: `libreseed(1)`, and one page for each
 * command. The pages use the macros of man(7), as groff and mandoc read them.
 *
 * @module
 */

import { homePaths, version } from "../../base/mod.ts";
import { findSetting, settingDefinitions, variableOf } from "../../config/mod.ts";
import { exitCodeMeanings, exitCodes } from "../process/exit_codes.ts";
import { digitAliases } from "./arguments.ts";
import type { CommandDefinition, CommandEntry } from "./command.ts";
import { type FlagTable, writtenFlag } from "./common_flags.ts";
import { argumentsOf, argumentWords } from "./help_text.ts";

/** A manual page. */
export interface ManPage {
  /** Name of the page's file: `libreseed-get.1`. */
  file: string;
  /** The page in roff. The first line is a comment that names the file. */
  text: string;
}

/** A command's row in the table, with its definition. */
export interface LoadedCommand {
  entry: Pick<CommandEntry, "name" | "aliases" | "brief">;
  definition: CommandDefinition;
}

const glyphs: Readonly<Record<string, string>> = {
  "\\": "\\(rs",
  "-": "\\-",
  "'": "\\(aq",
  "`": "\\(ga",
  "^": "\\(ha",
  "~": "\\(ti",
  '"': "\\(dq",
  "…": "...",
};

/**
 * Escapes text for roff, so that it is printed as it is: hyphens as the character that shells know,
 * and no line as a request, whichever character it begins with.
 */
export function roffText(text: string): string {
  return text.split("\n").map((line) => {
    const escaped = line.replace(
      /[\\'`^~"…-]|[^\x20-\x7e]/gu,
      (one) =>
        glyphs[one] ?? `\\[u${one.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}]`,
    );
    return /^[. ]/.test(escaped) ? `\\&${escaped}` : escaped;
  }).join("\n");
}

function bold(text: string): string {
  return `\\fB${roffText(text)}\\fR`;
}

function italic(text: string): string {
  return `\\fI${roffText(text)}\\fR`;
}

/** Returns a tagged paragraph; the tag is roff already. */
function tagged(tag: string, text: string): string {
  return `.TP\n${tag}\n${roffText(text)}`;
}

/** Returns paragraphs of text. Lines that begin with a space are kept as they are. */
function paragraphs(text: string): string[] {
  return text.split("\n").map((line) =>
    line.startsWith(" ") ? `.PP\n.nf\n${roffText(line)}\n.fi` : `.PP\n${roffText(line)}`
  );
}

function section(title: string, lines: readonly string[]): string[] {
  const [first, ...others] = lines;
  // A heading begins a paragraph itself.
  return first === undefined ? [] : [`.SH ${title}`, first.replace(/^\.PP\n/, ""), ...others];
}

function page(name: string, brief: string, body: readonly string[]): ManPage {
  const file = `${name}.1`;
  const head = [
    `.\\" ${file}`,
    `.TH ${roffText(name.toUpperCase())} 1 "" "libreseed ${roffText(version)}" "libreseed manual"`,
    // Without hyphenation and adjustment, long names and addresses are not torn apart.
    ".nh",
    ".ad l",
    ".SH NAME",
    `${roffText(name)} \\- ${roffText(brief)}`,
  ];
  return { file, text: `${[...head, ...body].join("\n")}\n` };
}

/** Returns the limits of a setting that help does not name: choices, and the defaults of lists. */
function aboutSetting(name: string): string {
  const definition = findSetting(writtenFlag(name));
  if (!definition) return "";
  const { type, default: preset } = definition;
  const choices = type.kind === "choice" ? ` One of ${type.values.join(", ")}.` : "";
  const isTold = typeof preset === "string" && type.kind !== "boolean";
  const value = typeof preset === "string" ? (preset === "true" ? "on" : "off") : preset.join(", ");
  return `${choices}${isTold ? "" : ` Default: ${value === "" ? "none" : value}.`}`;
}

function flagParagraph(
  name: string,
  flag: FlagTable[string],
  letters: readonly string[],
  isSetting: boolean,
): string {
  const written = writtenFlag(name);
  const short = letters.map((letter) => `${bold(`-${letter}`)}, `).join("");
  const about = `${flag.brief}.${isSetting ? aboutSetting(name) : ""}`;
  if (flag.kind === "boolean") {
    const negated = flag.withNegated === false ? "" : `, ${bold(`--no-${written}`)}`;
    return tagged(`${short}${bold(`--${written}`)}${negated}`, about);
  }
  const preset = "default" in flag && typeof flag.default === "string"
    ? ` Default: ${flag.default}.`
    : "";
  const tag = `${short}${bold(`--${written}`)} ${italic(flag.placeholder ?? "VALUE")}`;
  return tagged(tag, about + preset);
}

const help = tagged(`${bold("-h")}, ${bold("--help")}`, "Print help.");

function commandPage({ entry, definition }: LoadedCommand): ManPage {
  const { name, aliases = [], brief } = entry;
  const { parameters, description, examples = [], ownFlags } = definition;
  const letters = Object.entries({ ...digitAliases, ...parameters.aliases });
  const shown = Object.entries(parameters.flags ?? {}).filter(([, flag]) => !flag.hidden);
  const isSetting = (flag: string) =>
    !ownFlags.includes(flag) && findSetting(writtenFlag(flag)) !== undefined;
  const describe = (settings: boolean) =>
    shown.filter(([flag]) => isSetting(flag) === settings).map(([flag, definition]) =>
      flagParagraph(
        flag,
        definition,
        letters.filter(([, long]) => long === flag).map(([letter]) => letter),
        settings,
      )
    );
  const words = argumentWords(parameters).map(italic);
  const synopsis = [`${bold(`libreseed ${name}`)} [${italic("flags")}]`, ...words].join(" ");
  const settings = describe(true);
  return page(`libreseed-${name}`, brief, [
    ...section("SYNOPSIS", [synopsis]),
    ...section("DESCRIPTION", [
      ...paragraphs(`${brief}.`),
      ...description === undefined ? [] : paragraphs(description),
      ...aliases.length === 0 ? [] : paragraphs(`Also called ${aliases.join(", ")}.`),
    ]),
    ...section(
      "ARGUMENTS",
      argumentsOf(parameters).map((one) =>
        tagged(italic(one.placeholder ?? "ARGUMENT"), `${one.brief}.`)
      ),
    ),
    ...section("OPTIONS", [...describe(false), help]),
    ...section(
      "SETTINGS",
      settings.length === 0 ? [] : [
        ...paragraphs("These may also be given as LIBRESEED_* variables or in config.yaml."),
        ...settings,
      ],
    ),
    ...section("EXAMPLES", examples.map((line) => `.PP\n.nf\n${roffText(line)}\n.fi`)),
    ...section("EXIT STATUS", paragraphs("libreseed(1) lists the exit codes of all commands.")),
    ...section("SEE ALSO", [`${bold("libreseed")}(1)`]),
  ]);
}

const files = homePaths("/");

/** The files of the home that users look at, with what each holds. */
const homeFiles: readonly (readonly [path: string, what: string])[] = [
  [files.config, "The settings."],
  [files.key, "The key that signs packages."],
  [files.state, "State: pins, followed publishers, records that are kept alive."],
  [files.packages, "Installed packages."],
  [files.control, "Socket of the running daemon."],
];

function rootPage(commands: readonly LoadedCommand[]): ManPage {
  const outputFlags = Object.entries(commands[0]?.definition.parameters.flags ?? {})
    .filter(([name]) => ["json", "quiet", "verbose"].includes(name));
  const letters: Record<string, string[]> = { quiet: ["q"], verbose: ["v"] };
  return page("libreseed", "signed packages over BitTorrent, with no server", [
    ...section("SYNOPSIS", [
      `${bold("libreseed")} ${italic("COMMAND")} [${italic("flags")}] [${italic("arguments")}]`,
    ]),
    ...section("DESCRIPTION", [
      ...paragraphs(
        "Packs directories into signed archives, seeds them over BitTorrent, and announces them by signed " +
          "records in the DHT.\n" +
          "Results go to standard output, everything else to standard error.",
      ),
    ]),
    ...section(
      "COMMANDS",
      commands.map(({ entry: { name, aliases = [], brief } }) =>
        tagged([name, ...aliases].map(bold).join(", "), `${brief}. See libreseed-${name}(1).`)
      ),
    ),
    ...section("OPTIONS", [
      ...paragraphs("All commands take these."),
      ...outputFlags.map(([name, flag]) => flagParagraph(name, flag, letters[name] ?? [], false)),
      help,
    ]),
    ...section("ENVIRONMENT", [
      ...paragraphs(
        "Settings come from flags, from these variables, and from config.yaml in the home, in this order. " +
          "The page of a command lists the settings that it takes as flags.",
      ),
      ...settingDefinitions.map(({ key, brief, type, default: preset }) => {
        const told = typeof preset === "string" && type.kind !== "boolean"
          ? ` Default: ${preset}.`
          : "";
        return tagged(bold(variableOf(key)), `${brief}.${told}${aboutSetting(key)}`);
      }),
    ]),
    ...section("FILES", [
      ...paragraphs("The home is ~/.libreseed, unless --home or LIBRESEED_HOME names another."),
      ...homeFiles.map(([path, what]) => tagged(italic(`HOME${path}`), what)),
    ]),
    ...section(
      "EXIT STATUS",
      Object.entries(exitCodes).map(([name, code]) => {
        const text = exitCodeMeanings[name as keyof typeof exitCodes];
        return tagged(bold(String(code)), `${text[0]!.toUpperCase()}${text.slice(1)}.`);
      }),
    ),
    ...section("SEE ALSO", [
      commands.map(({ entry }) => `${bold(`libreseed-${entry.name}`)}(1)`).join(",\n"),
    ]),
  ]);
}

/** Generates all manual pages: that of the program first, then one for each command. */
export function manPages(commands: readonly LoadedCommand[]): ManPage[] {
  return [rootPage(commands), ...commands.map(commandPage)];
}
