/**
 * The one UDP socket. To k-rpc it looks like a `dgram` socket that is always open, while the real socket
 * behind it may fail and be reopened. k-rpc must not notice: bittorrent-dht would emit `error`, and
 * WebTorrent would destroy itself. This class also rejects hostile packets before a library sees them,
 * and counts traffic. `dht_host.ts` decides when to reopen the socket.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { EventEmitter } from "node:events";
import { isNodePort } from "../../base/mod.ts";
import { classifyByPrefix, type Refusal, validatePacket } from "../libraries/mod.ts";
import type { QueryLimiter } from "./query_limiter.ts";

/** The packet that is being processed. */
export interface Received {
  /** Length of the whole packet. */
  lengthBytes: number;
  /** Bencoded `v` of its arguments, exactly as received (BEP 44). */
  value?: Uint8Array;
}

/** Traffic since the start, UDP payload only. */
export interface Traffic {
  packetsIn: number;
  bytesIn: number;
  packetsOut: number;
  bytesOut: number;
  /** Received packets that could not be parsed, or with an invalid member. */
  malformed: number;
  /** Received queries that exceeded the rate limits, or came from a port below 1024. */
  limited: number;
  /** Replies with an unknown transaction id or from the wrong sender. */
  unasked: number;
  /** Packets that could not be sent: no socket, or an unusable address or port. */
  unsent: number;
}

/** Knows which replies are expected. */
export interface ExpectedAnswers {
  /** Whether any reply from a host is expected. */
  isAsked(host: string): boolean;
  /** Whether a reply with this transaction id and sender is expected; it is expected only once. */
  take(transaction: number, host: string, port: number): boolean;
}

/** Opens real sockets; tests pass their own, to make one fail. */
export type SocketFactory = () => Socket;

/**
 * Receive buffer of one packet. By default Deno allocates and zero-fills 64 KiB for each packet, which takes
 * more time than all other processing. Its `setRecvBufferSize` sets only that allocation, on Linux to
 * twice the value. Most packets fit into an Ethernet frame; npm:bittorrent-dht's replies have some 3 kB.
 * A longer packet is truncated and counted as malformed.
 */
const RECEIVE_BYTES = 4_096;
/** Deno's default for the same. */
const DENOS_RECEIVE_BYTES = 65_536;

/**
 * Creates an unbound UDP socket for IPv4. It sends to addresses only, not to host names, and synchronously:
 * `dgram` would resolve each address first and send at the end of the event-loop turn, so that the first
 * query of a lookup would wait for the eighth to be prepared. A consequence is that `listening` and errors
 * of `bind` are emitted before `bind` returns.
 */
export function createUdpSocket(): Socket {
  return createSocket({
    type: "udp4",
    lookup: (address, _options, done) => done(null, address, 4),
  });
}

type SendCallback = (error: Error | null) => void;

/** Presents a UDP socket that may fail and be reopened as one that is always open. */
export class UdpSocket extends EventEmitter {
  readonly traffic: Traffic = {
    packetsIn: 0,
    bytesIn: 0,
    packetsOut: 0,
    bytesOut: 0,
    malformed: 0,
    limited: 0,
    unasked: 0,
    unsent: 0,
  };
  readonly #create: SocketFactory;
  readonly #limiter: QueryLimiter | undefined;
  #socket: Socket | undefined;
  /** A copy of the bound port, because a socket that was closed by the system throws when asked for it. */
  #port = 0;
  #wanted = false;
  #announced = false;
  #closed = false;
  #received: Received | undefined;

  /** Called when an open socket fails, with the reason; by then the socket is closed. */
  onLost: (why: Error) => void = () => {};

  /** Knows which replies are expected; without it all are accepted. */
  expected: ExpectedAnswers | undefined;

  /** Called with a query that is refused because of an invalid member, and its transaction id. */
  onRefused: (refusal: Refusal, t: Uint8Array, from: RemoteInfo) => void = () => {};

  /** Whether packets may go to a port below 1024, where a hostile reply could name somebody's service. */
  mayUsePort: (host: string, port: number) => boolean = () => false;

  /** @param limiter rate limits for queries; none without it */
  constructor(create: SocketFactory = createUdpSocket, limiter?: QueryLimiter) {
    super();
    this.#create = create;
    this.#limiter = limiter;
  }

  /** The packet that is being processed; `undefined` at other times. */
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
   * @param port 0 for any free one
   * @returns the bound port
   * @throws the system's error, with a `code` such as `EADDRINUSE`; no socket is open then
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
        socket.on("error", (error) => this.#lose(socket, error));
        socket.on("close", () => this.#lose(socket, new Error("the socket was closed")));
        socket.on("message", (bytes, from) => this.#receive(bytes, from));
        shrinkReceiveBuffer(socket);
        this.#socket = socket;
        this.#port = socket.address().port;
        this.#announce();
        resolve(this.#port);
      });
      try {
        socket.bind(port);
      } catch (error) {
        reject(error);
      }
    });
  }

  /** Called by WebTorrent through k-rpc. It opens nothing, because the engine opens the socket itself. */
  bind(): void {
    this.#wanted = true;
    this.#announce();
  }

  /** The bound address; port 0 while there is no socket. */
  address(): { address: string; family: string; port: number } {
    return { address: "0.0.0.0", family: "IPv4", port: this.port ?? 0 };
  }

  /** Sends one packet, like `send` of `dgram`. Without a socket the packet is dropped and counted. */
  send(
    bytes: Uint8Array,
    offset: number,
    length: number,
    port: number,
    host: string,
    done: SendCallback = () => {},
  ): void {
    const fail = (error: Error) => {
      this.traffic.unsent++;
      queueMicrotask(() => done(error));
    };
    if (!this.#socket) return fail(new Error("There is no UDP socket"));
    // A hostile reply may name 0.0.0.0/8, which is this machine.
    if (host.startsWith("0.")) return fail(new Error(`${host} is no address to send to`));
    if (!this.#isNodePort(host, port)) return fail(new Error(`${port} is no port of a DHT node`));
    try {
      this.#socket.send(bytes, offset, length, port, host, (error) => {
        if (error) this.traffic.unsent++;
        done(error);
      });
      this.traffic.packetsOut++;
      this.traffic.bytesOut += length;
    } catch (error) {
      // `send` throws for an impossible port or host, which a stranger may have named.
      fail(error as Error);
    }
  }

  /** Closes the socket for good. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const socket = this.#socket;
    this.#socket = undefined;
    if (!socket) return void queueMicrotask(() => this.emit("close"));
    socket.once("close", () => this.emit("close"));
    socket.close();
  }

  /** Emits `listening` for the first socket only, because bittorrent-dht starts a timer at each. */
  #announce(): void {
    if (!this.#wanted || !this.#socket || this.#announced) return;
    this.#announced = true;
    this.emit("listening");
  }

  #receive(bytes: Buffer, from: RemoteInfo): void {
    this.traffic.packetsIn++;
    this.traffic.bytesIn += bytes.length;
    try {
      const refused = this.#take(bytes, from);
      if (refused) this.traffic[refused]++;
    } catch {
      // A library may still throw on a packet that passed the guard.
      this.traffic.malformed++;
    } finally {
      this.#received = undefined;
    }
  }

  /**
   * Passes a packet on, or returns the reason for dropping it. During a flood, most packets are dropped by
   * their first bytes and sender, before the rest is parsed.
   */
  #take(bytes: Buffer, from: RemoteInfo): "malformed" | "limited" | "unasked" | undefined {
    const { address, port } = from;
    // A forged sender with a low port would direct our answer at somebody's service.
    if (!this.#isNodePort(address, port)) return "limited";
    const first = classifyByPrefix(bytes);
    if (first === "malformed") return "malformed";
    if (first === "query" && !this.#admits(address, port)) return "limited";
    if (first === "answer" && this.expected?.isAsked(address) === false) return "unasked";
    const packet = validatePacket(bytes);
    if (packet === undefined) return "malformed";
    const { kind, transaction, refusal, t, value } = packet;
    if (kind === "q") {
      if (first !== "query" && !this.#admits(address, port)) return "limited";
      this.#received = { lengthBytes: bytes.length, value };
      if (refusal) {
        this.onRefused(refusal, t, from);
        return "malformed";
      }
    } else if (
      transaction === undefined || this.expected?.take(transaction, address, port) === false
    ) {
      return "unasked";
    } else this.#limiter?.noteReply(address, port);
    this.#emitCopy(bytes, from);
    return undefined;
  }

  #isNodePort(host: string, port: number): boolean {
    return isNodePort(port) || this.mayUsePort(host, port);
  }

  #admits(address: string, port: number): boolean {
    return this.#limiter?.admits(address, port) !== false;
  }

  /**
   * Emits a copy of a packet. Deno's receive buffer is many times longer, and node ids that the routing
   * table keeps would hold it in memory.
   */
  #emitCopy(bytes: Buffer, from: RemoteInfo): void {
    this.emit("message", Buffer.from(bytes), from);
  }

  #lose(socket: Socket, error: Error): void {
    if (this.#socket !== socket) return;
    this.#socket = undefined;
    try {
      socket.close();
    } catch {
      // The socket was closed already.
    }
    this.onLost(error);
  }
}

function shrinkReceiveBuffer(socket: Socket): void {
  // Another value means that this sets the system's own buffer, which must not shrink.
  if (socket.getRecvBufferSize() === DENOS_RECEIVE_BYTES) socket.setRecvBufferSize(RECEIVE_BYTES);
}
