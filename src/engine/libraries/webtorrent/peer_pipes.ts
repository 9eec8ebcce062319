/**
 * Moving bytes between a peer's socket and its connection object, in place of npm:webtorrent's chain of
 * five streams. Each connection reads into one buffer, from which bytes go to the parser at once; what
 * is sent goes to the socket at once, unless a limit is set.
 *
 * @module
 */

import type { EventEmitter } from "node:events";
import net from "node:net";
import Peer from "webtorrent/lib/peer.js";
import { type Reader, receive, type Uploader, type Writer } from "../bittorrent_protocol/mod.ts";
import { replace, type Replacement } from "../replacing/mod.ts";
import { type HeldWire, holdUntilTaken } from "./handshake.ts";
import { letSpeedBeAssumed, type SpeedMeter } from "./requests.ts";

/** The parts of a peer that have to do with its bytes. */
interface PeerPipes extends EventEmitter {
  /** `tcpIncoming` or `tcpOutgoing`. */
  type: string;
  destroyed: boolean;
  conn: Connection;
  wire: Wire;
  /** The limits of all peers together. */
  throttleGroups: { down: ThrottleGroup; up: ThrottleGroup };
  setThrottlePipes(): void;
}

type Wire =
  & EventEmitter
  & Reader
  & HeldWire
  & SpeedMeter
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

/** Maximum length of one read of a connection that we opened. The system backs only the part in use. */
const READ_BYTES = 256 * 1024;
/** Maximum length of one read of a connection that a peer opened: most of it are requests. */
const ACCEPTED_READ_BYTES = 64 * 1024;
/** Length of the parts that pass a limit: a block. */
const LIMITED_BYTES = 16 * 1024;

/** Connects to a peer. */
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
 * Has a listener make connections that read into one buffer each. By itself each read takes a new buffer
 * of 64 KiB, for a request of 17 bytes. To be called before there are connections.
 *
 * @param take gets the connections, in place of the listeners that there were until now
 */
export function acceptReading(listener: net.Server, take: (connection: net.Socket) => void): void {
  (listener as { pauseOnConnect?: boolean }).pauseOnConnect = true;
  listener.removeAllListeners("connection");
  listener.on("connection", (accepted: net.Socket & { _handle: unknown }) => {
    const { _handle: handle } = accepted;
    // The connection may be closed by now.
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
  /** Bytes in the limit's stream, which later bytes must not overtake. */
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

  /** Whether bytes are delivered at once. */
  get isStraight(): boolean {
    return this.#waiting === 0 && !this.#group.getEnabled();
  }

  /**
   * Takes bytes. Their memory may be used again afterwards, unless `deliver` keeps them.
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

/** Joins the socket of a peer and its connection object. */
function joinPipes(peer: PeerPipes): void {
  const { conn, wire, throttleGroups } = peer;
  const down = new Limited(throttleGroups.down, (bytes) => {
    peer.emit("download", bytes.length);
    if (!peer.destroyed) receive(wire, bytes);
    return true;
  }, () => conn.resume());
  const up = new Limited(throttleGroups.up, (bytes) => {
    peer.emit("upload", bytes.length);
    return peer.destroyed || conn.write(bytes);
  }, () => wire.resume());

  if (conn.onBytes) {
    conn.onBytes = (bytes) => down.take(bytes);
    conn.resume();
  } else conn.on("data", (bytes: Uint8Array) => void (down.take(bytes) || conn.pause()));
  wire.on("data", (bytes: Uint8Array) => void (up.take(bytes) || wire.pause()));
  conn.on("drain", () => up.resume());
  wire.sendNow = (bytes, done) => {
    const isClear = up.isStraight && !wire.outgoing?.length && wire._readableState.buffered === 0;
    if (!isClear || peer.destroyed || conn.destroyed) return false;
    peer.emit("upload", bytes.length);
    conn.write(bytes, () => done());
    return true;
  };
  conn.once("close", () => {
    down.destroy();
    up.destroy();
    // The connection object ends when it has nothing left to send.
    wire.resume();
  });
}

/** The replaced members of a peer. */
export const peerReplacements: readonly Replacement[] = [
  replace(
    {
      library: "webtorrent",
      name: "Peer.prototype",
      object: () => (Peer as unknown as { prototype: PeerPipes }).prototype,
    },
    "setThrottlePipes",
    {
      because: "all bytes pass five streams, which takes more time than all else of a transfer",
      report: "docs/upstream/webtorrent-hooks.md",
      until: "a release joins socket and connection directly while no limit is set",
      pinned: "5b50e150c1f654fbeb95970a2b524e076cde5a1d75cc71cfe330c29893b917ea",
      parameters: 0,
      by: () =>
        function (this: PeerPipes) {
          if (this.type.endsWith("Incoming")) holdUntilTaken(this.wire);
          letSpeedBeAssumed(this.wire);
          joinPipes(this);
        },
    },
  ),
];
