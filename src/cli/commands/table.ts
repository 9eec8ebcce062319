/**
 * The table of commands.
 *
 * To add a command, write a file `NAME.ts` whose default export is a `defineCommand(…)`, and add a
 * row to {@linkcode commands}. The file is loaded only when the command or its help page is
 * requested. To keep help fast, the file imports types at the top (`import type`), and code of
 * other rooms inside `run` (`await import(…)`).
 *
 * In `run`, print results with `output.result(data, text)`, and other messages with
 * `output.notice`, `detail` or `warning`. To fail, throw a `LibreseedError`. Return an exit code
 * only for an outcome that no error expresses, such as `combineExitCodes` for several packages.
 *
 * @module
 */

import type { CommandEntry } from "../flags/command.ts";

/** All commands, in the order of the help page. */
export const commands: readonly CommandEntry[] = [
  {
    name: "keygen",
    brief: "Create an identity: root key and signing key; never overwrites one",
    load: () => import("./keygen.ts"),
  },
  {
    name: "key",
    brief: "Show, certify, replace and revoke the keys that sign for you",
    load: () => import("./key.ts"),
  },
  {
    name: "pack",
    brief: "Create a signed, reproducible archive of a directory",
    load: () => import("./pack.ts"),
  },
  {
    name: "publish",
    brief: "Pack a package and publish its record in the DHT",
    load: () => import("./publish.ts"),
  },
  {
    name: "yank",
    brief: "Keep readers from choosing a published version",
    load: () => import("./yank.ts"),
  },
  {
    name: "deprecate",
    brief: "Warn readers of published versions",
    load: () => import("./deprecate.ts"),
  },
  {
    name: "tag",
    brief: "List, set or remove the tags of a package",
    load: () => import("./tag.ts"),
  },
  {
    name: "seed",
    aliases: ["start"],
    brief: "Run the daemon: seed packages, keep records alive",
    load: () => import("./seed.ts"),
  },
  {
    name: "announce",
    brief: "Announce the kept records once; for cron",
    load: () => import("./announce.ts"),
  },
  {
    name: "resolve",
    brief: "Find the minimal manifest of a package",
    load: () => import("./resolve.ts"),
  },
  {
    name: "info",
    brief: "Show what a package is, without downloading it",
    load: () => import("./info.ts"),
  },
  {
    name: "get",
    brief: "Download a package and verify it",
    load: () => import("./get.ts"),
  },
  {
    name: "install",
    brief: "Install packages and their dependencies into the store",
    load: () => import("./install.ts"),
  },
  {
    name: "uninstall",
    brief: "Remove a package from the store",
    load: () => import("./uninstall.ts"),
  },
  {
    name: "outdated",
    brief: "List the packages that have newer versions",
    load: () => import("./outdated.ts"),
  },
  {
    name: "upgrade",
    brief: "Install newer versions of packages",
    load: () => import("./upgrade.ts"),
  },
  {
    name: "link",
    brief: "Link a stored package into a project",
    load: () => import("./link.ts"),
  },
  {
    name: "store",
    brief: "List, verify or prune the installed packages",
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
    brief: "Search the packages that this home knows",
    load: () => import("./search.ts"),
  },
  {
    name: "follow",
    brief: "Follow a publisher or package",
    load: () => import("./follow.ts"),
  },
  {
    name: "unfollow",
    brief: "Stop following a publisher or package",
    load: () => import("./unfollow.ts"),
  },
  {
    name: "following",
    brief: "List what is followed",
    load: () => import("./following.ts"),
  },
  {
    name: "manifest",
    brief: "Put or get a single manifest record",
    load: () => import("./manifest.ts"),
  },
  {
    name: "list",
    brief: "List the packages in the seed directory",
    load: () => import("./list.ts"),
  },
  {
    name: "status",
    brief: "Print the state of the daemon and its packages",
    load: () => import("./status.ts"),
  },
  {
    name: "add",
    brief: "Seed another publisher's archive",
    load: () => import("./add.ts"),
  },
  {
    name: "remove",
    brief: "Stop seeding a package and delete its archive",
    load: () => import("./remove.ts"),
  },
  {
    name: "reload",
    brief: "Reload the settings of the daemon",
    load: () => import("./reload.ts"),
  },
  {
    name: "stop",
    brief: "Stop the daemon",
    load: () => import("./stop.ts"),
  },
  {
    name: "token",
    brief: "Show or renew the token that the HTTP API demands",
    load: () => import("./token.ts"),
  },
  {
    name: "doctor",
    brief: "Check home, machine and network for problems",
    load: () => import("./doctor.ts"),
  },
  {
    name: "testnet",
    brief: "Run a local DHT for experiments",
    load: () => import("./testnet.ts"),
  },
  {
    name: "completions",
    brief: "Print a completion script for a shell",
    load: () => import("./completions.ts"),
  },
  {
    name: "words",
    brief: "List words for the completion scripts",
    load: () => import("./words.ts"),
  },
  {
    name: "man",
    brief: "Print manual pages",
    load: () => import("./man.ts"),
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

/** Finds a command in the table by its name or alias. */
export function findCommand(name: string): CommandEntry | undefined {
  return commands.find((entry) => entry.name === name || entry.aliases?.includes(name));
}
