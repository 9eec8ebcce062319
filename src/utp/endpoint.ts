/**
 * All uTP connections over one way to send and receive datagrams. {@linkcode UtpEndpoint} tells the
 * packets of its connections apart, accepts and dials, runs one timer for all connections, and bounds
 * what they take.
 *
 * @module
 */

import type { Timer } from "../base/mod.ts";
import { Connection, type ConnectionOptions, type Link } from "./connection.ts";
import { closedError } from "./errors.ts";
import { HalfOpenTable } from "./half_open.ts";
import { RECEIVE_WINDOW_BYTES, UtpUsage } from "./limits.ts";
import { connectionIdOf, makePacket, type Packet, readPacket, ST, typeOf } from "./packet.ts";
import { SEQ_MASK } from "./sequence.ts";
import { UtpSocket } from "./socket.ts";

/** Shortest time between two looks at what is due, in milliseconds. */
const TICK_MS = 2;
/** Delay of a timer that shows that the thread was held up, in microseconds. */
const HELD_UP_US = 50_000;
/** Maximum number of random connection ids that are tried for a dial. */
const ID_TRIES = 16;

/** Clock, datagrams and limits of an endpoint. */
export interface UtpEndpointOptions {
  /** Monotonic time in microseconds, from any starting point. */
  nowUs: () => number;
  /** Calls `fire` once after a time. */
  after: (delayMs: number, fire: () => void) => Timer;
  /** Sends a datagram. The endpoint may change its bytes after an acknowledgement of them. */
  send: (packet: Uint8Array, host: string, port: number) => void;
  /** Returns a random number from 0 to 65,535, which nobody can predict. */
  random16: () => number;
  /** Takes a connection that a peer has begun, and confirmed. */
  onConnection: (socket: UtpSocket) => void;
  /** Whether another connection of this peer may be begun now. Default: always. */
  admits?: (host: string, port: number) => boolean;
  /** Counts and bounds what connections take, also those of other endpoints. Default: a new one. */
  usage?: UtpUsage;
}

/**
 * The outcome of a datagram. `unknown`: a packet of no connection, which an `ST_RESET` may answer.
 */
export type Received = "taken" | "unknown" | "malformed" | "limited";

/** Numbers of an endpoint. The bytes are those of all endpoints that share a {@linkcode UtpUsage}. */
export interface UtpCounts {
  /** Connections that are open, or are being opened by us or ended. */
  connections: number;
  halfOpen: number;
  /** Connections since the start that peers began, and that we dialled successfully. */
  accepted: number;
  dialled: number;
  keptBytes: number;
  flightBytes: number;
}

/** The uTP connections of one UDP socket. */
export class UtpEndpoint {
  readonly #options: UtpEndpointOptions;
  readonly #usage: UtpUsage;
  /** Connections by host, and then by port and the connection id of received packets. */
  readonly #hosts = new Map<string, Map<number, Connection>>();
  readonly #connections = new Set<Connection>();
  readonly #halfOpen: HalfOpenTable;
  readonly #link: Link;
  /** Time of the packet that is being processed: reading the clock costs as much as the packet. */
  #arrivedUs: number | undefined;
  #timer: Timer | undefined;
  #timerAtUs = Infinity;
  #wasHeldUp = false;
  #accepted = 0;
  #dialled = 0;
  #isClosed = false;

  constructor(options: UtpEndpointOptions) {
    this.#options = options;
    this.#usage = options.usage ?? new UtpUsage();
    this.#halfOpen = new HalfOpenTable(this.#usage.limits.halfOpen);
    this.#link = {
      flight: this.#usage.flight,
      nowUs: () => this.#arrivedUs ?? options.nowUs(),
      send: options.send,
      schedule: (atUs) => this.#schedule(atUs),
      forget: (connection) => this.#forget(connection),
    };
  }

  /** Numbers of connections and bytes. */
  get counts(): UtpCounts {
    return {
      connections: this.#connections.size,
      halfOpen: this.#halfOpen.size,
      accepted: this.#accepted,
      dialled: this.#dialled,
      keptBytes: this.#usage.kept.used,
      flightBytes: this.#usage.flight.used,
    };
  }

  /**
   * Dials a peer. The socket emits `connect`, or `error` with the code `ECONNREFUSED`, `ETIMEDOUT`,
   * `EMFILE` (too many connections) or `ENETDOWN` (the endpoint is closed).
   *
   * @param host IP address
   */
  connect(host: string, port: number): UtpSocket {
    const receiveId = this.#freeId(host, port);
    if (this.#isClosed || receiveId === undefined) {
      const socket = new UtpSocket(undefined, { host, port });
      socket.destroy(closedError(this.#isClosed ? "ENETDOWN" : "EMFILE", { host, port }));
      return socket;
    }
    const sendId = (receiveId + 1) & SEQ_MASK;
    const next = this.#options.random16();
    const connection = this.#add({ host, port, receiveId, sendId, next });
    const socket = new UtpSocket(connection, { host, port });
    socket.once("connect", () => this.#dialled++);
    connection.connect();
    return socket;
  }

  /** Takes a datagram. Keeps no reference to its bytes. */
  receive(bytes: Uint8Array, host: string, port: number): Received {
    const id = connectionIdOf(bytes);
    if (id === undefined) return "malformed";
    const type = typeOf(bytes);
    const connection = type === ST.syn ? undefined : this.#find(host, port, id);
    // Most packets of a flood belong to no connection, so they are dropped before they are parsed.
    if (!connection && type !== ST.syn && !this.#mayConcern(type, host, port, id)) return "unknown";
    const packet = readPacket(bytes);
    if (!packet) return "malformed";
    if (this.#isClosed) return "unknown";
    if (type === ST.syn) return this.#onSyn(packet, host, port);
    const found = connection ??
      (type === ST.reset ? this.#findBySendId(host, port, id) : this.#confirm(packet, host, port));
    if (!found) return "unknown";
    this.#arrivedUs = this.#options.nowUs();
    try {
      found.receive(packet);
    } finally {
      this.#arrivedUs = undefined;
    }
    return "taken";
  }

  /** Whether a packet without a connection of its id may be of one that we know in another way. */
  #mayConcern(type: number, host: string, port: number, id: number): boolean {
    if (type === ST.reset) return this.#hosts.has(host);
    return this.#halfOpen.size > 0 && this.#halfOpen.has(keyOf(host, port, id));
  }

  /** Ends all connections with an `ST_RESET`. No connection is begun or accepted any more. */
  close(): void {
    this.#isClosed = true;
    for (const connection of [...this.#connections]) connection.reset("ENETDOWN");
  }

  /**
   * Answers an `ST_SYN` with an `ST_STATE` of 20 bytes, never longer than the `ST_SYN`. The answer is
   * sent again only if the `ST_SYN` comes again.
   */
  #onSyn(packet: Packet, host: string, port: number): Received {
    const receiveId = (packet.connectionId + 1) & SEQ_MASK;
    const existing = this.#find(host, port, receiveId);
    if (existing) {
      existing.receive(packet);
      return "taken";
    }
    if (this.#usage.isFull) return "unknown";
    if (this.#options.admits?.(host, port) === false) return "limited";
    const nowUs = this.#options.nowUs();
    this.#halfOpen.expire(nowUs);
    const key = keyOf(host, port, receiveId);
    const { ourSeq } = this.#halfOpen.begin(key, packet.seq, this.#options.random16(), nowUs);
    this.#options.send(
      makePacket({
        type: ST.state,
        connectionId: packet.connectionId,
        timestampUs: nowUs,
        delayUs: (nowUs - packet.timestampUs) >>> 0,
        windowBytes: RECEIVE_WINDOW_BYTES,
        seq: ourSeq,
        ack: packet.seq,
      }),
      host,
      port,
    );
    return "taken";
  }

  /** Makes the connection that a packet confirms. */
  #confirm({ connectionId, ack }: Packet, host: string, port: number): Connection | undefined {
    const key = keyOf(host, port, connectionId);
    const entry = this.#halfOpen.confirm(key, ack, this.#options.nowUs());
    if (!entry || this.#usage.isFull) return undefined;
    const connection = this.#add({
      host,
      port,
      receiveId: connectionId,
      sendId: (connectionId - 1) & SEQ_MASK,
      next: entry.ourSeq,
      accepted: { last: entry.peerSeq },
    });
    this.#accepted++;
    this.#options.onConnection(new UtpSocket(connection, { host, port }));
    return connection;
  }

  #add(options: Omit<ConnectionOptions, "kept">): Connection {
    const { host, port, receiveId } = options;
    const kept = this.#usage.enter(host);
    const connection = new Connection({ ...options, kept }, this.#link);
    this.#connections.add(connection);
    let ofHost = this.#hosts.get(host);
    if (!ofHost) this.#hosts.set(host, ofHost = new Map());
    ofHost.set(port << 16 | receiveId, connection);
    return connection;
  }

  #forget(connection: Connection): void {
    const { host, port, receiveId } = connection.options;
    if (this.#connections.delete(connection)) this.#usage.leave(host);
    const ofHost = this.#hosts.get(host);
    ofHost?.delete(port << 16 | receiveId);
    if (ofHost?.size === 0) this.#hosts.delete(host);
    if (this.#connections.size > 0) return;
    this.#timer?.cancel();
    this.#timerAtUs = Infinity;
  }

  #find(host: string, port: number, receiveId: number): Connection | undefined {
    return this.#hosts.get(host)?.get(port << 16 | receiveId);
  }

  /** An `ST_RESET` for an unknown connection has the id of the packet that it answers: one of ours. */
  #findBySendId(host: string, port: number, sendId: number): Connection | undefined {
    for (const receiveId of [sendId - 1, sendId + 1]) {
      const found = this.#find(host, port, receiveId & SEQ_MASK);
      if (found?.options.sendId === sendId) return found;
    }
    return undefined;
  }

  #freeId(host: string, port: number): number | undefined {
    if (this.#usage.isFull) return undefined;
    for (let tries = 0; tries < ID_TRIES; tries++) {
      const id = this.#options.random16();
      if (!this.#find(host, port, id)) return id;
    }
    return undefined;
  }

  #schedule(atUs: number): void {
    if (atUs >= this.#timerAtUs) return;
    this.#timer?.cancel();
    this.#timerAtUs = atUs;
    const delayMs = Math.max((atUs - this.#options.nowUs()) / 1_000, TICK_MS);
    this.#timer = this.#options.after(delayMs, () => this.#onTime());
  }

  #onTime(): void {
    const nowUs = this.#options.nowUs();
    const isLate = nowUs - this.#timerAtUs > HELD_UP_US;
    this.#timer = undefined;
    this.#timerAtUs = Infinity;
    // After a time without processor, timers fire before packets are received that came meanwhile.
    this.#wasHeldUp = isLate && !this.#wasHeldUp;
    if (this.#wasHeldUp) return this.#schedule(nowUs);
    let nextUs = Infinity;
    for (const connection of this.#connections) {
      if (connection.dueUs <= nowUs) connection.onTime(nowUs);
      nextUs = Math.min(nextUs, connection.dueUs);
    }
    if (nextUs !== Infinity) this.#schedule(nextUs);
  }
}

function keyOf(host: string, port: number, receiveId: number): string {
  return `${host} ${port} ${receiveId}`;
}
