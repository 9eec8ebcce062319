/**
 * One TCP connection to the HTTP page: a stream for `node:http`, and how long it may take. It carries
 * one request. Who may connect is the listener's business, what is answered the page's.
 *
 * @module
 */

import { Duplex } from "node:stream";
import type { Clock, Timer } from "../../base/mod.ts";

/** How long the parts of a connection may take, milliseconds. */
export interface ConnectionLimits {
  /** From the connection's start to the end of the request's headers. */
  headersMs: number;
  /** From the end of the headers until the client has taken the whole answer. */
  answerMs: number;
}

/** `asking`: the headers of the request are not whole yet; `answering`: they are. */
type ConnectionState = "asking" | "answering";

/** Bytes that are read at once. */
const READ_BYTES = 16_384;

const requestTimeout =
  "HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/** A connection that ends itself when the client is too slow. */
export class HttpConnection extends Duplex {
  /** The address on this machine that the client has dialled. */
  readonly localHost: string;
  readonly #connection: Deno.TcpConn;
  readonly #clock: Clock;
  readonly #limits: ConnectionLimits;
  readonly #buffer = new Uint8Array(READ_BYTES);
  #state: ConnectionState = "asking";
  #timer: Timer;

  constructor(connection: Deno.TcpConn, clock: Clock, limits: ConnectionLimits) {
    super();
    this.localHost = connection.localAddr.hostname;
    this.#connection = connection;
    this.#clock = clock;
    this.#limits = limits;
    this.#timer = clock.after(limits.headersMs, () => this.#expire());
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** The headers of the request are whole. */
  answering(): void {
    if (this.destroyed) return;
    this.#state = "answering";
    this.#timer.cancel();
    this.#timer = this.#clock.after(this.#limits.answerMs, () => void this.destroy());
  }

  /** Sends a last answer, and ends the connection. */
  endWith(answer: string): void {
    if (this.writable) this.end(answer, () => this.destroy());
    else this.destroy();
  }

  override _read(): void {
    this.#connection.read(this.#buffer).then((count) => {
      if (count === null) return this.push(null);
      // A copy: the buffer is read into again.
      this.push(this.#buffer.slice(0, count));
    }, (error) => this.destroy(error));
  }

  override _write(chunk: Uint8Array, _encoding: string, done: (error?: Error) => void): void {
    this.#writeAll(chunk).then(() => done(), done);
  }

  override _final(done: (error?: Error) => void): void {
    this.#connection.closeWrite().then(() => done(), done);
  }

  override _destroy(_error: Error | null, done: (error: Error | null) => void): void {
    this.#timer.cancel();
    try {
      this.#connection.close();
    } catch {
      // Closed already.
    }
    // The client went away, or was too slow: that is no failure of ours.
    done(null);
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.#connection.write(bytes.subarray(at));
  }

  #expire(): void {
    // A client may not even take this.
    this.answering();
    this.endWith(requestTimeout);
  }
}
