/**
 * Lists the sockets of a process from /proc (Linux), to assert for example that a process opened
 * only one UDP socket.
 *
 * @module
 */

/** The local address and port of a socket. */
export interface BoundSocket {
  /** IP address, such as `0.0.0.0`, `127.0.0.1` or `::`. */
  address: string;
  port: number;
}

const TCP_LISTEN = "0A";

/** Lists the bound UDP sockets of a process, IPv4 and IPv6. */
export async function udpSocketsOf(pid: number): Promise<BoundSocket[]> {
  return (await socketsOf(pid, ["udp", "udp6"])).filter(({ port }) => port !== 0).map(bound);
}

/** Lists the TCP sockets on which a process listens, IPv4 and IPv6. */
export async function tcpListenersOf(pid: number): Promise<BoundSocket[]> {
  const sockets = await socketsOf(pid, ["tcp", "tcp6"]);
  return sockets.filter(({ state }) => state === TCP_LISTEN).map(bound);
}

function bound({ address, port }: BoundSocket): BoundSocket {
  return { address, port };
}

async function socketsOf(pid: number, tables: string[]) {
  const inodes = await inodesOf(pid);
  const sockets: (BoundSocket & { state: string })[] = [];
  for (const table of tables) {
    const [, ...lines] = (await readTable(`/proc/${pid}/net/${table}`)).trimEnd().split("\n");
    for (const line of lines) {
      // Columns of /proc/net/tcp and udp: sl local_address rem_address st tx:rx tr:when retrnsmt
      // uid timeout inode …
      const fields = line.trim().split(/\s+/);
      // Count each socket once: the kernel may list a socket twice if other sockets open and close
      // while the table is read.
      if (!inodes.delete(fields[9]!)) continue;
      const [addressHex, portHex] = fields[1]!.split(":");
      sockets.push({
        address: addressOf(addressHex!),
        port: Number.parseInt(portHex!, 16),
        state: fields[3]!,
      });
    }
  }
  return sockets;
}

/** Reads a socket table of /proc; empty on a machine without IPv6, which has no IPv6 tables. */
async function readTable(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound && path.endsWith("6")) return "";
    throw error;
  }
}

async function inodesOf(pid: number): Promise<Set<string>> {
  const inodes = new Set<string>();
  for await (const { name } of Deno.readDir(`/proc/${pid}/fd`)) {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(await Deno.readLink(`/proc/${pid}/fd/${name}`))?.[1];
      if (inode) inodes.add(inode);
    } catch {
      // Ignore the error: the socket was closed after the directory had been read.
    }
  }
  return inodes;
}

/** Decodes an address that the kernel prints as 32-bit words in the machine's byte order. */
function addressOf(hex: string): string {
  const bytes = hex.match(/.{8}/g)!.flatMap((word) =>
    word.match(/../g)!.map((byte) => Number.parseInt(byte, 16)).reverse()
  );
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[2 * i]! << 8) | bytes[2 * i + 1]!);
  const text = groups.map((group) => group.toString(16)).join(":");
  return new URL(`http://[${text}]`).hostname.slice(1, -1);
}
