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
import Torrent from "webtorrent/lib/torrent.js";
import { prototypeOf } from "./override.ts";
import { type Reader, receive } from "./wire_reader.ts";

/** The parts of a peer that have to do with its bytes. */
interface PeerPipes extends EventEmitter {
  destroyed: boolean;
  conn: Connection;
  wire: Wire;
  /** Limits of all peers together. */
  throttleGroups: { down: ThrottleGroup; up: ThrottleGroup };
  setThrottlePipes(): void;
}

type Wire = EventEmitter & Reader & { pause(): void; resume(): void };

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

interface Connecting {
  _drain(): void;
}

/** What one call of the system may bring. Memory is only taken as far as it is ever filled. */
const READ_BYTES = 256 * 1024;
/** What passes a limit at a time: a block. */
const LIMITED_BYTES = 16 * 1024;

const connecting = prototypeOf<Connecting>(Torrent, ["_drain"]);
const { _drain } = connecting;

/** Torrents connect with `net.connect`, and with none of its options that we want. */
connecting._drain = function () {
  const sockets = net as { connect: unknown };
  const { connect } = sockets;
  sockets.connect = connectReading;
  try {
    _drain.call(this);
  } finally {
    sockets.connect = connect;
  }
};

function connectReading(options: net.TcpNetConnectOpts): Connection {
  const connection: Connection = net.createConnection({
    ...options,
    noDelay: true,
    onread: {
      buffer: new Uint8Array(READ_BYTES),
      callback: (count, buffer) => connection.onBytes!(buffer.subarray(0, count)),
    },
  });
  connection.onBytes = () => true;
  return connection;
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

  /**
   * Nothing holds on to the bytes afterwards unless `deliver` does.
   *
   * @returns whether more is wanted now
   */
  take(bytes: Uint8Array): boolean {
    if (this.#waiting === 0 && !this.#group.getEnabled()) return this.#deliver(bytes);
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

  if (conn.onBytes) conn.onBytes = (bytes) => down.take(bytes);
  else conn.on("data", (bytes: Uint8Array) => void (down.take(bytes) || conn.pause()));
  wire.on("data", (bytes: Uint8Array) => void (up.take(bytes) || wire.pause()));
  conn.on("drain", () => up.resume());
  conn.once("close", () => {
    down.destroy();
    up.destroy();
    // It ends when all that it was to send is gone.
    wire.resume();
  });
};
