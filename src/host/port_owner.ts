/**
 * Finds the program that listens on a TCP port, for the error `TCP_PORT_IN_USE`. Works on Linux where
 * `ss` (iproute2) is installed; Deno allows reading `/proc` only with all permissions.
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";
import { HostError } from "./errors.ts";

/** The process that listens on a port. */
export interface PortOwner {
  pid: number;
  /** Name of the program in the process table. */
  program: string;
}

/** Paths of `ss`; PATH is not searched, so that no other program of that name is run. */
const SS = ["/usr/bin/ss", "/usr/sbin/ss", "/sbin/ss"];

/** Finds the process that listens on a TCP port; `undefined` if it is unknown. */
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
      // `ss` is not at this path.
    }
  }
  return undefined;
}

/** Reads `users:(("NAME",pid=1,fd=2))` in the output of `ss`, which leaves out other users' processes. */
export function parseOwner(text: string): PortOwner | undefined {
  const [, program, pid] = /users:\(\("([^"]*)",pid=(\d+)/.exec(text) ?? [];
  return program === undefined ? undefined : { program, pid: Number(pid) };
}

/** Adds the owner of the port to a `TCP_PORT_IN_USE`; returns any other error unchanged. */
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
