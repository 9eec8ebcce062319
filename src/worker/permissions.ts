/**
 * What the worker may do. It parses everything that strangers send, so it gets little.
 *
 * @module
 */

/** Options of {@linkcode workerPermissions}. */
export interface SandboxOptions {
  /** The one port, TCP and UDP; 0 for any. */
  port: number;
  /** Absolute path of the seed directory. */
  seedDirectory: string;
  /** Whether peers and nodes on this machine and in private networks may be talked to. */
  allowLocal: boolean;
}

/**
 * The public unicast addresses of IPv4: everything but this host (0.0.0.0/8), loopback, private and
 * shared networks, link-local (with the metadata address 169.254.169.254), 192.0.0.0/16,
 * benchmarking (198.18.0.0/15), multicast and what is reserved above it (RFC 6890).
 */
export const PUBLIC_RANGES: readonly string[] = [
  "1.0.0.0/8",
  "2.0.0.0/7",
  "4.0.0.0/6",
  "8.0.0.0/7",
  "11.0.0.0/8",
  "12.0.0.0/6",
  "16.0.0.0/4",
  "32.0.0.0/3",
  "64.0.0.0/3",
  "96.0.0.0/6",
  "100.0.0.0/10",
  "100.128.0.0/9",
  "101.0.0.0/8",
  "102.0.0.0/7",
  "104.0.0.0/5",
  "112.0.0.0/5",
  "120.0.0.0/6",
  "124.0.0.0/7",
  "126.0.0.0/8",
  "128.0.0.0/3",
  "160.0.0.0/5",
  "168.0.0.0/8",
  "169.0.0.0/9",
  "169.128.0.0/10",
  "169.192.0.0/11",
  "169.224.0.0/12",
  "169.240.0.0/13",
  "169.248.0.0/14",
  "169.252.0.0/15",
  "169.255.0.0/16",
  "170.0.0.0/7",
  "172.0.0.0/12",
  "172.32.0.0/11",
  "172.64.0.0/10",
  "172.128.0.0/9",
  "173.0.0.0/8",
  "174.0.0.0/7",
  "176.0.0.0/4",
  "192.1.0.0/16",
  "192.2.0.0/15",
  "192.4.0.0/14",
  "192.8.0.0/13",
  "192.16.0.0/12",
  "192.32.0.0/11",
  "192.64.0.0/10",
  "192.128.0.0/11",
  "192.160.0.0/13",
  "192.169.0.0/16",
  "192.170.0.0/15",
  "192.172.0.0/14",
  "192.176.0.0/12",
  "192.192.0.0/10",
  "193.0.0.0/8",
  "194.0.0.0/7",
  "196.0.0.0/7",
  "198.0.0.0/12",
  "198.16.0.0/15",
  "198.20.0.0/14",
  "198.24.0.0/13",
  "198.32.0.0/11",
  "198.64.0.0/10",
  "198.128.0.0/9",
  "199.0.0.0/8",
  "200.0.0.0/5",
  "208.0.0.0/4",
];

/** Loopback and the private networks of RFC 1918, which `--allow-local` adds. */
export const LOCAL_RANGES: readonly string[] = [
  "127.0.0.0/8",
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
];

/** The permissions to start the worker with; it keeps them until it ends. */
export function workerPermissions(options: SandboxOptions): Deno.PermissionOptionsObject {
  const { port, seedDirectory, allowLocal } = options;
  // Deno has no way to say "listen only": an entry for listening also lets one connect there.
  const listen = port === 0 ? ["0.0.0.0", "[::]"] : [`0.0.0.0:${port}`, `[::]:${port}`];
  return {
    net: [...listen, ...PUBLIC_RANGES, ...(allowLocal ? LOCAL_RANGES : [])],
    read: [seedDirectory],
    write: [seedDirectory],
    env: false,
    sys: false,
    run: false,
    ffi: false,
    import: false,
  };
}
