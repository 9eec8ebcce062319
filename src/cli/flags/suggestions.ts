/**
 * Suggestions for an unknown command or action: a similarly spelled command, or the libreseed
 * equivalent of another tool's command.
 *
 * @module
 */

import { nearest } from "../../config/mod.ts";

/**
 * Commands and actions that stop or delete something. They are never suggested for a mistyped word.
 */
const destructive: ReadonlySet<string> = new Set([
  "stop",
  "remove",
  "uninstall",
  "unfollow",
  "prune",
  "yank",
]);

/**
 * Returns the word of `words` that is most similar to a mistyped word, except words that stop or
 * delete something.
 */
export function guessWord(word: string, words: readonly string[]): string | undefined {
  return nearest(word.toLowerCase(), words.filter((one) => !destructive.has(one)));
}

const packageHere = "`libreseed status NAME` describes a package in the seed directory, " +
  "`libreseed info NAME` one in the network";
const notTakenBack =
  "a published version cannot be withdrawn; `libreseed yank NAME@VERSION` keeps " +
  "readers from choosing it, `libreseed remove NAME@VERSION` stops seeding it here";
const noAccounts =
  "there are no accounts. `libreseed keygen` creates the key that a publisher signs with";
const twoRemovals = "`libreseed remove NAME@VERSION` deletes an archive from the seed directory, " +
  "`libreseed uninstall NAME` a package from the store";
const settings =
  "settings are flags, environment variables or lines in config.yaml; `libreseed status -v` " +
  "prints those of the daemon";

/**
 * Hints for commands of other tools (npm, cargo, docker, git, apt, BitTorrent clients), keyed by
 * command.
 */
const otherWords: Readonly<Record<string, string>> = {
  // No prototype: otherwise `libreseed constructor` would find an inherited property.
  __proto__: null!,
  ...meaning(packageHere, "show", "view", "inspect", "describe", "details"),
  ...meaning("use `libreseed upgrade [NAME]`", "update", "bump"),
  ...meaning(notTakenBack, "unpublish", "retract", "withdraw", "revoke"),
  ...meaning(noAccounts, "login", "logout", "adduser", "whoami", "register", "signup", "owner"),
  ...meaning(twoRemovals, "rm", "delete", "del", "erase", "purge", "un"),
  ...meaning(settings, "config", "configure", "set", "settings"),
  ...meaning("use `libreseed get NAME`", "download", "fetch", "pull", "clone"),
  ...meaning("use `libreseed get NAME -o DIR`", "unpack", "extract"),
  ...meaning("use `libreseed tag NAME`", "dist-tag", "dist-tags", "tags"),
  ...meaning("use `libreseed list`", "ls", "dir"),
  ...meaning("use `libreseed keygen`", "init", "genkey", "generate"),
  ...meaning("use `libreseed search PREFIX`", "find", "query", "browse"),
  ...meaning("use `libreseed publish DIR`", "push", "upload", "release", "deploy"),
  ...meaning("use `libreseed pack DIR`", "build", "create", "make", "tar"),
  ...meaning("use `libreseed seed`", "daemon", "serve", "run", "up", "share"),
  ...meaning("`libreseed stop` stops the daemon", "kill", "quit", "exit", "down", "halt"),
  ...meaning("stop the daemon with `libreseed stop`, then start it again", "restart"),
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
  ...meaning("use `libreseed help COMMAND`", "usage"),
  ...meaning("the daemon writes its log to standard error", "log", "logs"),
};

/**
 * Returns the hint about the libreseed equivalent of another tool's command, worded as the second
 * half of a sentence.
 */
export function explainWord(word: string): string | undefined {
  return otherWords[word.toLowerCase()];
}

/** Lists the commands of other tools for which {@linkcode explainWord} has a hint. */
export function knownWords(): string[] {
  return Object.keys(otherWords);
}

function meaning(hint: string, ...words: string[]): Record<string, string> {
  return Object.fromEntries(words.map((word) => [word, hint]));
}
