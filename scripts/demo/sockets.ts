/**
 * Which sockets a process has, as the Linux kernel says. Asked by way of `ls` and `cat`, as a reader
 * would: Deno opens /proc only to programs that may do everything.
 *
 * @module
 */

import type { Person, Programs } from "./programs.ts";

/** A socket that is bound to a port. */
export interface Socket {
  kind: "udp" | "tcp";
  port: number;
}

const TCP_LISTEN = "0A";

/** The UDP sockets of a process and the TCP sockets on which it listens, IPv4 and IPv6. */
export async function socketsOf(
  pid: number,
  programs: Programs,
  person: Person,
): Promise<Socket[]> {
  const read = async (program: string, ...args: string[]) => {
    const { code, stdout, stderr } = await programs.run(person, program, args);
    if (code !== 0) throw new Error(`${program} ${args.join(" ")} failed: ${stderr.trim()}`);
    return stdout;
  };
  const descriptors = await read("ls", "-l", `/proc/${pid}/fd`);
  const inodes = new Set([...descriptors.matchAll(/socket:\[(\d+)\]/g)].map((match) => match[1]!));
  const sockets: Socket[] = [];
  for (const table of ["udp", "udp6", "tcp", "tcp6"]) {
    // A machine without IPv6 has no tables for it.
    const text = await read("cat", `/proc/${pid}/net/${table}`).catch((error) => {
      if (table.endsWith("6")) return "";
      throw error;
    });
    for (const line of text.trimEnd().split("\n").slice(1)) {
      // sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode …
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
      const port = Number.parseInt(local!.split(":")[1]!, 16);
      const kind = table.startsWith("udp") ? "udp" : "tcp";
      if (!inodes.has(inode!) || port === 0) continue;
      if (kind === "udp" || state === TCP_LISTEN) sockets.push({ kind, port });
    }
  }
  return sockets;
}
