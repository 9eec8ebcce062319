/**
 * Command lines that need no thread of their own: `libreseed version`, which loads only the version
 * number, and requests for help, manual pages and completions. All other command lines, including
 * `version` with flags, run in the command thread.
 *
 * @module
 */

import { version } from "../base/mod.ts";

const questions = ["version", "--version", "-V"];

/** Returns the output for a `version` command line; `undefined` for any other command line. */
export function quickAnswer(args: readonly string[]): string | undefined {
  const [question] = args;
  return args.length === 1 && questions.includes(question!) ? `libreseed ${version}\n` : undefined;
}

const helpWords = ["help", "--help", "-h", "--help-all", "-H"];
const word = /^[a-z]+$/;

/** Whether a command line prints nothing but texts of the program: help, a manual page, completions. */
export function needsNoThread(args: readonly string[]): boolean {
  return asksForHelp(args) || asksForPages(args);
}

/**
 * Whether a command line only asks for help: it is empty, or consists of one request for help and
 * at most one word, such as `help get` and `get --help`.
 */
function asksForHelp(args: readonly string[]): boolean {
  const asked = args.filter((arg) => helpWords.includes(arg));
  const others = args.filter((arg) => !helpWords.includes(arg));
  return args.length === 0 ||
    asked.length === 1 && others.length <= 1 && others.every((arg) => word.test(arg)) &&
      (args[0] === "help" || asked[0] !== "help");
}

/** Whether a command line is `man`, `man COMMAND`, `man --all` or `completions SHELL`. */
function asksForPages([command, ...others]: readonly string[]): boolean {
  const [other = "words"] = others;
  return others.length <= 1 &&
    (command === "man" && (word.test(other) || other === "--all") ||
      command === "completions" && word.test(other));
}
