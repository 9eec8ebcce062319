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
 * Where nobody's peer can be: what IANA's IPv4 special-purpose registry (RFC 6890) has that is not
 * globally reachable, the anycast relays that RFC 7526 gave up, multicast (RFC 5771) and what is
 * reserved above it.
 */
const NOT_PUBLIC: readonly string[] = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/3",
];

/** The public unicast addresses of IPv4: all but {@linkcode NOT_PUBLIC}. */
export const PUBLIC_RANGES: readonly string[] = allBut(NOT_PUBLIC.map(rangeOf), {
  first: 0,
  bits: 0,
})
  .map(({ first, bits }) => `${addressOf(first)}/${bits}`);

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

/** A block of 2^(32 − bits) addresses. */
interface Range {
  first: number;
  bits: number;
}

/** What is left of `whole`: halved where something is taken out of it, until nothing is. */
function allBut(out: readonly Range[], whole: Range): Range[] {
  const { first, bits } = whole;
  const here = out.filter((range) => contains(whole, range) || contains(range, whole));
  if (here.length === 0) return [whole];
  if (here.some((range) => contains(range, whole))) return [];
  const half = 2 ** (31 - bits);
  return [first, first + half].flatMap((first) => allBut(here, { first, bits: bits + 1 }));
}

function contains(outer: Range, inner: Range): boolean {
  const offset = inner.first - outer.first;
  return inner.bits >= outer.bits && offset >= 0 && offset < 2 ** (32 - outer.bits);
}

function rangeOf(text: string): Range {
  const [address, bits] = text.split("/");
  const first = address!.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  return { first, bits: Number(bits) };
}

function addressOf(first: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join(".");
}
