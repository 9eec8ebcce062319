/**
 * Answers to a command or action that libreseed does not have: the word that was probably meant, or
 * what libreseed has for a word of other tools.
 *
 * @module
 */

import { nearest } from "../../config/mod.ts";

/** Words that end, delete or forget something. A guess must not lead there by a slip of a finger. */
const dangerous: ReadonlySet<string> = new Set([
  "stop",
  "remove",
  "uninstall",
  "unfollow",
  "prune",
]);

/** The word that was probably meant; never one that ends, deletes or forgets something. */
export function guessWord(word: string, words: readonly string[]): string | undefined {
  return nearest(word.toLowerCase(), words.filter((one) => !dangerous.has(one)));
}

const packageHere = "`libreseed status NAME` tells of a package in the seed directory, " +
  "`libreseed resolve NAME` of one in the DHT";
const newest =
  "`libreseed install NAME` and `libreseed get NAME` take the newest version; name a range " +
  "to stay below one";
const notTakenBack = "a version that is published stays published; publish a higher one. " +
  "`libreseed remove NAME@VERSION` stops seeding it here";
const noAccounts =
  "there are no accounts. `libreseed keygen` makes the key that a publisher signs with";
const twoRemovals = "`libreseed remove NAME@VERSION` deletes an archive from the seed directory, " +
  "`libreseed uninstall NAME` a package from the store";
const settings =
  "settings are flags, variables or lines in config.yaml; `libreseed status -v` prints " +
  "those of the daemon";

/** Commands of libreseed by the words of other tools: npm, cargo, docker, git, apt, BitTorrent clients. */
const otherWords: Readonly<Record<string, string>> = {
  // No prototype: `libreseed constructor` is no word of another tool.
  __proto__: null!,
  ...meaning(packageHere, "info", "show", "view", "inspect", "describe", "details"),
  ...meaning(newest, "update", "upgrade", "outdated"),
  ...meaning(notTakenBack, "yank", "unpublish", "retract", "deprecate", "revoke"),
  ...meaning(noAccounts, "login", "logout", "adduser", "whoami", "register", "signup", "owner"),
  ...meaning(twoRemovals, "rm", "delete", "del", "erase", "purge", "un"),
  ...meaning(settings, "config", "configure", "set", "settings"),
  ...meaning("use `libreseed get NAME`", "download", "fetch", "pull", "clone"),
  ...meaning("use `libreseed get NAME -o DIR`", "unpack", "extract"),
  ...meaning("use `libreseed list`", "ls", "dir"),
  ...meaning("use `libreseed keygen`", "init", "genkey", "generate"),
  ...meaning("use `libreseed search PREFIX`", "find", "query", "browse"),
  ...meaning("use `libreseed publish DIR`", "push", "upload", "release", "deploy"),
  ...meaning("use `libreseed pack DIR`", "build", "create", "make", "tar"),
  ...meaning("use `libreseed seed`", "daemon", "serve", "run", "up", "share"),
  ...meaning("`libreseed stop` ends the daemon", "kill", "quit", "exit", "down", "halt"),
  ...meaning("end the daemon with `libreseed stop`, and start it again", "restart"),
  ...meaning("use `libreseed install NAME`", "i", "require", "use"),
  ...meaning("use `libreseed install --frozen`", "ci", "restore", "sync"),
  ...meaning(
    "use `libreseed verify FILE` or `libreseed store verify`",
    "check",
    "audit",
    "validate",
  ),
  ...meaning("use `libreseed status`", "ps", "stats", "stat", "top", "peers", "health"),
  ...meaning("use `libreseed doctor`", "diagnose", "debug"),
  ...meaning("use `libreseed store prune --dry-run`", "autoremove", "gc", "clean", "cleanup"),
  ...meaning("use `libreseed follow KEY`", "subscribe", "watch"),
  ...meaning("use `libreseed seed --mirror` and `libreseed follow KEY`", "mirror", "replicate"),
  ...meaning("use `libreseed help COMMAND`", "man", "usage"),
  ...meaning("the daemon writes its log to standard error", "log", "logs"),
};

/** What libreseed has for a word of another tool, as the second half of a sentence. */
export function explainWord(word: string): string | undefined {
  return otherWords[word.toLowerCase()];
}

/** The words of other tools that {@linkcode explainWord} knows. */
export function knownWords(): string[] {
  return Object.keys(otherWords);
}

function meaning(hint: string, ...words: string[]): Record<string, string> {
  return Object.fromEntries(words.map((word) => [word, hint]));
}
