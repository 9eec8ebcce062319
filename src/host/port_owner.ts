/**
 * Who has a TCP port, so that "taken" comes with a name. Linux only, and only where `ss` (iproute2)
 * is installed: Deno gives `/proc` to nobody who has less than all permissions.
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";
import { HostError } from "./errors.ts";

/** A process. */
export interface PortOwner {
  pid: number;
  /** The program's name, as the system knows it. */
  program: string;
}

/** Where the systems keep `ss`: no program of that name that lies earlier on PATH is run. */
const SS = ["/usr/bin/ss", "/usr/sbin/ss", "/sbin/ss"];

/** Finds the process that listens on a TCP port; `undefined` if it cannot be told. */
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
      // Not there; perhaps it is elsewhere.
    }
  }
  return undefined;
}

/** Reads `users:(("NAME",pid=1,fd=2))` in what `ss` prints; it is missing for other users' processes. */
export function parseOwner(text: string): PortOwner | undefined {
  const [, program, pid] = /users:\(\("([^"]*)",pid=(\d+)/.exec(text) ?? [];
  return program === undefined ? undefined : { program, pid: Number(pid) };
}

/** Adds the owner to the error of a TCP port that is taken; hands back any other error as it is. */
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
