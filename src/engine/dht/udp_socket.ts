/**
 * The one UDP socket. To k-rpc it looks like a `dgram` socket that is always there; behind it the
 * real socket is opened, lost and opened again without k-rpc, the DHT or WebTorrent noticing:
 * bittorrent-dht would emit `error`, and WebTorrent would destroy itself on that. It counts what
 * passes, and keeps a hostile packet from ending the program. When to open it again is for
 * `dht_host.ts`.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { EventEmitter } from "node:events";
import { isNodePort } from "../../base/mod.ts";
import { examine, glance, type Refusal } from "../libraries/mod.ts";
import type { Received } from "./krpc_answers.ts";
import type { QueryLimiter } from "./query_limiter.ts";

/** Packets and bytes since the start, KRPC payload only. */
export interface Traffic {
  packetsIn: number;
  bytesIn: number;
  packetsOut: number;
  bytesOut: number;
  /** Packets that could not be read, or with a member that cannot be used. */
  malformed: number;
  /** Queries that were too many, or from a port where no DHT node is; they were not answered. */
  limited: number;
  /** Answers to what was not asked, or not of them. */
  unasked: number;
  /** Packets that could not be sent: no socket, or no address or port to send to. */
  unsent: number;
}

/** Says which answers were asked for. */
export interface ExpectedAnswers {
  /** Whether any answer of a host is expected. */
  isAsked(host: string): boolean;
  /** Whether an answer is, by its transaction id and where it is from. It is expected once. */
  take(transaction: number, host: string, port: number): boolean;
}

/** Opens real sockets; handed in so that tests can take one away. */
export type SocketFactory = () => Socket;

/**
 * Deno makes an array of 64 KiB for each packet that it waits for, and fills it with zeros, which takes
 * more time than all else. Its `setRecvBufferSize` sets the size of that array, and nothing else; on
 * Linux to twice of what it is told. Hardly a node sends more than an Ethernet frame; npm:bittorrent-dht's
 * answers have some 3 kB. A packet that is longer comes in cut off, and is counted as malformed.
 */
const RECEIVE_BYTES = 4_096;
const DENOS_RECEIVE_BYTES = 65_536;

/**
 * A UDP socket over IPv4 that is not bound yet. It sends to addresses only, not to host names, and does so
 * at once: `dgram` would ask for the address of each packet and send it after all else of this turn, so
 * that the first node of a lookup is asked when the eighth has been thought of. For the same reason
 * `listening` and errors of `bind` come before `bind` returns.
 */
export function createUdpSocket(): Socket {
  return createSocket({
    type: "udp4",
    lookup: (address, _options, done) => done(null, address, 4),
  });
}

type SendCallback = (error: Error | null) => void;

/** Stands between k-rpc and a UDP socket that may come and go. */
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
  /** Kept, because a socket that was closed under our hands throws when it is asked. */
  #port = 0;
  #wanted = false;
  #announced = false;
  #closed = false;
  #received: Received | undefined;

  /** Called when an open socket fails, with the reason. The socket is gone then. */
  onLost: (why: Error) => void = () => {};

  /** Says which answers were asked for; all, without it. */
  expected: ExpectedAnswers | undefined;

  /** Called with a query that is refused because of a member of it, and with its transaction id. */
  onRefused: (refusal: Refusal, t: Uint8Array, from: RemoteInfo) => void = () => {};

  /** Whether packets may go to a port below 1024: a stranger may name somebody's service as a node. */
  mayUsePort: (host: string, port: number) => boolean = () => false;

  /** @param limiter says which queries are to be answered; all, without one */
  constructor(create: SocketFactory = createUdpSocket, limiter?: QueryLimiter) {
    super();
    this.#create = create;
    this.#limiter = limiter;
  }

  /** The packet that is being handed on; `undefined` at other times. */
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
   * @throws the system's error, with a `code` such as `EADDRINUSE`; there is no socket then
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
        receiveIntoLess(socket);
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

  /** WebTorrent asks for this by way of k-rpc; the engine opens the socket, when it knows the port. */
  bind(): void {
    this.#wanted = true;
    this.#announce();
  }

  /** The bound address; port 0 while there is no socket. */
  address(): { address: string; family: string; port: number } {
    return { address: "0.0.0.0", family: "IPv4", port: this.port ?? 0 };
  }

  /** Sends one packet, as `dgram`'s `send` does. Without a socket it is dropped and counted. */
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
    // 0.0.0.0/8 is this machine, and a stranger may name it as a node.
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
      // A port or host that a stranger sent us may be impossible.
      fail(error as Error);
    }
  }

  /** Closes it for good. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const socket = this.#socket;
    this.#socket = undefined;
    if (!socket) return void queueMicrotask(() => this.emit("close"));
    socket.once("close", () => this.emit("close"));
    socket.close();
  }

  /** bittorrent-dht starts a timer at each `listening`, so it hears of the first socket only. */
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
      // What the guard let pass and a library still stumbled over must not end the program.
      this.traffic.malformed++;
    } finally {
      this.#received = undefined;
    }
  }

  /**
   * Hands a packet on, or returns the reason why it is dropped. In a flood most are dropped by their
   * first bytes and their sender, before any more of them is read.
   */
  #take(bytes: Buffer, from: RemoteInfo): "malformed" | "limited" | "unasked" | undefined {
    const { address, port } = from;
    // The sender may be forged, so that our answer goes to a service of somebody's.
    if (!this.#isNodePort(address, port)) return "limited";
    const first = glance(bytes);
    if (first === "malformed") return "malformed";
    if (first === "query" && !this.#admits(address, port)) return "limited";
    if (first === "answer" && this.expected?.isAsked(address) === false) return "unasked";
    const packet = examine(bytes);
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
    } else this.#limiter?.learnKnown(address, port);
    this.#handOn(bytes, from);
    return undefined;
  }

  #isNodePort(host: string, port: number): boolean {
    return isNodePort(port) || this.mayUsePort(host, port);
  }

  #admits(address: string, port: number): boolean {
    return this.#limiter?.admits(address, port) !== false;
  }

  /**
   * Deno receives each packet into an array of its own, many times longer, and ids that the routing
   * table keeps would hold on to it.
   */
  #handOn(bytes: Buffer, from: RemoteInfo): void {
    this.emit("message", Buffer.from(bytes), from);
  }

  #lose(socket: Socket, error: Error): void {
    if (this.#socket !== socket) return;
    this.#socket = undefined;
    try {
      socket.close();
    } catch {
      // It was closed already.
    }
    this.onLost(error);
  }
}

function receiveIntoLess(socket: Socket): void {
  // Another figure is a real buffer of the system, which is not to be made smaller.
  if (socket.getRecvBufferSize() === DENOS_RECEIVE_BYTES) socket.setRecvBufferSize(RECEIVE_BYTES);
}
