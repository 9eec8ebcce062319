/**
 * A fast path for `libreseed version`, which needs no other module. Any other command line,
 * including `version` with flags, goes through the command tree.
 *
 * @module
 */

import { version } from "../base/mod.ts";

const questions = ["version", "--version", "-V"];

/** The output of a command line that the fast path handles; `undefined` for any other. */
export function quickAnswer(args: readonly string[]): string | undefined {
  const [question] = args;
  return args.length === 1 && questions.includes(question!) ? `libreseed ${version}\n` : undefined;
}
