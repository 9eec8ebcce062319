/**
 * Paths of the files in a home (`--home`). This table is in `src/base` because two rooms need it:
 * the code that opens the files, and the launcher, which grants a command's thread these paths one
 * by one. A file that is not in the table cannot be opened by that thread.
 *
 * @module
 */

// deno-lint-ignore-file no-process-global -- an import would load node:path with every command

import { publisherKeyPath } from "./key_path.ts";

/** Absolute paths of the files in a home directory. */
export interface HomePaths {
  key: string;
  config: string;
  /** The state database. {@linkcode stateFiles} lists the files beside it. */
  state: string;
  /** Directory of damaged files that were replaced. */
  aside: string;
  /** Directory of temporary files. */
  tmp: string;
  control: string;
  /** Private directory in which the control socket is bound before it moves to its place. */
  bind: string;
  /** Path of the control socket in {@linkcode HomePaths.bind}. */
  bound: string;
  lock: string;
  /** Path of the lock file that a command holds while it writes the publisher's list of packages. */
  listLock: string;
  /** Directory into which packages are installed. */
  packages: string;
}

/** Returns the paths of the files in a home directory. */
export function homePaths(home: string): HomePaths {
  const { join } = process.getBuiltinModule("node:path");
  return {
    key: publisherKeyPath(home),
    config: join(home, "config.yaml"),
    state: join(home, "state.db"),
    aside: join(home, "aside"),
    tmp: join(home, "tmp"),
    control: join(home, "control.sock"),
    bind: join(home, ".bind"),
    // The path must not be longer than that of the socket itself, because the system limits the
    // length of socket paths.
    bound: join(home, ".bind", "s"),
    lock: join(home, "daemon.lock"),
    listLock: join(home, "list.lock"),
    packages: join(home, "packages"),
  };
}

/**
 * Returns the paths of the state database and of the files that belong to it: SQLite's write-ahead
 * log, its index and its rollback journal, and the mark of the last integrity check.
 */
export function stateFiles(state: string): string[] {
  return ["", "-wal", "-shm", "-journal", "-checked"].map((suffix) => state + suffix);
}
