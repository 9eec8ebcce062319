/**
 * The DHT's one UDP socket. To npm:k-rpc it looks like a `dgram` socket that is always open, while
 * the real socket behind it may fail and be reopened. Without this disguise a failed socket would
 * make npm:bittorrent-dht emit `error`, and WebTorrent would destroy itself. The class also rejects
 * hostile packets before an npm package decodes them, and counts traffic. `dht_host.ts` decides
 * when to reopen the socket.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { RemoteInfo } from "node:dgram";
import { EventEmitter } from "node:events";
import { isNodePort } from "../../base/mod.ts";
import {
  classifyByPrefix,
  PacketCounts,
  type QueryKind,
  type Refusal,
  validatePacket,
} from "../libraries/mod.ts";
import { noTraffic } from "./traffic.ts";
import { type DatagramSocket, DenoDatagramSocket } from "./datagram_socket.ts";
import type { QueryLimiter } from "./query_limiter.ts";
import { isUtp } from "../../utp/mod.ts";
import type { UtpPackets } from "./utp_packets.ts";

/** The received packet that is being processed. */
export interface Received {
  /** Length of the whole packet, in bytes. */
  lengthBytes: number;
  /** The member `v` of the query's arguments, bencoded exactly as received (BEP 44). */
  value?: Uint8Array;
}

/** Tells which replies to our queries are expected. */
export interface ExpectedAnswers {
  /** Whether any reply from this host is expected. */
  isAsked(host: string): boolean;
  /**
   * Returns the kind of the query that a reply with this transaction id and sender answers; `undefined` if
   * none is expected. Afterwards it is expected no more.
   */
  take(transaction: number, host: string, port: number): QueryKind | undefined;
}

/** Creates UDP sockets. Tests pass a substitute whose sockets can fail. */
export type SocketFactory = () => DatagramSocket;

/**
 * Maximum length of a received packet, in bytes. Most packets fit into one Ethernet frame, and replies
 * of npm:bittorrent-dht have about 3 kB. A longer packet is counted as malformed.
 */
const MAX_PACKET_BYTES = 4_096;
/** Default length of the receive buffer of Deno's `dgram` sockets for one packet, in bytes. */
const DGRAM_RECEIVE_BYTES = 65_536;

/**
 * Creates an unbound UDP socket for IPv4. It sends at once and only to IP addresses, and emits
 * `listening` and errors of `bind` before `bind` returns.
 */
export function createUdpSocket(): DatagramSocket {
  return new DenoDatagramSocket(MAX_PACKET_BYTES + 1);
}

type SendCallback = (error: Error | null) => void;

/**
 * A UDP socket that looks always open, while the real socket behind it may fail and be reopened.
 */
export class UdpSocket extends EventEmitter {
  readonly traffic = noTraffic();
  /** Counts the packets that are neither malformed, limited nor unasked. */
  readonly #counts: PacketCounts;
  readonly #create: SocketFactory;
  readonly #limiter: QueryLimiter | undefined;
  /** Address of this machine to which sockets are bound from now on; `undefined` for all. */
  localAddress: string | undefined;
  #socket: DatagramSocket | undefined;
  /**
   * The bound port. It is stored here, because a socket that the system has closed throws when
   * asked for its port.
   */
  #port = 0;
  #wanted = false;
  #announced = false;
  #closed = false;
  #received: Received | undefined;

  /** Called with the reason when an open socket has failed. The socket is closed by then. */
  onLost: (why: Error) => void = () => {};

  /** Tells which replies are expected. While `undefined`, all replies are accepted. */
  expected: ExpectedAnswers | undefined;

  /**
   * Called when a query is refused because of an invalid member, with the error, the query's
   * transaction id and its sender.
   */
  onRefused: (refusal: Refusal, t: Uint8Array, from: RemoteInfo) => void = () => {};

  /**
   * Whether packets may be exchanged with a port below 1024. By default they may not, because a
   * hostile reply could name such a port to direct our packets at another service.
   */
  mayUsePort: (host: string, port: number) => boolean = () => false;

  /** Takes uTP packets, and counts them; `undefined` drops them as malformed. */
  utp: UtpPackets | undefined;

  /**
   * @param limiter rate limits for incoming queries; without it there is no limit
   * @param localAddress address of this machine to which the socket is bound; default: all
   * @param counts counts received packets by kind
   */
  constructor(
    create: SocketFactory = createUdpSocket,
    limiter?: QueryLimiter,
    localAddress?: string,
    counts: PacketCounts = new PacketCounts(),
  ) {
    super();
    this.localAddress = localAddress;
    this.#create = create;
    this.#limiter = limiter;
    this.#counts = counts;
  }

  /** The received packet that is being processed; `undefined` at other times. */
  get received(): Received | undefined {
    return this.#received;
  }

  /** The bound port; `undefined` while there is no socket. */
  get port(): number | undefined {
    return this.#socket && this.#port;
  }

  /**
   * Opens and binds a socket.
   *
   * @param port port number; 0 for any free one
   * @returns the bound port
   * @throws the operating system's error, with a `code` such as `EADDRINUSE`; no socket is open
   * then
   */
  open(port: number): Promise<number> {
    if (this.#closed) return Promise.reject(new Error("The UDP socket has been closed"));
    const socket = this.#create();
    return new Promise((resolve, reject) => {
      socket.once("error", reject);
      socket.once("listening", () => {
        if (this.#closed) {
          socket.close();
          return reject(new Error("The UDP socket has been closed"));
        }
        socket.removeListener("error", reject);
        socket.on("error", (error: Error) => this.#lose(socket, error));
        socket.on("close", () => this.#lose(socket, new Error("the socket was closed")));
        socket.on("message", (bytes: Uint8Array, from: RemoteInfo) => this.#receive(bytes, from));
        shrinkReceiveBuffer(socket);
        this.#socket = socket;
        this.#port = socket.address().port;
        this.#announce();
        resolve(this.#port);
      });
      try {
        socket.bind(port, this.localAddress);
      } catch (error) {
        reject(error);
      }
    });
  }

  /**
   * Called by WebTorrent through npm:k-rpc. Opens nothing, because the engine calls `open` itself.
   */
  bind(): void {
    this.#wanted = true;
    this.#announce();
  }

  /** Returns the bound address. The port is 0 while there is no socket. */
  address(): { address: string; family: string; port: number } {
    return { address: "0.0.0.0", family: "IPv4", port: this.port ?? 0 };
  }

  /**
   * Sends one packet, with the parameters of `dgram`'s `send`. While there is no socket, the packet
   * is dropped and counted.
   *
   * @returns whether it was sent
   */
  send(
    bytes: Uint8Array,
    offset: number,
    length: number,
    port: number,
    host: string,
    done: SendCallback = () => {},
  ): boolean {
    const fail = (error: Error) => {
      this.traffic.unsent++;
      queueMicrotask(() => done(error));
      return false;
    };
    if (!this.#socket) return fail(new Error("There is no UDP socket"));
    // A hostile reply may contain an address in 0.0.0.0/8, which the system treats as this machine.
    if (host.startsWith("0.")) return fail(new Error(`${host} is no address to send to`));
    if (!this.#isNodePort(host, port)) return fail(new Error(`${port} is no port of a DHT node`));
    try {
      this.#socket.send(bytes, offset, length, port, host, (error) => {
        if (error) this.traffic.unsent++;
        done(error);
      });
      this.traffic.packetsOut++;
      this.traffic.bytesOut += length;
      return true;
    } catch (error) {
      // `send` throws for an impossible port or address. A stranger's packet may name such a port
      // or address.
      return fail(error as Error);
    }
  }

  /** Closes the open socket, if there is one. {@linkcode UdpSocket.open} opens another one. */
  drop(why: string): void {
    if (this.#socket) this.#lose(this.#socket, new Error(why));
  }

  /**
   * Sends a uTP packet, or drops it: without a socket, or to an address or port that no peer has.
   *
   * @returns whether it was sent
   */
  sendUtp(bytes: Uint8Array, host: string, port: number): boolean {
    if (!this.#socket || host.startsWith("0.") || !this.#isNodePort(host, port)) return false;
    try {
      this.#socket.send(bytes, 0, bytes.length, port, host, ignoreError);
      return true;
    } catch {
      // `send` throws for an impossible address, and for one that the sandbox does not allow.
      return false;
    }
  }

  /** Closes the socket for good; it cannot be opened again. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const socket = this.#socket;
    this.#socket = undefined;
    if (!socket) return void queueMicrotask(() => this.emit("close"));
    socket.once("close", () => this.emit("close"));
    socket.close();
  }

  /**
   * Emits `listening` for the first socket only, because npm:bittorrent-dht starts another timer at
   * each `listening`.
   */
  #announce(): void {
    if (!this.#wanted || !this.#socket || this.#announced) return;
    this.#announced = true;
    this.emit("listening");
  }

  #receive(bytes: Uint8Array, from: RemoteInfo): void {
    if (isUtp(bytes)) return this.#receiveUtp(bytes, from);
    this.traffic.packetsIn++;
    this.traffic.bytesIn += bytes.length;
    try {
      const refused = bytes.length > MAX_PACKET_BYTES ? "malformed" : this.#take(bytes, from);
      if (refused) this.traffic[refused]++;
    } catch {
      // An npm package may still throw on a packet that has passed validation.
      this.traffic.malformed++;
    } finally {
      this.#received = undefined;
    }
  }

  /**
   * Validates a packet and passes it on, or returns the reason for dropping it. The first bytes and
   * the sender are checked before the rest is parsed, because during a flood this suffices to drop
   * most packets.
   */
  #take(bytes: Uint8Array, from: RemoteInfo): "malformed" | "limited" | "unasked" | undefined {
    const { address, port } = from;
    // A query with a forged sender could otherwise direct our answer at another service, on a port
    // below 1024.
    if (!this.#isNodePort(address, port)) return "limited";
    const first = classifyByPrefix(bytes);
    if (first === "malformed") return "malformed";
    if (first === "query" && !this.#admits(address, port)) return "limited";
    if (first === "answer" && this.expected?.isAsked(address) === false) return "unasked";
    // The socket's buffer takes the next packet. The routing table keeps node ids, which are views.
    const copy = Buffer.from(bytes);
    const packet = validatePacket(copy);
    if (packet === undefined) return "malformed";
    const { kind, transaction, refusal, t, value, query = "other" } = packet;
    if (kind === "q") {
      if (first !== "query" && !this.#admits(address, port)) return "limited";
      this.#received = { lengthBytes: bytes.length, value };
      if (refusal) {
        this.onRefused(refusal, t, from);
        return "malformed";
      }
      this.#counts.count(query, "queriesIn");
    } else {
      if (transaction === undefined) return "unasked";
      const asked = this.expected ? this.expected.take(transaction, address, port) : "other";
      if (asked === undefined) return "unasked";
      this.#limiter?.noteReply(address, port);
      this.#counts.count(kind === "e" ? "error" : asked, "repliesIn");
    }
    this.emit("message", copy, from);
    return undefined;
  }

  #receiveUtp(bytes: Uint8Array, { address, port }: RemoteInfo): void {
    if (!this.#isNodePort(address, port)) return void this.traffic.limited++;
    const isWhole = bytes.length <= MAX_PACKET_BYTES;
    const refused = this.utp && isWhole ? this.utp.take(bytes, address, port) : "malformed";
    if (refused) this.traffic[refused]++;
  }

  #isNodePort(host: string, port: number): boolean {
    return isNodePort(port) || this.mayUsePort(host, port);
  }

  #admits(address: string, port: number): boolean {
    return this.#limiter?.admits(address, port) !== false;
  }

  #lose(socket: DatagramSocket, error: Error): void {
    if (this.#socket !== socket) return;
    this.#socket = undefined;
    try {
      socket.close();
    } catch {
      // `close` throws if the socket is already closed.
    }
    this.onLost(error);
  }
}

/** The callback of a packet that uTP sends again if it was lost. One for all, to make none each time. */
function ignoreError(): void {}

/** Keeps a socket of `dgram` from making 64 KiB of memory for each packet. */
function shrinkReceiveBuffer(socket: DatagramSocket): void {
  // Unless the current value is the default, `setRecvBufferSize` would set the operating system's
  // buffer, which must not shrink.
  if (socket.getRecvBufferSize?.() === DGRAM_RECEIVE_BYTES) {
    socket.setRecvBufferSize!(MAX_PACKET_BYTES);
  }
}

/** Describes an error of {@linkcode UdpSocket.open}. */
export function describeOpenError(error: unknown, port: number): string {
  const { code, message } = error as { code?: string; message: string };
  return code === "EADDRINUSE"
    ? `UDP port ${port} is taken by another program`
    : `UDP port ${port} cannot be opened: ${message}`;
}
