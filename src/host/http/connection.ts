/**
 * One TCP connection to the HTTP page, as a stream for `node:http` with timeouts. A connection carries
 * one request. `listener.ts` accepts connections, `page.ts` answers requests.
 *
 * @module
 */

import { Duplex } from "node:stream";
import type { Clock, Timer } from "../../base/mod.ts";

/** Time limits of the phases of a connection, milliseconds. */
export interface ConnectionLimits {
  /** From the connection's start to the end of the request's headers. */
  headersMs: number;
  /** From the end of the headers until the client has taken the whole answer. */
  answerMs: number;
}

/** `asking` until the headers of the request are complete, then `answering`. */
type ConnectionState = "asking" | "answering";

/** Size of the read buffer, bytes. */
const READ_BYTES = 16_384;

const requestTimeout =
  "HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/** A connection that closes itself when the client is too slow. */
export class HttpConnection extends Duplex {
  /** Local address that the client connected to. */
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

  /** Starts the answering phase: the headers of the request are complete. */
  answering(): void {
    if (this.destroyed) return;
    this.#state = "answering";
    this.#timer.cancel();
    this.#timer = this.#clock.after(this.#limits.answerMs, () => void this.destroy());
  }

  /** Sends a last answer and closes the connection. */
  endWith(answer: string): void {
    if (this.writable) this.end(answer, () => this.destroy());
    else this.destroy();
  }

  override _read(): void {
    this.#connection.read(this.#buffer).then((count) => {
      if (count === null) return this.push(null);
      // Copied because the next read reuses the buffer.
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
      // The connection is closed already.
    }
    // A client that disconnected or was too slow is not an error of the server.
    done(null);
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.#connection.write(bytes.subarray(at));
  }

  #expire(): void {
    // The answering timeout closes the connection if the client does not read this answer.
    this.answering();
    this.endWith(requestTimeout);
  }
}
