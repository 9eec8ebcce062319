/**
 * The targets of hostile threads, and helpers for attempts.
 *
 * @module
 */

/**
 * Files, ports and processes that a hostile thread tries to access. All of them exist, and a
 * process with the permission could access them.
 */
export interface ProbeTargets {
  /** The port on which the engine may listen. */
  ownPort: number;
  /** A port that no program uses. */
  freePort: number;
  /** A TCP port on which a local server listens, on 127.0.0.1 and ::1. */
  localPort: number;
  /** The port of the HTTP page. */
  httpPort: number;
  /** Process id of another process of the same user. */
  pid: number;
  home: string;
  /** The home directory of the user, with `.ssh/id_ed25519`. */
  userHome: string;
  /** A file in the home directory of another user, which this user may read. */
  otherFile: string;
  /** A Unix socket of another program, which listens. */
  otherSocket: string;
  seedDirectory: string;
  /** A file in the seed directory, which the engine may read. */
  ownFile: string;
  /**
   * Symbolic links inside the seed directory: one to the private key, one to a directory outside.
   */
  linkToKey: string;
  linkToDirectory: string;
  /** Whether the command has an engine that runs, which an attempt to start another would end. */
  hasEngine?: boolean;
}

/** One attempt. It succeeds unless it throws. */
export type Attempt = (targets: ProbeTargets) => unknown;

/** Makes all attempts in turn. Returns `succeeded` or the error, by the name of the attempt. */
export async function tryAll(
  attempts: Record<string, Attempt>,
  targets: ProbeTargets,
): Promise<Record<string, string>> {
  const outcomes: Record<string, string> = {};
  for (const [name, attempt] of Object.entries(attempts)) {
    try {
      await attempt(targets);
      outcomes[name] = "succeeded";
    } catch (error) {
      outcomes[name] = `${(error as Error).name}: ${(error as Error).message}`;
    }
  }
  return outcomes;
}

/** Makes a promise of callbacks. */
export function settled(
  begin: (done: () => void, fail: (error: Error) => void) => void,
): Promise<void> {
  return new Promise(begin);
}

/**
 * Imports a module. Specifier and attributes are variables, so that the bundler does not resolve
 * the import.
 */
export function imported(specifier: string, type?: string): Promise<unknown> {
  return import(specifier, type === undefined ? undefined : { with: { type } });
}

/**
 * Tries to connect to a host, unless the permission is granted. With the permission, the attempt
 * could hang, because no host may answer.
 */
export async function unlessAllowed(hostname: string): Promise<void> {
  const { state } = Deno.permissions.querySync({
    name: "net",
    host: `${hostname.includes(":") ? `[${hostname}]` : hostname}:80`,
  });
  if (state !== "granted") await Deno.connect({ hostname, port: 80 });
}

/** Returns a member of the runtime. Throws if the thread has lost it. */
export function reached(owner: object, name: PropertyKey): unknown {
  if (name in owner) return Reflect.get(owner, name);
  throw new Deno.errors.NotCapable(`${String(name)} is not there`);
}

/** Throws unless connecting to a host is allowed. */
export function allowed(host: string): string {
  const { state } = Deno.permissions.querySync({ name: "net", host });
  if (state === "granted") return state;
  throw new Deno.errors.NotCapable(`${host}: ${state}`);
}
