/**
 * Who has a TCP port, so that "taken" comes with a name. Linux only: elsewhere nobody is found.
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";
import { DaemonError } from "./errors.ts";

/** A process. */
export interface PortOwner {
  pid: number;
  /** The program's name, as the system knows it. */
  program: string;
}

/** State of a listening socket in `/proc/net/tcp`. */
const LISTEN = "0A";

/** Finds the process that listens on a TCP port; `undefined` if it cannot be told. */
export async function findPortOwner(port: number): Promise<PortOwner | undefined> {
  try {
    const inodes = new Set([
      ...await listeningInodes("/proc/net/tcp", port),
      ...await listeningInodes("/proc/net/tcp6", port),
    ]);
    return inodes.size === 0 ? undefined : await findByInode(inodes);
  } catch {
    return undefined;
  }
}

/** Adds the owner to the error of a TCP port that is taken; hands back any other error as it is. */
export async function namePortOwner(error: unknown, port: number): Promise<unknown> {
  if (!(error instanceof LibreseedError) || error.code !== "TCP_PORT_IN_USE") return error;
  const owner = await findPortOwner(port);
  if (!owner) return error;
  return new DaemonError(
    error.kind,
    error.code,
    `TCP port ${port} is taken by ${owner.program} (process ${owner.pid}). Choose another with --port, or end that program`,
    { cause: error, detail: { port, ...owner } },
  );
}

async function listeningInodes(path: string, port: number): Promise<string[]> {
  const text = await Deno.readTextFile(path).catch(() => "");
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return text.split("\n").slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(wanted) && state === LISTEN)
    .map((fields) => fields[9]!);
}

async function findByInode(inodes: Set<string>): Promise<PortOwner | undefined> {
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      for await (const descriptor of Deno.readDir(`/proc/${name}/fd`)) {
        const link = await Deno.readLink(`/proc/${name}/fd/${descriptor.name}`).catch(() => "");
        const inode = /^socket:\[(\d+)\]$/.exec(link)?.[1];
        if (!inode || !inodes.has(inode)) continue;
        const program = (await Deno.readTextFile(`/proc/${name}/comm`)).trim();
        return { pid: Number(name), program };
      }
    } catch {
      // Another user's process does not let us look.
    }
  }
  return undefined;
}
