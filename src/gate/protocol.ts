/**
 * The messages between the gate and a thread that asks, over one `MessagePort`, and the strict
 * parser of the asking thread's messages. A channel is one connection, one UDP socket or one local
 * discovery. The asking thread chooses the channel's id.
 *
 * Credit bounds the bytes under way. Each side starts with one window of credit per channel, and
 * gets credit back when the other side has processed bytes. A message with bytes transfers its
 * buffer.
 *
 * @module
 */

/** Bytes of a stream that either side may have under way, in each direction of a channel. */
export const WINDOW_BYTES = 512 * 1024;
/** Datagrams that either side may have under way, in each direction of a channel. */
export const WINDOW_PACKETS = 1_024;
/** Maximum number of open channels of one port. */
export const MAX_CHANNELS = 512;
/** Maximum length of a datagram, bytes. A longer datagram would not fit an Ethernet frame. */
export const MAX_PACKET_BYTES = 1_472;
/** Maximum number of infohashes in one message to local discovery. */
export const MAX_ANNOUNCED = 512;

/** A datagram with the address of its other end. */
export interface Packet {
  host: string;
  port: number;
  bytes: Uint8Array;
}

/** A peer of the own network that announced a torrent by local discovery. */
export interface HeardPeer {
  /** 40 hexadecimal digits, lower case. */
  infoHashHex: string;
  host: string;
  port: number;
}

/** Messages that open a channel. */
export type Opening =
  | { ask: "dial"; id: number; host: string; port: number }
  /** A web server, by its name or address. */
  | { ask: "reach"; id: number; name: string; port: number; tls: boolean }
  /** Looks up the addresses of a peer that is known by a host name. */
  | { ask: "names"; id: number; name: string; port: number }
  | { ask: "udp"; id: number; port: number }
  | { ask: "discover"; id: number; port: number }
  /** UDP to the router's server of PCP and NAT-PMP. */
  | { ask: "control"; id: number; host: string }
  /** Searches for routers by SSDP; `host` is the gateway, or empty. */
  | { ask: "search"; id: number; host: string }
  /** A TCP connection to the router. */
  | { ask: "router"; id: number; host: string; port: number };

/** Messages about an open channel. A message about a closed channel is ignored. */
export type Ask =
  | Opening
  | { ask: "data"; id: number; bytes: Uint8Array }
  | { ask: "end"; id: number }
  | { ask: "packets"; id: number; packets: Packet[] }
  | { ask: "announce"; id: number; infoHashesHex: string[] }
  /** Gives back credit: bytes of a stream, or datagrams. */
  | { ask: "credit"; id: number; amount: number }
  | { ask: "close"; id: number };

/** Messages of the gate. `closed` is the last about its channel. */
export type Tell =
  /**
   * The channel is open. `port` is that of a UDP socket, or of the router's server; `localAddress`
   * is ours on a connection to the router.
   */
  | { tell: "open"; id: number; port?: number; localAddress?: string }
  | { tell: "data"; id: number; bytes: Uint8Array }
  | { tell: "end"; id: number }
  | { tell: "packets"; id: number; packets: Packet[] }
  /** Peers that announced torrents of this channel. */
  | { tell: "peers"; id: number; peers: HeardPeer[] }
  /** Number of infohashes that an `announce` has sent, and number that the rate limit left out. */
  | { tell: "announced"; id: number; sent: number; skipped: number }
  /** The addresses of a name that may be dialled; at least one. */
  | { tell: "addresses"; id: number; hosts: string[] }
  | { tell: "credit"; id: number; amount: number }
  | { tell: "closed"; id: number; error?: { code: string; message: string } };

type Test = (value: unknown) => boolean;

const isCount: Test = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isPort: Test = (value) => isCount(value) && (value as number) <= 65_535;
const isBytes: Test = (value) =>
  value instanceof Uint8Array && value.buffer instanceof ArrayBuffer && value.length > 0;
const isText = (max: number): Test => (value) => typeof value === "string" && value.length <= max;
const isList = (max: number, test: Test): Test => (value) =>
  Array.isArray(value) && value.length <= max && value.every(test);
const isHashHex: Test = (value) => typeof value === "string" && /^[0-9a-f]{40}$/.test(value);
const isPacket: Test = (value) => {
  if (!hasFields(value, { host: isText(45), port: isPort, bytes: isBytes })) return false;
  return (value as Packet).bytes.length <= MAX_PACKET_BYTES;
};

const FIELDS: Record<Ask["ask"], Record<string, Test>> = {
  dial: { host: isText(45), port: isPort },
  reach: { name: isText(253), port: isPort, tls: (value) => typeof value === "boolean" },
  names: { name: isText(253), port: isPort },
  udp: { port: isPort },
  discover: { port: isPort },
  control: { host: isText(45) },
  search: { host: isText(45) },
  router: { host: isText(45), port: isPort },
  data: { bytes: isBytes },
  end: {},
  packets: { packets: isList(WINDOW_PACKETS, isPacket) },
  announce: { infoHashesHex: isList(MAX_ANNOUNCED, isHashHex) },
  credit: { amount: isCount },
  close: {},
};

/** Whether a value is an object with exactly these fields, each of which passes its test. */
function hasFields(value: unknown, fields: Record<string, Test>): boolean {
  if (typeof value !== "object" || value === null) return false;
  const names = Object.keys(fields);
  return Object.keys(value).length === names.length &&
    names.every((name) =>
      Object.hasOwn(value, name) && fields[name]!((value as Record<string, unknown>)[name])
    );
}

/** Returns a message of the asking thread if it fits the protocol exactly, else `undefined`. */
export function parseAsk(value: unknown): Ask | undefined {
  const ask = (value as { ask?: unknown } | null | undefined)?.ask;
  if (typeof ask !== "string" || !Object.hasOwn(FIELDS, ask)) return undefined;
  const fields = { ask: () => true, id: isCount, ...FIELDS[ask as Ask["ask"]] };
  return hasFields(value, fields) ? value as Ask : undefined;
}
