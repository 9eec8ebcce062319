/**
 * A uTP connection as a stream, with the members of `net.Socket` that a user of peers needs.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import type { Connection } from "./connection.ts";

type Done = (error?: Error | null) => void;

/**
 * A uTP connection in place of a `net.Socket`. Emits `connect` once it is open. Received bytes go to
 * `onBytes` if it is set, and to the stream's reader otherwise.
 */
export class UtpSocket extends Duplex {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly remoteFamily: "IPv4" | "IPv6";
  /** Our own end is the one UDP socket; its address is not known here. */
  readonly localAddress = undefined;
  readonly localPort = undefined;
  connecting: boolean;
  bytesRead = 0;
  bytesWritten = 0;
  /**
   * Takes received bytes in place of the stream's reader, which saves a copy of each packet. It must
   * keep no reference to the bytes.
   *
   * @returns whether to go on; `resume` goes on later
   */
  onBytes: ((bytes: Uint8Array) => boolean) | undefined;
  readonly #connection: Connection | undefined;

  /** @param connection the connection; `undefined` if there is none, as the error will say */
  constructor(connection: Connection | undefined, { host, port }: { host: string; port: number }) {
    super({ allowHalfOpen: false });
    this.remoteAddress = host;
    this.remotePort = port;
    this.remoteFamily = host.includes(":") ? "IPv6" : "IPv4";
    this.#connection = connection;
    this.connecting = connection?.isOpen === false;
    if (!connection) return;
    connection.handlers = {
      onOpen: () => {
        this.connecting = false;
        this.emit("connect");
      },
      onBytes: (bytes) => {
        this.bytesRead += bytes.length;
        // The stream keeps the bytes, so it gets a copy.
        return this.onBytes ? this.onBytes(bytes) : this.push(Buffer.from(bytes));
      },
      onEnd: () => void this.push(null),
      onClose: (error) => void this.destroy(error),
    };
  }

  /** Congestion window (bytes), round-trip time and queueing delay (µs), and datagram size (bytes). */
  get figures(): Connection["figures"] | undefined {
    return this.#connection?.figures;
  }

  /** Does nothing: uTP sends without delay. */
  setNoDelay(): this {
    return this;
  }

  /** Does nothing: uTP has keep-alives of its own. */
  setKeepAlive(): this {
    return this;
  }

  /** Holds received bytes back. */
  override pause(): this {
    if (this.onBytes) this.#connection?.pause();
    return super.pause();
  }

  /** Goes on with received bytes. */
  override resume(): this {
    if (this.onBytes) this.#connection?.resume();
    return super.resume();
  }

  override _read(): void {
    this.#connection?.resume();
  }

  override _write(bytes: Uint8Array, _encoding: BufferEncoding, done: Done): void {
    this.bytesWritten += bytes.length;
    if (this.#connection) this.#connection.write(bytes, done);
    else done();
  }

  override _final(done: Done): void {
    this.#connection?.end();
    done();
  }

  override _destroy(error: Error | null, done: Done): void {
    this.connecting = false;
    if (error) this.#connection?.abort();
    else this.#connection?.close();
    done(error);
  }
}
