/**
 * Finds the process that listens on a TCP port, for the message of the error `TCP_PORT_IN_USE`. This
 * works on Linux where the program `ss` (iproute2) is installed. `/proc` is no alternative, because Deno
 * allows reading it only to programs with all permissions.
 *
 * @module
 */

import type { PortOwner } from "./requests.ts";

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
