/**
 * The messages between the gate and a thread that asks, over one `MessagePort`, and the strict
 * parser of the asking thread's messages. A channel is one TCP connection, or one UDP socket with
 * its rules. The asking thread chooses the channel's id.
 *
 * Both kinds of channel carry packets. Credit bounds the packets under way: each side starts with
 * one window of credit per channel, and gets credit back when the other side has processed packets.
 *
 * @module
 */

/** Bytes of a TCP connection that either side may have under way, in each direction. */
export const WINDOW_BYTES = 512 * 1024;
/** Datagrams that either side may have under way, in each direction of a channel. */
export const WINDOW_PACKETS = 1_024;
/** Maximum number of open channels of one port. */
export const MAX_CHANNELS = 512;
/** Maximum length of a datagram, bytes. A longer datagram would not fit an Ethernet frame. */
export const MAX_PACKET_BYTES = 1_472;

/** The kinds of channel: what `host` and `port` of the opening message mean. */
export const KINDS = {
  /** TCP to a peer, by its address. */
  dial: { most: MAX_CHANNELS, window: WINDOW_BYTES, isStream: true },
  /** TCP to a web server, by its name or address; `https` with TLS. */
  http: { most: 32, window: WINDOW_BYTES, isStream: true },
  https: { most: 32, window: WINDOW_BYTES, isStream: true },
  /** The addresses of a peer's name that may be dialled at `port`: one packet for each. */
  names: { most: 8, window: 8, isStream: false },
  /** TCP to the router. */
  router: { most: 8, window: WINDOW_BYTES, isStream: true },
  /**
   * UDP of IPv6, bound to `port` or, if that is 0, to any free port; `host` is a public address of this
   * machine, or empty for all.
   */
  udp: { most: 1, window: WINDOW_PACKETS, isStream: false },
  /** UDP to the router's server of PCP and NAT-PMP at `host`. The port is that of the protocol. */
  control: { most: 8, window: WINDOW_PACKETS, isStream: false },
  /** Searches for routers by SSDP; `host` is the gateway of IPv4 or IPv6, or empty. */
  search: { most: 4, window: WINDOW_PACKETS, isStream: false },
  /**
   * Local discovery (BEP 14) of the torrents that are served at `port`; `host` is empty. A packet has
   * infohashes, and the port to announce them at, or 0 for `port`.
   */
  discover: { most: 1, window: 64, isStream: false },
  /**
   * Answers uTP of neighbours at the UDP port `port` with ST_RESET, and tells their addresses by empty
   * packets; `host` is empty.
   */
  refuse: { most: 1, window: 64, isStream: false },
  /**
   * Asks neighbours by an ST_SYN whether they speak uTP, and passes on the acknowledgements. A packet
   * names one neighbour; its bytes are ignored. `host` is empty.
   */
  probe: { most: 1, window: 64, isStream: false },
} as const;

/** A kind of channel. */
export type Kind = keyof typeof KINDS;

/**
 * The one web server that a port may reach. The launcher takes it from a setting of the user, so it may be
 * on this machine if it is named by a loopback address.
 */
export interface OnlyServer {
  kind: "http" | "https";
  /** Name or address, without brackets. */
  host: string;
  port: number;
}

/**
 * Bytes, with the address of their other end. The address is empty and the port 0 in a TCP
 * connection, and where the channel fixes the receivers. A packet to local discovery has the
 * infohashes of one announcement, 20 bytes each.
 */
export interface Packet {
  host: string;
  port: number;
  bytes: Uint8Array<ArrayBuffer>;
}

/** The message that opens a channel. */
export type Opening = { ask: "open"; id: number; kind: Kind; host: string; port: number };

/** Messages of the asking thread. A message about a closed channel is ignored. */
export type Ask =
  | Opening
  | { ask: "packets"; id: number; packets: Packet[] }
  /** Gives back credit: bytes of a TCP connection, or datagrams. */
  | { ask: "credit"; id: number; amount: number }
  /** The asking thread sends no more packets. */
  | { ask: "end"; id: number }
  | { ask: "close"; id: number };

/** Messages of the gate. `closed` is the last about its channel. */
export type Tell =
  /** The channel is open: our own address and port, or the port of the router's server. */
  | { tell: "open"; id: number; host: string; port: number }
  | { tell: "packets"; id: number; packets: Packet[] }
  | { tell: "credit"; id: number; amount: number }
  | { tell: "end"; id: number }
  | { tell: "closed"; id: number; error?: { code: string; message: string } };

type Test = (value: unknown) => boolean;

const isCount: Test = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isPort: Test = (value) => isCount(value) && (value as number) <= 65_535;
const isText: Test = (value) => typeof value === "string" && value.length <= 253;
const isBytes: Test = (value) =>
  value instanceof Uint8Array && value.buffer instanceof ArrayBuffer && value.length > 0;
const isPacket: Test = (value) => hasFields(value, { host: isText, port: isPort, bytes: isBytes });

const isKind: Test = (value) => typeof value === "string" && Object.hasOwn(KINDS, value);

const FIELDS: Record<Ask["ask"], Record<string, Test>> = {
  open: { kind: isKind, host: isText, port: isPort },
  packets: {
    packets: (value) =>
      Array.isArray(value) && value.length > 0 && value.length <= WINDOW_PACKETS &&
      value.every(isPacket),
  },
  credit: { amount: isCount },
  end: {},
  close: {},
};

/** Whether a value is an object with exactly these fields, each of which passes its test. */
function hasFields(value: unknown, fields: Record<string, Test>): boolean {
  if (typeof value !== "object" || value === null) return false;
  const tests = Object.entries(fields);
  return Object.keys(value).length === tests.length &&
    tests.every(([name, test]) => Object.hasOwn(value, name) && test(Reflect.get(value, name)));
}

/** Returns a message of the asking thread if it fits the protocol exactly, else `undefined`. */
export function parseAsk(value: unknown): Ask | undefined {
  const ask = (value as { ask?: unknown } | null | undefined)?.ask;
  if (typeof ask !== "string" || !Object.hasOwn(FIELDS, ask)) return undefined;
  const fields = { ask: () => true, id: isCount, ...FIELDS[ask as Ask["ask"]] };
  return hasFields(value, fields) ? value as Ask : undefined;
}
