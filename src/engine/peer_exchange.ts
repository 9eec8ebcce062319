/**
 * Tells the peers of a torrent of each other (peer exchange, BEP 11). npm:ut_pex would send a message
 * each minute whether or not there is news; here a message has what changed since the one before.
 * Messages that come are checked in `libraries/extensions/pex_guard.ts`, and the addresses in them
 * limited in `libraries/webtorrent/dialling.ts` and `download`.
 *
 * @module
 */

import {
  type Clock,
  concatBytes,
  isPeerPort,
  peerAddressBytes,
  type Timer,
  unmapIpv4,
} from "../base/mod.ts";
import { bencode } from "../bencode/mod.ts";
import { isTestHost } from "./dial/mod.ts";
import { knowsHoles } from "./holes/mod.ts";
import type { Torrent, Wire } from "./libraries/mod.ts";

/**
 * Time between two messages to one peer, in milliseconds. BEP 11 allows one a minute, and some
 * programs disconnect a peer that sends more.
 */
const INTERVAL_MS = 65_000;
/** Time between two looks for changes, in milliseconds. */
const LOOK_MS = 5_000;
/** Maximum number of addresses, added or dropped, in a message (BEP 11). */
const MAX_ADDRESSES = 50;
/** Flags of an added address (BEP 11). */
const [SEEDER, HOLES, REACHABLE] = [0x02, 0x08, 0x10];

/** The members of a connection that are needed for peer exchange. */
interface ExchangeWire extends Wire {
  /** The extension npm:ut_pex; absent for a private torrent. */
  ut_pex?: unknown;
  peerExtendedMapping: Record<string, number>;
  /** The peer's extended handshake (BEP 10): anything that bencode can express. */
  peerExtendedHandshake: { p?: unknown };
  extended(name: string, message: Uint8Array): void;
}

/** A peer that may be named to others. */
interface Named {
  /** Address, 4 or 16 bytes, and port, 2 bytes. */
  bytes: Uint8Array;
  flags: number;
  /** Whether the address is of this machine or a private network. */
  isLocal: boolean;
}

/** State of peer exchange with one peer. */
interface Exchange {
  /** Addresses that the peer was told of and not yet told to drop, by their bytes in hexadecimal. */
  told: Map<string, Uint8Array>;
  sentMs: number | undefined;
}

/**
 * Begins peer exchange on a torrent, until the torrent ends. Named are only peers that we connected
 * to, and peers that told us their port in their extended handshake; local addresses only to local
 * peers. Nothing is sent for a private torrent, or while a torrent's metadata are not known.
 */
export function exchangePeers(torrent: Torrent, clock: Clock): void {
  const exchanges = new Map<ExchangeWire, Exchange>();
  let timer: Timer | undefined;
  const look = () => {
    timer = undefined;
    if (torrent.destroyed || exchanges.size === 0) return;
    timer = clock.after(LOOK_MS, look);
    if (!torrent.pieces || torrent.private) return;
    for (const [wire, exchange] of exchanges) send(wire, exchange, exchanges.keys(), clock.now());
  };
  torrent.on("wire", (wire: ExchangeWire) => {
    if (!wire.ut_pex) return;
    exchanges.set(wire, { told: new Map(), sentMs: undefined });
    wire.once("close", () => exchanges.delete(wire));
    timer ??= clock.after(LOOK_MS, look);
  });
  torrent.once("close", () => timer?.cancel());
}

function send(
  wire: ExchangeWire,
  exchange: Exchange,
  wires: Iterable<ExchangeWire>,
  nowMs: number,
): void {
  if (wire.destroyed || !(wire.peerExtendedMapping.ut_pex! > 0)) return;
  const { sentMs, told } = exchange;
  if (sentMs !== undefined && nowMs < sentMs) exchange.sentMs = nowMs;
  if (sentMs !== undefined && nowMs - sentMs < INTERVAL_MS) return;
  const isLocal = isLocalHost(wire.remoteAddress ?? "");
  const named = new Map<string, Named>();
  for (const other of wires) {
    const one = other === wire ? undefined : nameOf(other);
    if (one && (isLocal || !one.isLocal)) named.set(one.bytes.toHex(), one);
  }
  const added = [...named].filter(([key]) => !told.has(key)).slice(0, MAX_ADDRESSES);
  const dropped = [...told].filter(([key]) => !named.has(key)).slice(0, MAX_ADDRESSES);
  if (added.length + dropped.length === 0) return;
  exchange.sentMs = nowMs;
  for (const [key, { bytes }] of added) told.set(key, bytes);
  for (const [key] of dropped) told.delete(key);
  wire.extended(
    "ut_pex",
    encodeExchange(added.map(([, one]) => one), dropped.map(([, bytes]) => bytes)),
  );
}

/** Encodes a message of peer exchange (BEP 11). */
function encodeExchange(
  added: readonly Pick<Named, "bytes" | "flags">[],
  dropped: readonly Uint8Array[],
): Uint8Array {
  const ofLength = (length: number) => ({
    added: added.filter(({ bytes }) => bytes.length === length),
    dropped: concatBytes(...dropped.filter((bytes) => bytes.length === length)),
  });
  const [four, six] = [ofLength(6), ofLength(18)];
  return bencode({
    added: concatBytes(...four.added.map(({ bytes }) => bytes)),
    "added.f": Uint8Array.from(four.added.map(({ flags }) => flags)),
    added6: concatBytes(...six.added.map(({ bytes }) => bytes)),
    "added6.f": Uint8Array.from(six.added.map(({ flags }) => flags)),
    dropped: four.dropped,
    dropped6: six.dropped,
  });
}

/** Returns a peer as it may be named to others; `undefined` if its port is not known. */
function nameOf(wire: ExchangeWire): Named | undefined {
  const isDialled = wire.type.endsWith("Outgoing");
  const port = isDialled ? wire.remotePort : wire.peerExtendedHandshake?.p;
  const address = wire.destroyed ? undefined : peerAddressBytes(wire.remoteAddress ?? "");
  if (!address || typeof port !== "number" || !isPeerPort(port)) return undefined;
  return {
    bytes: concatBytes(address, Uint8Array.of(port >> 8, port & 0xff)),
    flags: (wire.isSeeder ? SEEDER : 0) | (knowsHoles(wire) ? HOLES : 0) |
      (isDialled ? REACHABLE : 0),
    isLocal: isLocalHost(wire.remoteAddress ?? ""),
  };
}

/** Whether an address is of this machine or a private network (RFC 1918, RFC 4193, RFC 4291). */
function isLocalHost(host: string): boolean {
  return isTestHost(unmapIpv4(host)) || /^(?:f[cd]|fe[89ab])/i.test(host);
}
