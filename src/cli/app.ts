/**
 * The command tree.
 *
 * To add a command, write `commands/NAME.ts` whose default export is a {@linkcode defineCommand}, and
 * give it a line in {@linkcode commands}. The file is loaded when the command, or help for it, is
 * asked for. Let it import the folders that do the work inside its `run`, with `await import(...)`
 * (and their types above, with `import type`), so that help stays quick.
 *
 * In `run`, say results with `output.result(data, text)` and the rest with `output.notice`,
 * `detail`, `warning`; throw a `LibreseedError` to fail; return an exit code only for what an error
 * cannot say, such as `combineExitCodes` of several things.
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
import type { CliContext, CommandDefinition } from "./command.ts";
import { flagName } from "./common_flags.ts";
import { commandHelp, rootHelp } from "./help_text.ts";
import { runCommand } from "./run_command.ts";
import { applicationText } from "./text.ts";

/** A command in the tree. */
export interface CommandEntry {
  name: string;
  /** Other names of the same command. */
  aliases?: readonly string[];
  /** One line for the list of commands. */
  brief: string;
  load(): Promise<{ default: CommandDefinition }>;
}

/** All commands, in the order in which help lists them. */
export const commands: readonly CommandEntry[] = [
  {
    name: "keygen",
    brief: "Make the publisher key; never overwrites one",
    load: () => import("./commands/keygen.ts"),
  },
  {
    name: "pack",
    brief: "Make a signed, reproducible archive of a directory",
    load: () => import("./commands/pack.ts"),
  },
  {
    name: "publish",
    brief: "Pack, keep, and make known in the DHT",
    load: () => import("./commands/publish.ts"),
  },
  {
    name: "seed",
    aliases: ["start"],
    brief: "Run the daemon: seed packages, keep records alive",
    load: () => import("./commands/seed.ts"),
  },
  {
    name: "announce",
    brief: "Put records where they are missing, once; for cron",
    load: () => import("./commands/announce.ts"),
  },
  {
    name: "resolve",
    brief: "Find the minimal manifest of a package",
    load: () => import("./commands/resolve.ts"),
  },
  {
    name: "get",
    brief: "Download a package and verify it",
    load: () => import("./commands/get.ts"),
  },
  {
    name: "install",
    brief: "Put packages and what they need into the store",
    load: () => import("./commands/install.ts"),
  },
  {
    name: "uninstall",
    brief: "Take a package out of the store",
    load: () => import("./commands/uninstall.ts"),
  },
  {
    name: "link",
    brief: "Link a package of the store into a project",
    load: () => import("./commands/link.ts"),
  },
  {
    name: "store",
    brief: "List, verify or tidy up the installed packages",
    load: () => import("./commands/store.ts"),
  },
  {
    name: "verify",
    brief: "Verify archives, offline",
    load: () => import("./commands/verify.ts"),
  },
  {
    name: "trust",
    brief: "Show or change which publisher a name is pinned to",
    load: () => import("./commands/trust.ts"),
  },
  {
    name: "search",
    brief: "Look through the packages that this home has seen",
    load: () => import("./commands/search.ts"),
  },
  {
    name: "follow",
    brief: "Follow a publisher",
    load: () => import("./commands/follow.ts"),
  },
  {
    name: "unfollow",
    brief: "Follow a publisher no more",
    load: () => import("./commands/unfollow.ts"),
  },
  {
    name: "following",
    brief: "List the publishers that are followed",
    load: () => import("./commands/following.ts"),
  },
  {
    name: "manifest",
    brief: "Put or get a single record by hand",
    load: () => import("./commands/manifest.ts"),
  },
  {
    name: "list",
    brief: "List the packages in the seed directory",
    load: () => import("./commands/list.ts"),
  },
  {
    name: "status",
    brief: "Print how the daemon is doing",
    load: () => import("./commands/status.ts"),
  },
  {
    name: "add",
    brief: "Seed somebody's archive, without publishing it",
    load: () => import("./commands/add.ts"),
  },
  {
    name: "remove",
    brief: "Stop seeding a package and delete its archive",
    load: () => import("./commands/remove.ts"),
  },
  {
    name: "reload",
    brief: "Have the daemon read its settings anew",
    load: () => import("./commands/reload.ts"),
  },
  {
    name: "stop",
    brief: "End the daemon",
    load: () => import("./commands/stop.ts"),
  },
  {
    name: "doctor",
    brief: "Find out what is wrong, and how to mend it",
    load: () => import("./commands/doctor.ts"),
  },
  {
    name: "testnet",
    brief: "Run a local DHT for trying things out",
    load: () => import("./commands/testnet.ts"),
  },
  {
    name: "completions",
    brief: "Print a completion script for a shell",
    load: () => import("./commands/completions.ts"),
  },
  {
    name: "help",
    brief: "Print help for a command",
    load: () => import("./commands/help.ts"),
  },
  {
    name: "version",
    brief: "Print the version",
    load: () => import("./commands/version.ts"),
  },
];

/** The command of that name or alias. */
export function findCommand(name: string): CommandEntry | undefined {
  return commands.find((entry) => entry.name === name || entry.aliases?.includes(name));
}

/** A command for stricli. One that is not `loaded` can be listed, not run. */
function commandFor(
  entry: CommandEntry,
  loaded: CommandDefinition | undefined,
): Command<CliContext> {
  const parameters = loaded?.parameters ?? {};
  const command = buildCommand<Record<string, unknown>, readonly unknown[], CliContext>({
    async func(flags, ...args) {
      if (loaded) this.process.exitCode = await runCommand(loaded, flags, args, this.io);
    },
    // deno-lint-ignore no-explicit-any -- defineCommand has checked the types
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
 * The application. Only the command that is about to run needs to be loaded: pass it with its name.
 */
export function buildApp(
  loaded: ReadonlyMap<string, CommandDefinition>,
): Application<CliContext> {
  // No prototypes: stricli would find `libreseed constructor`.
  const routes: Record<string, Command<CliContext>> = Object.create(null);
  const aliases: Record<string, string> = Object.create(null);
  for (const entry of commands) {
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
