/**
 * Deno permissions of the engine's thread. The thread parses everything that strangers send over
 * the network, so it gets as few permissions as possible.
 *
 * @module
 */

import {
  type Binding,
  type BindingState,
  type BoundAddresses,
  LOCAL_RANGES,
  NOT_PUBLIC_RANGES,
} from "../base/mod.ts";
import type { OnlyServer } from "../gate_thread/mod.ts";

/** Options of the engine's thread. */
export interface EngineOptions {
  /** Port to listen on, TCP and UDP; 0 for any free port. */
  port: number;
  /** Absolute path of the seed directory. */
  seedDirectory: string;
  /** Whether peers and DHT nodes on this machine and in private networks may be contacted. */
  allowLocal: boolean;
  /** The addresses to which the sockets are bound; `undefined` for all of the machine. */
  binding?: Binding;
  /** Whether the binding can be used at the start. Default: it can. */
  bindingState?: BindingState;
  /** Whether the thread may reach the home router, through the gate. */
  mapsPort: boolean;
  /** Whether the launcher tells the thread of changes of this machine's addresses. */
  watchesAddresses: boolean;
  /** Whether the thread may find peers in the local network, through the gate. */
  lan: boolean;
  /** The web server of the setting `webhook`, which the command's thread may reach through the gate. */
  webhook?: OnlyServer;
}

let computed: readonly string[] | undefined;

/**
 * Returns the public unicast addresses of IPv4 as CIDR blocks: all except
 * {@linkcode NOT_PUBLIC_RANGES}. Computed at the first call, because most commands start no engine.
 */
export function publicRanges(): readonly string[] {
  return computed ??= subtract(NOT_PUBLIC_RANGES.map(rangeOf), { first: 0, bits: 0 })
    .map(({ first, bits }) => `${addressOf(first)}/${bits}`);
}

/**
 * Returns the permissions of the engine's thread; they do not change while it runs.
 *
 * @param lanPort second TCP port, at which neighbours connect
 */
export function enginePermissions(
  options: Omit<EngineOptions, "mapsPort" | "watchesAddresses" | "lan" | "webhook">,
  lanPort?: number,
): Deno.PermissionOptionsObject {
  const { port, seedDirectory, allowLocal, binding } = options;
  const ofLan = port === 0 || lanPort === undefined ? [] : ownAddresses(lanPort, binding);
  return {
    net: [
      ...ownAddresses(port, binding),
      ...ofLan,
      ...publicRanges(),
      ...(allowLocal ? LOCAL_RANGES : []),
    ],
    read: [seedDirectory],
    write: [seedDirectory],
    env: false,
    sys: false,
    run: false,
    ffi: false,
    import: false,
  };
}

/**
 * Returns the entries for our own sockets. Deno has no permission for listening only: each entry
 * also permits connections to its address.
 */
function ownAddresses(port: number, binding: BoundAddresses | undefined): string[] {
  const { ipv4, ipv6 } = binding ?? { ipv4: "0.0.0.0", ipv6: "::" };
  const hosts = [ipv4, ipv6 === undefined ? undefined : `[${ipv6}]`].filter((host) =>
    host !== undefined
  );
  if (port === 0) return hosts;
  // A bound socket that connects asks for port 0 of its own address. Nobody listens at port 0.
  return hosts.flatMap((host) => [`${host}:${port}`, ...(binding ? [`${host}:0`] : [])]);
}

/** A CIDR block of IPv4 addresses: 2^(32 − bits) addresses from `first`. */
interface Range {
  first: number;
  bits: number;
}

/** Returns the parts of `whole` that are not in `excluded`, by halving `whole` recursively. */
function subtract(excluded: readonly Range[], whole: Range): Range[] {
  const { first, bits } = whole;
  const overlapping = excluded.filter((range) => contains(whole, range) || contains(range, whole));
  if (overlapping.length === 0) return [whole];
  if (overlapping.some((range) => contains(range, whole))) return [];
  const half = 2 ** (31 - bits);
  return [first, first + half].flatMap((first) => subtract(overlapping, { first, bits: bits + 1 }));
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
