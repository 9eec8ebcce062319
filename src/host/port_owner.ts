/**
 * Finds the process that listens on a TCP port, for the message of the error `TCP_PORT_IN_USE`. This
 * works on Linux where the program `ss` (iproute2) is installed. `/proc` is no alternative, because Deno
 * allows reading it only to programs with all permissions.
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";
import { HostError } from "./errors.ts";

/** The process that listens on a TCP port, for error messages. */
export interface PortOwner {
  pid: number;
  /** Name of the process, as the program `ss` shows it. */
  program: string;
}

/**
 * Paths at which `ss` may be installed. PATH is not searched, since it may contain another program named
 * `ss`.
 */
const SS = ["/usr/bin/ss", "/usr/sbin/ss", "/sbin/ss"];

/**
 * Finds the process that listens on a TCP port. Returns `undefined` if the process cannot be determined.
 */
export async function findPortOwner(port: number): Promise<PortOwner | undefined> {
  for (const program of SS) {
    try {
      const { stdout } = await new Deno.Command(program, {
        args: ["-Hltnp", `sport = :${port}`],
        stdin: "null",
        stderr: "null",
      }).output();
      return parseOwner(new TextDecoder().decode(stdout));
    } catch {
      // `ss` is not installed at this path, so the next path is tried.
    }
  }
  return undefined;
}

/**
 * Parses `users:(("NAME",pid=1,fd=2))` in the output of `ss`. Processes of other users are not shown
 * there.
 */
export function parseOwner(text: string): PortOwner | undefined {
  const [, program, pid] = /users:\(\("([^"]*)",pid=(\d+)/.exec(text) ?? [];
  return program === undefined ? undefined : { program, pid: Number(pid) };
}

/** Adds the process that uses the port to an error `TCP_PORT_IN_USE`. Returns other errors unchanged. */
export async function namePortOwner(error: unknown, port: number): Promise<unknown> {
  if (!(error instanceof LibreseedError) || error.code !== "TCP_PORT_IN_USE") return error;
  const owner = await findPortOwner(port);
  if (!owner) return error;
  return new HostError(
    error.kind,
    error.code,
    `TCP port ${port} is taken by ${owner.program} (process ${owner.pid}). Choose another with --port, or end that program`,
    { cause: error, detail: { port, ...owner } },
  );
}
