/**
 * Where things lie in a home.
 *
 * @module
 */

import { join } from "node:path";
import { rootOwnedHint } from "../store/mod.ts";
import { ControlError } from "./errors.ts";

/** The files of a home (`--home`), as absolute paths. */
export interface HomePaths {
  key: string;
  state: string;
  control: string;
  lock: string;
  /** Held while the list of what the publisher offers is written. */
  listLock: string;
  /** The store of installed packages. */
  packages: string;
}

/** The paths in `home`. */
export function homePaths(home: string): HomePaths {
  return {
    key: join(home, "keys", "publisher.key"),
    state: join(home, "state.db"),
    control: join(home, "control.sock"),
    lock: join(home, "daemon.lock"),
    listLock: join(home, "list.lock"),
    packages: join(home, "packages"),
  };
}

/**
 * Makes the home if it is not there; only its owner may look inside.
 *
 * @throws {ControlError} `HOME_NOT_WRITABLE`
 */
export async function ensureHome(home: string): Promise<void> {
  await Deno.mkdir(home, { recursive: true, mode: 0o700 }).catch((cause) => {
    throw notWritable(home, cause);
  });
}

/** A `HOME_NOT_WRITABLE`; `path` is what could not be opened in it. */
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
