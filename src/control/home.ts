/**
 * The home directory (`--home`): creating it, and the error if it cannot be written.
 *
 * @module
 */

import { rootOwnedHint } from "../store/mod.ts";
import { ControlError } from "./errors.ts";

export { homePaths } from "../base/mod.ts";

/**
 * Creates the home directory if it is missing, with mode 0700.
 *
 * @throws {ControlError} `HOME_NOT_WRITABLE`
 */
export async function ensureHome(home: string): Promise<void> {
  await Deno.mkdir(home, { recursive: true, mode: 0o700 }).catch((cause) => {
    throw notWritable(home, cause);
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
