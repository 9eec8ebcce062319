/**
 * A fast path for `libreseed version`, which loads only the version number. All other command
 * lines, including `version` with flags, take the normal path through `run.ts`.
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
