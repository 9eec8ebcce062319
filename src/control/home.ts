/**
 * The home directory (`--home`): creating it, and the error if it cannot be written.
 *
 * @module
 */

import { homePaths } from "../base/mod.ts";
import { rootOwnedHint } from "../store/mod.ts";
import { ControlError } from "./errors.ts";

export { homePaths };

/**
 * Creates the home directory if it is missing, and the directory of temporary files in it, both
 * with mode 0700. A command's thread may write only to the directory of temporary files, but Deno
 * lets it create the directories above.
 *
 * @throws {ControlError} `HOME_NOT_WRITABLE`
 */
export async function ensureHome(home: string): Promise<void> {
  const { tmp, state } = homePaths(home);
  await Deno.mkdir(tmp, { recursive: true, mode: 0o700 }).catch(async (cause) => {
    // An existing home that cannot be written is reported for the file that a command needs to write.
    const isThere = await Deno.lstat(state).then(() => true, () => false);
    if (!isThere) throw notWritable(home, cause);
  });
}

/** Creates an error `HOME_NOT_WRITABLE`; `path` is the file in the home that could not be opened. */
export function notWritable(home: string, cause: Error, path = home): ControlError {
  return new ControlError(
    "failed",
    "HOME_NOT_WRITABLE",
    `The home ${home} cannot be written${
      rootOwnedHint(path) || `: ${cause.message}. Mend that, or give another --home`
    }`,
    { cause, detail: { home } },
  );
}
