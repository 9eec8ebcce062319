/**
 * A BitTorrent peer that sends raw bytes (BEP 3, BEP 6, BEP 10), for tests of misbehaviour. The
 * peer dials or is dialled, completes the handshake, passes received messages to the test, and
 * sends arbitrary bytes for the test.
 *
 * @module
 */

import { concatBytes, utf8 } from "../../src/base/mod.ts";
import { bencode, type BValue } from "../../src/bencode/mod.ts";
import { answerEncrypted } from "./encrypted_handshake.ts";

/** The parts of a torrent that are needed for a handshake. */
export interface WireTorrent {
  infoHash: Uint8Array;
}

/** Optional callbacks that define the behaviour of a peer. */
export interface WireBehaviour {
  /** Bytes to send in place of the correct handshake. */
  handshake?: Uint8Array;
  /** Whether the peer reads from the connection after an encrypted handshake. Default true. */
  reads?: boolean;
  /** Called after the peer has sent its handshake or the bytes in its place. */
  greeted?(peer: WirePeer): void | Promise<unknown>;
  /** Called after both sides have sent their handshakes. */
  opened?(peer: WirePeer): void | Promise<unknown>;
  /** Called with id and body of each received message except keep-alives. */
  message?(peer: WirePeer, id: number, body: Uint8Array): void | Promise<unknown>;
}

const HANDSHAKE_BYTES = 68;
const PROTOCOL = utf8("\x13BitTorrent protocol");

/** The incoming bytes, in chunks as they arrive. */
type Incoming = AsyncGenerator<Uint8Array, undefined>;

/** One connection from a test's peer to an engine. */
export class WirePeer implements Disposable {
  readonly #connection: Deno.TcpConn;
  /** Whether the other side has closed the connection. */
  closed = false;
  /** Number of bytes received from the engine. */
  received = 0;
  /** Number of times that the peer has misbehaved, incremented by its behaviour. */
  deeds = 0;
  #sending: Promise<boolean> = Promise.resolve(true);

  /** Connects to an engine. */
  static async dial(
    port: number,
    torrent: WireTorrent,
    behaviour: WireBehaviour = {},
    hostname = "127.0.0.1",
  ): Promise<WirePeer> {
    const peer = new WirePeer(await Deno.connect({ hostname, port }));
    void peer.#begin(torrent, behaviour, peer.#bytes());
    return peer;
  }

  constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
    // An open connection must not keep the process alive.
    connection.unref();
  }

  /** Wraps an incoming connection from an engine. */
  static accepted(
    connection: Deno.TcpConn,
    torrent: WireTorrent,
    behaviour: WireBehaviour,
  ): WirePeer {
    const peer = new WirePeer(connection);
    void peer.#answer(torrent, behaviour);
    return peer;
  }

  /**
   * Sends bytes. Calls are queued: the bytes of earlier calls are sent first.
   *
   * @returns whether the system has accepted all the bytes
   */
  send(...parts: Uint8Array[]): Promise<boolean> {
    const bytes = concatBytes(...parts);
    return this.#sending = this.#sending.then(async () => {
      try {
        let at = 0;
        while (at < bytes.length && !this.closed) {
          at += await this.#connection.write(bytes.subarray(at));
        }
        return at === bytes.length;
      } catch {
        this.closed = true;
        return false;
      }
    });
  }

  /** Discards all further bytes that the engine sends on the connection. */
  async drain(): Promise<void> {
    for await (const _ of this.#bytes());
  }

  [Symbol.dispose](): void {
    this.closed = true;
    try {
      this.#connection.close();
    } catch {
      // Ignore the error: the other side has closed the connection.
    }
  }

  /**
   * Answers the handshake of an engine that dials. The answer is encrypted if the engine's
   * handshake is.
   */
  async #answer(torrent: WireTorrent, behaviour: WireBehaviour): Promise<void> {
    const incoming = this.#bytes();
    const read = async () => (await incoming.next()).value;
    const write = (bytes: Uint8Array) => this.send(bytes);
    const held = await answerEncrypted({ read, write }, torrent.infoHash);
    if (held) await this.#begin(torrent, behaviour, incoming, held);
  }

  async #begin(
    torrent: WireTorrent,
    behaviour: WireBehaviour,
    incoming: Incoming,
    held?: Uint8Array,
  ): Promise<void> {
    if (await this.send(behaviour.handshake ?? wireHandshake(torrent))) {
      await behaviour.greeted?.(this);
    }
    if (behaviour.reads === false) await behaviour.opened?.(this);
    else await this.#converse(behaviour, incoming, held);
  }

  async #converse(
    behaviour: WireBehaviour,
    incoming: Incoming,
    held: Uint8Array = new Uint8Array(),
  ): Promise<void> {
    let isOpen = false;
    // Process bytes that arrived together with the end of an encrypted handshake before reading
    // more.
    for (;;) {
      if (!isOpen && held.length >= HANDSHAKE_BYTES) {
        held = held.subarray(HANDSHAKE_BYTES);
        isOpen = true;
        await behaviour.opened?.(this);
      }
      while (isOpen && held.length >= 4) {
        const length = new DataView(held.buffer, held.byteOffset).getUint32(0);
        if (held.length < 4 + length) break;
        const body = held.subarray(5, 4 + length);
        if (length > 0) await behaviour.message?.(this, held[4]!, body);
        held = held.subarray(4 + length);
      }
      const { value, done } = await incoming.next();
      if (done) return;
      held = held.length === 0 ? value : concatBytes(held, value);
    }
  }

  async *#bytes(): Incoming {
    const buffer = new Uint8Array(65_536);
    try {
      for (let count; (count = await this.#connection.read(buffer)) !== null;) {
        this.received += count;
        yield buffer.slice(0, count);
      }
    } catch {
      // Ignore the error: the test closed the connection, or the engine reset it.
    }
    this.closed = true;
    return undefined;
  }
}

/** A listener that creates a test peer for each incoming connection. */
export class WireListener implements Disposable {
  readonly #listener: Deno.TcpListener;
  readonly #peers = new Set<WirePeer>();
  /** Number of incoming connections so far. */
  dialled = 0;

  /** @param port port to listen on; default: any free port */
  constructor(torrent: WireTorrent, behaviour: () => WireBehaviour, port = 0) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port });
    void this.#accept(torrent, behaviour);
  }

  /** Total number of times that the listener's peers have misbehaved. */
  get deeds(): number {
    return Iterator.from(this.#peers).reduce((sum, { deeds }) => sum + deeds, 0);
  }

  /** Address at which an engine can connect to the listener. */
  get address(): { host: string; port: number } {
    return { host: "127.0.0.1", port: this.#listener.addr.port };
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    for (const peer of this.#peers) peer[Symbol.dispose]();
  }

  async #accept(torrent: WireTorrent, behaviour: () => WireBehaviour): Promise<void> {
    try {
      for await (const connection of this.#listener) {
        this.dialled++;
        this.#peers.add(WirePeer.accepted(connection, torrent, behaviour()));
      }
    } catch {
      // Closed.
    }
  }
}

/** Makes a handshake that supports BEP 6 and BEP 10, with a random peer id. */
export function wireHandshake({ infoHash }: WireTorrent): Uint8Array {
  const reserved = Uint8Array.of(0, 0, 0, 0, 0, 0x10, 0, 0x04);
  const id = concatBytes(utf8("-XX0001-"), crypto.getRandomValues(new Uint8Array(12)));
  return concatBytes(PROTOCOL, reserved, infoHash, id);
}

/** Encodes numbers as four bytes each, big-endian. */
export function uint32(...numbers: number[]): Uint8Array {
  const bytes = new Uint8Array(numbers.length * 4);
  numbers.forEach((number, i) => new DataView(bytes.buffer).setUint32(i * 4, number));
  return bytes;
}

/** Decodes the four-byte number at an offset in a message's body. */
export function uint32At(body: Uint8Array, at: number): number {
  return new DataView(body.buffer, body.byteOffset).getUint32(at);
}

/** Makes a message with its length prefix. */
export function wireMessage(id: number, ...parts: Uint8Array[]): Uint8Array {
  const body = concatBytes(Uint8Array.of(id), ...parts);
  return concatBytes(uint32(body.length), body);
}

/** Makes an extended message (BEP 10); `id` 0 is the extended handshake. */
export function extendedMessage(id: number, ...payload: (BValue | Uint8Array)[]): Uint8Array {
  const parts = payload.map((part) => part instanceof Uint8Array ? part : bencode(part));
  return wireMessage(20, Uint8Array.of(id), ...parts);
}
