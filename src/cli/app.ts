/**
 * Builds the application object of npm:@stricli/core, the command-line parser, from the table of
 * commands. `commands/table.ts` explains how to add a command.
 *
 * @module
 */

import {
  type Application,
  buildApplication,
  buildCommand,
  buildRouteMap,
  type Command,
  help,
  type RouteMap,
} from "@stricli/core";
import { version } from "../base/mod.ts";
import { settingDefinitions } from "../config/mod.ts";
import { commands } from "./commands/table.ts";
import type { CliContext } from "./flags/cli_context.ts";
import type { CommandDefinition, CommandEntry } from "./flags/command.ts";
import { flagName } from "./flags/common_flags.ts";
import { commandHelp, rootHelp } from "./flags/help_text.ts";
import { applicationText } from "./flags/parser_text.ts";
import { runCommand } from "./run_command.ts";

/**
 * Builds a command for npm:@stricli/core from a row of the table of commands. Without `loaded`, the
 * command's definition, the command cannot run.
 */
function commandFor(
  entry: CommandEntry,
  loaded: CommandDefinition | undefined,
): Command<CliContext> {
  const parameters = loaded?.parameters ?? {};
  const command = buildCommand<Record<string, unknown>, readonly unknown[], CliContext>({
    async func(flags, ...args) {
      if (!loaded) return;
      const { io, cli } = this;
      this.process.exitCode = await runCommand(loaded, flags, args, { io, cli, commands });
    },
    // deno-lint-ignore no-explicit-any -- defineCommand checked the types
    parameters: parameters as any,
    docs: { brief: entry.brief },
  });
  const settings = settingDefinitions.map(({ key }) => flagName(key))
    .filter((name) => !loaded?.ownFlags.includes(name));
  const { description, examples } = loaded ?? {};
  const page = { ...entry, description, examples, parameters, settings };
  return {
    ...command,
    formatHelp: ({ includeHidden, ansiColor }) => commandHelp(page, includeHidden, ansiColor),
  };
}

/**
 * Builds the application for the stricli parser. It has the commands in `loaded` only: building all
 * of them takes 4 ms, and `run.ts` has refused unknown commands.
 *
 * @param loaded the definition of the command that is about to run, keyed by its name; empty if the
 * command line names no command
 */
export function buildApp(
  loaded: ReadonlyMap<string, CommandDefinition>,
): Application<CliContext> {
  // The commands by name. The object has no prototype: stricli would find an inherited property for
  // `libreseed constructor`.
  const routes: Record<string, Command<CliContext>> = Object.create(null);
  const aliases: Record<string, string> = Object.create(null);
  for (const entry of commands) {
    // A table of no commands is refused, so that of a command line without a command has `help`.
    if (!loaded.has(entry.name) && entry.name !== "help") continue;
    routes[entry.name] = commandFor(entry, loaded.get(entry.name));
    for (const alias of entry.aliases ?? []) aliases[alias] = entry.name;
  }
  const tree: RouteMap<CliContext> = buildRouteMap<string, CliContext>({
    routes,
    aliases,
    docs: { brief: "Signed packages over BitTorrent, with no server" },
  });
  const root: RouteMap<CliContext> = {
    ...tree,
    formatHelp: ({ ansiColor }) => rootHelp(version, commands, ansiColor),
  };
  const formatting = {
    useAliasInUsageLine: false,
    onlyRequiredInUsageLine: true,
    caseStyle: "convert-camel-to-kebab",
  } as const;
  const brief = "Print help";
  return buildApplication(root, {
    name: "libreseed",
    scanner: {
      caseStyle: "allow-kebab-for-camel",
      allowArgumentEscapeSequence: true,
      distanceOptions: {
        threshold: 2,
        weights: { insertion: 1, deletion: 1, substitution: 1, transposition: 1 },
      },
    },
    documentation: formatting,
    completion: { includeAliases: true },
    localization: { text: applicationText },
  }, {
    help: help({
      brief,
      alias: "h",
      defaultForRouteMap: true,
      formatting,
    }),
    helpAll: help({
      brief,
      alias: "H",
      includeHidden: true,
      hidden: true,
      formatting,
    }),
  });
}
