/**
 * The two transports of connections to peers, TCP and uTP: dials by one of them or both, and owns the
 * uTP connections.
 *
 * @module
 */

import { randomBytes } from "node:crypto";
import { type Clock, type Family, formatHostPort, type HostPort } from "../../base/mod.ts";
import { UtpEndpoint, UtpSocket, UtpUsage } from "../../utp/mod.ts";
import { type Carrier, type PeerSocket, RacingSocket, type Way } from "./race.ts";
import type { UtpPort, UtpStatus, UtpTraffic } from "./utp_port.ts";

/** Transports of connections to peers, in both directions. */
export type TransportMode = "both" | "tcp" | "utp";

/**
 * Time after which a peer is dialled by uTP, too, in milliseconds. Most peers that TCP reaches answer
 * within this time, and TCP takes less processor time. RFC 8305 has the same delay for a second dial.
 */
const HEAD_START_MS = 250;

/** Maximum number of remembered addresses that are dialled by uTP first; each takes 100 bytes. */
const MAX_UTP_FIRST = 4_096;

/** Options of {@linkcode Transports}. */
export interface TransportsOptions {
  clock: Clock;
  /** Default `both`. */
  transport?: TransportMode;
  /** Sends and receives uTP packets of IPv4; absent without a DHT node, whose socket uTP shares. */
  utp?: UtpPort;
}

/** Chooses how peers are dialled. */
export class Transports {
  readonly mode: TransportMode;
  readonly #clock: Clock;
  /** The uTP endpoint and its UDP socket, by address family. */
  readonly #utp = new Map<Family, { port: UtpPort; endpoint: UtpEndpoint }>();
  /** Counts and budgets of the connections of both families together. */
  readonly #usage = new UtpUsage();
  /** The last socket of each family. */
  readonly #ports = new Map<Family, UtpPort>();
  /** Counts of earlier sockets and of closed endpoints, so that no counter ever falls. */
  readonly #pastTraffic: UtpTraffic = { packetsIn: 0, bytesIn: 0, packetsOut: 0, bytesOut: 0 };
  readonly #pastDials = { accepted: 0, dialled: 0 };
  /**
   * Addresses that are dialled by uTP first, the oldest first: those of {@linkcode dialUtpFirst}, and
   * of peers that took a connection by TCP and closed it without a word. Programs that are set to uTP
   * alone do that.
   */
  readonly #utpFirst = new Set<string>();

  /** Called with each uTP connection that a peer has begun. Until then they are closed. */
  onConnection: (socket: UtpSocket) => void = (socket) => void socket.destroy();

  constructor({ clock, transport = "both", utp }: TransportsOptions) {
    this.#clock = clock;
    this.mode = transport;
    this.use(4, utp);
  }

  /**
   * Speaks uTP of a family on a UDP socket, or ends the connections of that family if there is no
   * socket any more.
   */
  use(family: Family, port: UtpPort | undefined): void {
    const before = this.#utp.get(family);
    if (before) {
      before.endpoint.close();
      before.port.receiver = undefined;
      const { accepted, dialled } = before.endpoint.counts;
      addCounters(this.#pastDials, { accepted, dialled });
    }
    this.#utp.delete(family);
    const last = this.#ports.get(family);
    // A port that is used again goes on counting.
    if (last && port && last !== port) addCounters(this.#pastTraffic, last.traffic);
    if (port) this.#ports.set(family, port);
    if (!port || this.mode === "tcp") return;
    const clock = this.#clock;
    const endpoint = new UtpEndpoint({
      nowUs: () => performance.now() * 1_000,
      after: (delayMs, fire) => clock.after(delayMs, fire),
      random16: () => randomBytes(2).readUInt16BE(),
      usage: this.#usage,
      send: (bytes, host, to) => port.send(bytes, host, to),
      admits: (host, from) => port.admits(host, from),
      onConnection: (socket) => {
        expectBytes(socket);
        this.onConnection(socket);
      },
    });
    port.receiver = (bytes, host, from) => endpoint.receive(bytes, host, from);
    this.#utp.set(family, { port, endpoint });
  }

  /**
   * Whether peers can connect by TCP. With the transport `utp` they can only while there is no uTP.
   */
  get listensByTcp(): boolean {
    return this.mode !== "utp" || !this.#utp.has(4);
  }

  /** Connections and traffic of uTP over both families; `undefined` if there is no uTP. */
  get status(): UtpStatus | undefined {
    if (this.#utp.size === 0) return undefined;
    const { kept, flight } = this.#usage;
    const status: UtpStatus = {
      ...this.#pastTraffic,
      ...this.#pastDials,
      ...{ connections: 0, halfOpen: 0, keptBytes: kept.used, flightBytes: flight.used },
    };
    for (const { traffic } of this.#ports.values()) addCounters(status, traffic);
    for (const { endpoint } of this.#utp.values()) {
      const { accepted, dialled, connections, halfOpen } = endpoint.counts;
      addCounters(status, { accepted, dialled, connections, halfOpen });
    }
    return status;
  }

  /**
   * Dials a peer. The socket emits `connect`, or `error`.
   *
   * @param address IP address and port
   * @param tcp dials the peer by TCP
   * @param hasUtp whether our UDP socket of the family reaches the address
   */
  dial(address: HostPort, tcp: () => PeerSocket, hasUtp: boolean): PeerSocket {
    const family = address.host.includes(":") ? 6 : 4;
    const endpoint = hasUtp ? this.#utp.get(family)?.endpoint : undefined;
    const utp = endpoint && (() => {
      const socket = endpoint.connect(address.host, address.port);
      expectBytes(socket);
      return socket;
    });
    if (this.mode === "utp" && utp) return utp();
    if (!utp) return tcp();
    const ways: [Way, Way] = [{ carrier: "tcp", dial: tcp }, { carrier: "utp", dial: utp }];
    const key = formatHostPort(address);
    if (this.#utpFirst.has(key)) ways.reverse();
    const [first, second] = ways;
    const race = new RacingSocket({
      ...{ clock: this.#clock, first, second, headStartMs: HEAD_START_MS },
    });
    race.once("close", () => this.#noteEnd(key, race));
    return race;
  }

  /** Dials an address by uTP first from now on, until a peer there has answered by TCP. */
  dialUtpFirst(address: HostPort): void {
    this.#addUtpFirst(formatHostPort(address));
  }

  /** Remembers whether a peer said anything by TCP. A connection that we ended tells nothing. */
  #noteEnd(key: string, { carrier, bytesRead, isEndedByPeer }: RacingSocket): void {
    if (carrier !== "tcp" || bytesRead === 0 && !isEndedByPeer) return;
    if (bytesRead > 0) this.#utpFirst.delete(key);
    else this.#addUtpFirst(key);
  }

  #addUtpFirst(key: string): void {
    this.#utpFirst.delete(key);
    this.#utpFirst.add(key);
    if (this.#utpFirst.size > MAX_UTP_FIRST) {
      this.#utpFirst.delete(this.#utpFirst.values().next().value!);
    }
  }

  /** Ends all uTP connections. */
  close(): void {
    for (const { endpoint } of this.#utp.values()) endpoint.close();
  }
}

/** Returns what carries a connection. */
export function carrierOf(socket: object): Carrier {
  if (socket instanceof RacingSocket) return socket.carrier ?? "tcp";
  return socket instanceof UtpSocket ? "utp" : "tcp";
}

/** Marks a connection as one whose bytes bypass its stream, as those of TCP do (decision 17). */
function expectBytes(socket: UtpSocket): void {
  socket.onBytes = () => true;
}

/** Adds numbers to those of the same names. */
function addCounters<Key extends string>(
  to: NoInfer<Record<Key, number>>,
  more: Record<Key, number>,
): void {
  for (const key of Object.keys(more) as Key[]) to[key] += more[key];
}
