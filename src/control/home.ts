/**
 * Paths of the files in a home (`--home`).
 *
 * @module
 */

import { join } from "node:path";
import { publisherKeyPath } from "../base/mod.ts";
import { rootOwnedHint } from "../store/mod.ts";
import { ControlError } from "./errors.ts";

/** Absolute paths of the files in a home directory. */
export interface HomePaths {
  key: string;
  state: string;
  control: string;
  lock: string;
  /** Path of the lock file that a command holds while it writes the publisher's list of packages. */
  listLock: string;
  /** Directory into which packages are installed. */
  packages: string;
}

/** Returns the paths of the files in a home directory. */
export function homePaths(home: string): HomePaths {
  return {
    key: publisherKeyPath(home),
    state: join(home, "state.db"),
    control: join(home, "control.sock"),
    lock: join(home, "daemon.lock"),
    listLock: join(home, "list.lock"),
    packages: join(home, "packages"),
  };
}

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
