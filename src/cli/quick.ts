/**
 * The answer to `libreseed version`, for which nothing else need be loaded. Whatever is not quite
 * that, flags included, is left to the command tree.
 *
 * @module
 */

import { version } from "../base/mod.ts";

const questions = ["version", "--version", "-V"];

/** What to print for a command line that can be answered at once; `undefined` for any other. */
export function quickAnswer(args: readonly string[]): string | undefined {
  const [question] = args;
  return args.length === 1 && questions.includes(question!) ? `libreseed ${version}\n` : undefined;
}
