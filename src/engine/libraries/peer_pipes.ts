/**
 * How bytes get from a peer's socket to its connection object and back, in place of npm:webtorrent's
 * chain of five streams, when it is imported. What comes is read into one buffer of the connection's
 * and goes to the parser at once, and what is sent goes to the socket at once, unless a limit is set.
 *
 * @module
 */

import type { EventEmitter } from "node:events";
import net from "node:net";
import Peer from "webtorrent/lib/peer.js";
import { prototypeOf } from "./override.ts";
import type { Uploader } from "./upload_queue.ts";
import { type Reader, receive } from "./wire_reader.ts";
import type { Writer } from "./wire_writer.ts";

/** The parts of a peer that have to do with its bytes. */
interface PeerPipes extends EventEmitter {
  destroyed: boolean;
  conn: Connection;
  wire: Wire;
  /** Limits of all peers together. */
  throttleGroups: { down: ThrottleGroup; up: ThrottleGroup };
  setThrottlePipes(): void;
}

type Wire =
  & EventEmitter
  & Reader
  & Pick<Uploader, "sendNow" | "_readableState">
  & Pick<Writer, "outgoing">
  & { pause(): void; resume(): void };

/** A socket that reads into a buffer of its own: Node's `onread`. */
interface Connection extends net.Socket {
  /** @returns whether to go on reading */
  onBytes?: (bytes: Uint8Array) => boolean;
}

interface ThrottleGroup {
  getEnabled(): boolean;
  throttle(): Throttle;
}

interface Throttle extends EventEmitter {
  /** @returns whether there is room for more before `drain` */
  write(bytes: Uint8Array): boolean;
  pause(): void;
  resume(): void;
  destroy(): void;
}

/** What one call of the system may bring. Memory is only taken as far as it is ever filled. */
const READ_BYTES = 256 * 1024;
/** The same, from those who dialled us: requests, as a rule. */
const ACCEPTED_READ_BYTES = 64 * 1024;
/** What passes a limit at a time: a block. */
const LIMITED_BYTES = 16 * 1024;

/** Connects to a peer, in place of `net.connect`. */
export function connectReading(options: net.TcpNetConnectOpts): Connection {
  const connection: Connection = net.createConnection({
    ...options,
    noDelay: true,
    onread: readInto(READ_BYTES, (bytes) => connection.onBytes!(bytes)),
  });
  connection.onBytes = () => true;
  return connection;
}

/**
 * Has a listener hand out connections that read into a buffer of theirs. By itself each read takes a new
 * one of 64 KiB, for a request of 17 bytes. To be called before there are connections.
 *
 * @param take gets them, instead of who listened for them until now
 */
export function acceptReading(listener: net.Server, take: (connection: net.Socket) => void): void {
  (listener as { pauseOnConnect?: boolean }).pauseOnConnect = true;
  listener.removeAllListeners("connection");
  listener.on("connection", (accepted: net.Socket & { _handle: unknown }) => {
    const { _handle: handle } = accepted;
    // It may be closed by now.
    if (!handle) return void accepted.destroy();
    accepted._handle = null;
    accepted.destroy();
    const connection: Connection = new net.Socket({
      handle,
      onread: readInto(ACCEPTED_READ_BYTES, (bytes) => connection.onBytes!(bytes)),
    } as net.SocketConstructorOpts);
    connection.onBytes = () => true;
    connection.setNoDelay(true);
    take(connection);
  });
}

function readInto(bytes: number, take: (bytes: Uint8Array) => boolean): net.OnReadOpts {
  return {
    buffer: new Uint8Array(bytes),
    callback: (count, buffer) => take(buffer.subarray(0, count)),
  };
}

/** One direction: straight through, or through the limit's stream while there is one. */
class Limited {
  readonly #group: ThrottleGroup;
  readonly #throttle: Throttle;
  readonly #deliver: (bytes: Uint8Array) => boolean;
  readonly #onRoom: () => void;
  /** Bytes in the limit's stream: what comes later must not overtake them. */
  #waiting = 0;

  /**
   * @param deliver returns whether more is wanted before `resume`
   * @param onRoom called when more may be taken, after `take` said no
   */
  constructor(group: ThrottleGroup, deliver: (bytes: Uint8Array) => boolean, onRoom: () => void) {
    this.#group = group;
    this.#deliver = deliver;
    this.#onRoom = onRoom;
    this.#throttle = group.throttle();
    this.#throttle.on("data", (bytes: Uint8Array) => {
      this.#waiting -= bytes.length;
      if (!deliver(bytes)) this.#throttle.pause();
    });
    this.#throttle.on("drain", onRoom);
    this.#throttle.on("error", () => {});
  }

  /** Whether what is taken is delivered at once. */
  get isStraight(): boolean {
    return this.#waiting === 0 && !this.#group.getEnabled();
  }

  /**
   * Nothing holds on to the bytes afterwards unless `deliver` does.
   *
   * @returns whether more is wanted now
   */
  take(bytes: Uint8Array): boolean {
    if (this.isStraight) return this.#deliver(bytes);
    this.#waiting += bytes.length;
    let isRoom = true;
    for (let at = 0; at < bytes.length; at += LIMITED_BYTES) {
      isRoom = this.#throttle.write(bytes.slice(at, at + LIMITED_BYTES));
    }
    return isRoom;
  }

  /** Goes on delivering. */
  resume(): void {
    this.#throttle.resume();
    this.#onRoom();
  }

  destroy(): void {
    this.#throttle.destroy();
  }
}

const pipes = prototypeOf<PeerPipes>(Peer, ["setThrottlePipes"]);

pipes.setThrottlePipes = function () {
  const { conn, wire, throttleGroups } = this;
  const down = new Limited(throttleGroups.down, (bytes) => {
    this.emit("download", bytes.length);
    if (!this.destroyed) receive(wire, bytes);
    return true;
  }, () => conn.resume());
  const up = new Limited(throttleGroups.up, (bytes) => {
    this.emit("upload", bytes.length);
    return this.destroyed || conn.write(bytes);
  }, () => wire.resume());

  if (conn.onBytes) {
    conn.onBytes = (bytes) => down.take(bytes);
    conn.resume();
  } else conn.on("data", (bytes: Uint8Array) => void (down.take(bytes) || conn.pause()));
  wire.on("data", (bytes: Uint8Array) => void (up.take(bytes) || wire.pause()));
  conn.on("drain", () => up.resume());
  wire.sendNow = (bytes, done) => {
    const isClear = up.isStraight && !wire.outgoing?.length && wire._readableState.buffered === 0;
    if (!isClear || this.destroyed || conn.destroyed) return false;
    this.emit("upload", bytes.length);
    conn.write(bytes, () => done());
    return true;
  };
  conn.once("close", () => {
    down.destroy();
    up.destroy();
    // It ends when all that it was to send is gone.
    wire.resume();
  });
};
