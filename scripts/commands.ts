/**
 * Writes the flags of all commands into `docs/commands.md`, from the table of commands:
 * `deno task commands`. A test compares the page with the generated text.
 */

import { join } from "node:path";
import { digitAliases } from "../src/cli/flags/arguments.ts";
import type { CommandDefinition } from "../src/cli/flags/command.ts";
import { writtenFlag } from "../src/cli/flags/common_flags.ts";
import { argumentWords } from "../src/cli/flags/help_text.ts";
import { commands } from "../src/cli/commands/table.ts";
import { findSetting } from "../src/config/mod.ts";
import { formatted, table } from "./markdown.ts";

const path = join(import.meta.dirname!, "..", "docs", "commands.md");

/** The heading of the generated part, which ends the page. */
const HEADING = "## Flags of each command";

/** Flags of every command, which the beginning of the page explains. */
const EVERYWHERE = ["json", "quiet", "verbose"];

/** Returns the page with its generated part written anew, formatted as by `deno fmt`. */
export async function commandsPage(page: string): Promise<string> {
  const at = page.indexOf(`\n${HEADING}\n`);
  const written = at === -1 ? page : page.slice(0, at);
  const parts = await Promise.all(
    commands.map(async ({ name, load }) => flagsOf(name, (await load()).default)),
  );
  return await formatted(`${written.trimEnd()}

${HEADING}

\`deno task commands\` writes this part from the table that the program itself parses command lines and
prints help with; a test compares them. Flags that every command takes are left out, and so are the
defaults of settings, which [operations](operations.md#settings) lists.

${parts.join("\n\n")}
`);
}

function flagsOf(name: string, { parameters, ownFlags }: CommandDefinition): string {
  const letters = Object.entries({ ...digitAliases, ...parameters.aliases });
  const shown = Object.entries(parameters.flags ?? {})
    .filter(([flag, { hidden }]) => !hidden && !EVERYWHERE.includes(flag));
  const own = shown.filter(([flag]) => ownFlags.includes(flag)).map(([flag, definition]) => {
    const short = letters.filter(([, long]) => long === flag).map(([letter]) => `\`-${letter}\`, `);
    const isSwitch = definition.kind === "boolean";
    const negated = isSwitch && definition.withNegated !== false ? "[no-]" : "";
    const value = isSwitch ? "" : ` ${definition.placeholder ?? "VALUE"}`;
    const preset = "default" in definition && typeof definition.default === "string"
      ? `\`${definition.default}\``
      : "";
    const flagCell = `${short.join("")}\`--${negated}${writtenFlag(flag)}${value}\``;
    return [flagCell, preset, definition.brief].map((cell) => cell.replaceAll("|", "\\|"));
  });
  const settings = shown.filter(([flag]) => !ownFlags.includes(flag)).map(([flag, { kind }]) => {
    const key = writtenFlag(flag);
    if (findSetting(key) === undefined) throw new Error(`--${key} of ${name} is no setting`);
    return `\`--${kind === "boolean" ? "[no-]" : ""}${key}\``;
  });
  return [
    `### libreseed ${name}`,
    `\`${["libreseed", name, "[flags]", ...argumentWords(parameters)].join(" ")}\``,
    ...own.length === 0 ? [] : [table(["flag", "default", "what it does"], own)],
    ...settings.length === 0 ? [] : [`Settings: ${settings.join(", ")}.`],
  ].join("\n\n");
}

if (import.meta.main) {
  await Deno.writeTextFile(path, await commandsPage(await Deno.readTextFile(path)));
}
