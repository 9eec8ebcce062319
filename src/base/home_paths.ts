/**
 * Paths of the files in a home (`--home`). This table is in `src/base` because two sides need it:
 * the code that opens the files, and the launcher, which grants these paths to a command's thread
 * one by one. The thread cannot open a file that is not in the table.
 *
 * @module
 */

import { publisherKeyPath } from "./key_path.ts";
import { directoryOf, resolvePath } from "./paths.ts";

/**
 * Host and port in the address of requests to the control socket. The connection goes to the Unix
 * socket, but Deno also demands permission for this address. No machine has the address
 * (TEST-NET-1, RFC 5737). A host name would cause a DNS query.
 */
export const CONTROL_AUTHORITY = "192.0.2.1:80";

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
  /** Path of the file that names the archives that `pack` has searched for secrets. */
  searched: string;
  /** Path of the token of the HTTP API. */
  httpToken: string;
  /** Path of a new token before it gets its name. */
  newHttpToken: string;
  /** Path of the file with the secret that signs webhooks. */
  webhookSecret: string;
  /** Directory into which packages are installed. */
  packages: string;
}

/**
 * Maximum number of lock files and links that a store remembers. A command that removes packages
 * has to read each of them, so each is an entry in the permission lists of its thread.
 */
export const MAX_PACKAGE_ROOTS = 10_000;

/** Returns the paths of the files in a home directory. `home` is an absolute path. */
export function homePaths(home: string): HomePaths {
  return {
    key: publisherKeyPath(home),
    config: resolvePath(home, "config.yaml"),
    state: resolvePath(home, "state.db"),
    aside: resolvePath(home, "aside"),
    tmp: resolvePath(home, "tmp"),
    control: resolvePath(home, "control.sock"),
    bind: resolvePath(home, ".bind"),
    // The path must not be longer than that of the socket itself, because the system limits the
    // length of socket paths.
    bound: resolvePath(home, ".bind", "s"),
    lock: resolvePath(home, "daemon.lock"),
    listLock: resolvePath(home, "list.lock"),
    searched: resolvePath(home, "searched.log"),
    httpToken: resolvePath(home, "http.token"),
    newHttpToken: resolvePath(home, "http.token.new"),
    webhookSecret: resolvePath(home, "webhook.secret"),
    packages: resolvePath(home, "packages"),
  };
}

/**
 * The schema version of `state.db` that this version of libreseed writes. It equals the number of
 * migrations (`src/store/state/state_schema.ts`), and is here because it is part of a path.
 */
export const STATE_SCHEMA_VERSION = 21;

/**
 * Returns the paths of the state database and of the files that belong to it: SQLite's write-ahead
 * log, its index and its rollback journal, the mark of the last integrity check, the log of
 * certificates and revocations, and the copy that is kept before a migration.
 */
export function stateFiles(state: string): string[] {
  const files = ["", "-wal", "-shm", "-checked"].map((suffix) => state + suffix);
  return [
    ...files,
    journalOf(state),
    trustLogOf(state),
    stateCopyOf(state),
    unfinishedCopyOf(state),
  ];
}

/** Returns the path of SQLite's rollback journal of a database. */
export function journalOf(database: string): string {
  return `${database}-journal`;
}

/**
 * Returns the path of the copy that is kept of a state database before it gets a schema version.
 *
 * @param schema the schema version that the database gets; by default the one that this version of
 * libreseed writes
 */
export function stateCopyOf(state: string, schema: number = STATE_SCHEMA_VERSION): string {
  return `${state}.before-${schema}`;
}

/** Returns the path of the copy while it is being written. */
export function unfinishedCopyOf(state: string): string {
  return `${stateCopyOf(state)}.unfinished`;
}

/** Returns the path of `trust.log`, from which a new state database begins. */
export function trustLogOf(state: string): string {
  return resolvePath(directoryOf(state), "trust.log");
}
