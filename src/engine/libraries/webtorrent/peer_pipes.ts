/**
 * Moves bytes between a peer's TCP socket and its BitTorrent connection object, instead of
 * npm:webtorrent's chain of five streams. Each socket reads into one reused buffer, from which
 * bytes go to the parser at once. Outgoing bytes go to the socket at once. Only while a rate limit
 * is set do bytes pass a throttling stream.
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

/** The members of npm:webtorrent's peer object that are needed to move bytes. */
interface PeerPipes extends EventEmitter {
  /** Transport and direction of the connection: `tcpIncoming`, `utpOutgoing` and the like. */
  type: string;
  destroyed: boolean;
  conn: Connection;
  wire: Wire;
  /** The rate limits on downloads and uploads, which all peers of the client share. */
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

/** A socket that reads into one reused buffer (option `onread` of `node:net`). */
interface Connection extends net.Socket {
  /**
   * Called with the bytes of each read.
   *
   * @returns whether to continue reading
   */
  onBytes?: (bytes: Uint8Array) => boolean;
}

interface ThrottleGroup {
  getEnabled(): boolean;
  throttle(): Throttle;
}

interface Throttle extends EventEmitter {
  /**
   * Adds bytes to the throttled stream.
   *
   * @returns `false` if the stream is full until its event `drain`
   */
  write(bytes: Uint8Array): boolean;
  pause(): void;
  resume(): void;
  destroy(): void;
}

/**
 * Length of the read buffer of a connection, in bytes. The system reads up to 32 times before it lets
 * anything else have a turn of the event loop, so a longer buffer would keep the DHT and other peers
 * waiting.
 */
const READ_BYTES = 64 * 1024;
/**
 * Length in bytes of the parts, one block each, in which bytes are written to the throttled stream.
 */
const LIMITED_BYTES = 16 * 1024;

/** Connects to a peer, by a socket that reads into one reused buffer. */
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
 * Makes the connections of a listener read into one reused buffer each. By default, Node allocates
 * a new buffer of 64 KiB for each read, even for a request of 17 bytes. To be called before the
 * first connection.
 *
 * @param take called with each connection, instead of the listener functions registered before
 */
export function acceptReading(listener: net.Server, take: (connection: net.Socket) => void): void {
  (listener as { pauseOnConnect?: boolean }).pauseOnConnect = true;
  listener.removeAllListeners("connection");
  listener.on("connection", (accepted: net.Socket & { _handle: unknown }) => {
    const { _handle: handle } = accepted;
    // Without a handle, the connection has already been closed.
    if (!handle) return void accepted.destroy();
    accepted._handle = null;
    accepted.destroy();
    const connection: Connection = new net.Socket({
      handle,
      onread: readInto(READ_BYTES, (bytes) => connection.onBytes!(bytes)),
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

/**
 * One direction of a connection. Bytes are delivered directly, or pass a throttling stream while a
 * rate limit is set.
 */
class Limited {
  readonly #group: ThrottleGroup;
  readonly #throttle: Throttle;
  readonly #deliver: (bytes: Uint8Array) => boolean;
  readonly #onRoom: () => void;
  /**
   * Number of bytes in the throttling stream. While this number is not 0, later bytes pass the
   * throttling stream too, so that the order of the bytes is kept.
   */
  #waiting = 0;

  /**
   * @param deliver passes bytes on; returns `false` if it wants no more bytes before `resume`
   * @param onRoom called when `take` may be called again after it returned `false`
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

  /** Whether bytes now go directly to `deliver`, without passing the throttling stream. */
  get isStraight(): boolean {
    return this.#waiting === 0 && !this.#group.getEnabled();
  }

  /**
   * Passes bytes on. The caller may reuse their memory afterwards, unless `deliver` keeps a
   * reference.
   *
   * @returns whether the caller may continue at once
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

  /**
   * Continues to pass bytes on, after `deliver` has returned `false` and now accepts bytes again.
   */
  resume(): void {
    this.#throttle.resume();
    this.#onRoom();
  }

  destroy(): void {
    this.#throttle.destroy();
  }
}

/** Connects a peer's socket with its BitTorrent connection object, in both directions. */
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
    // The stream of the connection object emits its end only when all of its bytes have been
    // consumed, so the remaining bytes are read and discarded.
    wire.resume();
  });
}

/** The replaced members of npm:webtorrent's peer. */
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
