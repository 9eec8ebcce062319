/**
 * One TCP connection to the HTTP page, wrapped as a stream for `node:http` and closed after timeouts. Each
 * connection carries one request. `listener.ts` accepts connections, `page.ts` answers requests.
 *
 * @module
 */

import { Duplex } from "node:stream";
import type { Clock, Timer } from "../../base/mod.ts";

/** Time limits of the two phases of a connection (ms). */
export interface ConnectionLimits {
  /** Maximum time from the start of the connection to the end of the request's headers. */
  headersMs: number;
  /** Maximum time from the end of the headers until the client has received the whole response. */
  answerMs: number;
}

/** Phase of a connection: `asking` until the request's headers are complete, after that `answering`. */
type ConnectionState = "asking" | "answering";

/** Size of the buffer for data read from the client, bytes. */
const READ_BYTES = 16_384;

const requestTimeout =
  "HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/** A TCP connection that closes itself if the client exceeds a time limit. */
export class HttpConnection extends Duplex {
  /** IP address of this machine to which the client connected. */
  readonly localHost: string;
  /** IP address of the client. */
  readonly remoteHost: string;
  /** Aborted when the client has closed its side, or the connection is closed. */
  readonly left: AbortSignal;
  readonly #leaving = new AbortController();
  /** Whether the answer is sent before the server closes: the answer to a request that ends the server. */
  outlivesServer = false;
  readonly #connection: Deno.TcpConn;
  readonly #clock: Clock;
  readonly #limits: ConnectionLimits;
  readonly #buffer = new Uint8Array(READ_BYTES);
  #state: ConnectionState = "asking";
  #isDeaf = false;
  #timer: Timer;

  constructor(connection: Deno.TcpConn, clock: Clock, limits: ConnectionLimits) {
    super();
    this.localHost = connection.localAddr.hostname;
    this.remoteHost = connection.remoteAddr.hostname;
    this.left = this.#leaving.signal;
    this.#connection = connection;
    this.#clock = clock;
    this.#limits = limits;
    this.#timer = clock.after(limits.headersMs, () => this.#expire());
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /**
   * Starts the phase `answering`, or starts it anew. Called when the headers of the request are complete.
   *
   * @param limitMs time until the client has received the whole response. Default: the limit `answerMs`
   */
  answering(limitMs: number = this.#limits.answerMs): void {
    if (this.destroyed) return;
    this.#state = "answering";
    this.#timer.cancel();
    this.#timer = this.#clock.after(limitMs, () => void this.destroy());
  }

  /** Ends the time limit of the phase `answering`. The caller limits what the client may delay. */
  withoutLimit(): void {
    this.#timer.cancel();
  }

  /** Drops whatever the client still sends. That the client leaves is noticed all the same. */
  ignoreRest(): void {
    this.#isDeaf = true;
  }

  /** Resolves when the whole response was written, or the connection is closed. */
  written(): Promise<void> {
    return new Promise((resolve) => {
      if (this.destroyed || this.writableFinished) return resolve();
      this.once("finish", resolve);
      this.once("close", resolve);
    });
  }

  /** Sends a response that ends the connection, such as an error, and closes the connection. */
  endWith(answer: string): void {
    if (this.writable) this.end(answer, () => this.destroy());
    else this.destroy();
  }

  override _read(): void {
    this.#receive();
  }

  #receive(): void {
    this.#connection.read(this.#buffer).then((count) => {
      if (count === null) {
        this.#leaving.abort();
        return this.push(null);
      }
      if (this.#isDeaf) return this.#receive();
      // The bytes are copied, because the next read overwrites the buffer.
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
    this.#leaving.abort();
    try {
      this.#connection.close();
    } catch {
      // `close` throws if the TCP connection is already closed. The error is ignored.
    }
    // The stream's error is not passed on to listeners: a client that disconnects or is too slow is not a
    // fault of the server.
    done(null);
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.#connection.write(bytes.subarray(at));
  }

  #expire(): void {
    // If the client does not read the 408 response, the timeout of the phase `answering` closes the
    // connection.
    this.answering();
    this.endWith(requestTimeout);
  }
}
