/**
 * The table of commands.
 *
 * To add a command, write `NAME.ts` whose default export is a {@linkcode defineCommand}, and give it a
 * line in {@linkcode commands}. The file is loaded when the command, or help for it, is asked for.
 * Let it import the rooms that do the work inside its `run`, with `await import(...)` (and their
 * types above, with `import type`), so that help stays quick.
 *
 * In `run`, print results with `output.result(data, text)` and the rest with `output.notice`,
 * `detail`, `warning`; throw a `LibreseedError` to fail; return an exit code only for an outcome that
 * an error cannot express, such as `combineExitCodes` of several packages.
 *
 * @module
 */

import type { CommandDefinition } from "../flags/command.ts";

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
    load: () => import("./keygen.ts"),
  },
  {
    name: "pack",
    brief: "Make a signed, reproducible archive of a directory",
    load: () => import("./pack.ts"),
  },
  {
    name: "publish",
    brief: "Pack, keep, and make known in the DHT",
    load: () => import("./publish.ts"),
  },
  {
    name: "seed",
    aliases: ["start"],
    brief: "Run the daemon: seed packages, keep records alive",
    load: () => import("./seed.ts"),
  },
  {
    name: "announce",
    brief: "Put records where they are missing, once; for cron",
    load: () => import("./announce.ts"),
  },
  {
    name: "resolve",
    brief: "Find the minimal manifest of a package",
    load: () => import("./resolve.ts"),
  },
  {
    name: "get",
    brief: "Download a package and verify it",
    load: () => import("./get.ts"),
  },
  {
    name: "install",
    brief: "Put packages and what they need into the store",
    load: () => import("./install.ts"),
  },
  {
    name: "uninstall",
    brief: "Take a package out of the store",
    load: () => import("./uninstall.ts"),
  },
  {
    name: "link",
    brief: "Link a package of the store into a project",
    load: () => import("./link.ts"),
  },
  {
    name: "store",
    brief: "List, verify or tidy up the installed packages",
    load: () => import("./store.ts"),
  },
  {
    name: "verify",
    brief: "Verify archives, offline",
    load: () => import("./verify.ts"),
  },
  {
    name: "trust",
    brief: "Show or change which publisher a name is pinned to",
    load: () => import("./trust.ts"),
  },
  {
    name: "search",
    brief: "Look through the packages that this home has seen",
    load: () => import("./search.ts"),
  },
  {
    name: "follow",
    brief: "Follow a publisher",
    load: () => import("./follow.ts"),
  },
  {
    name: "unfollow",
    brief: "Follow a publisher no more",
    load: () => import("./unfollow.ts"),
  },
  {
    name: "following",
    brief: "List the publishers that are followed",
    load: () => import("./following.ts"),
  },
  {
    name: "manifest",
    brief: "Put or get a single record by hand",
    load: () => import("./manifest.ts"),
  },
  {
    name: "list",
    brief: "List the packages in the seed directory",
    load: () => import("./list.ts"),
  },
  {
    name: "status",
    brief: "Print how the daemon is doing",
    load: () => import("./status.ts"),
  },
  {
    name: "add",
    brief: "Seed somebody's archive, without publishing it",
    load: () => import("./add.ts"),
  },
  {
    name: "remove",
    brief: "Stop seeding a package and delete its archive",
    load: () => import("./remove.ts"),
  },
  {
    name: "reload",
    brief: "Have the daemon read its settings anew",
    load: () => import("./reload.ts"),
  },
  {
    name: "stop",
    brief: "End the daemon",
    load: () => import("./stop.ts"),
  },
  {
    name: "doctor",
    brief: "Find out what is wrong, and how to mend it",
    load: () => import("./doctor.ts"),
  },
  {
    name: "testnet",
    brief: "Run a local DHT for trying things out",
    load: () => import("./testnet.ts"),
  },
  {
    name: "completions",
    brief: "Print a completion script for a shell",
    load: () => import("./completions.ts"),
  },
  {
    name: "help",
    brief: "Print help for a command",
    load: () => import("./help.ts"),
  },
  {
    name: "version",
    brief: "Print the version",
    load: () => import("./version.ts"),
  },
];

/** The command of that name or alias. */
export function findCommand(name: string): CommandEntry | undefined {
  return commands.find((entry) => entry.name === name || entry.aliases?.includes(name));
}
