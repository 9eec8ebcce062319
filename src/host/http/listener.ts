/**
 * Accepts a bounded number of connections for the HTTP page, and continues after the process ran out of
 * file descriptors. `node:http` parses the requests. Its own listener is not used because it accepts no
 * connection after one accept has failed for lack of descriptors.
 *
 * @module
 */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type Clock, delay } from "../../base/mod.ts";
import { type ConnectionLimits, HttpConnection } from "./connection.ts";

/** Limits of the connections. */
export interface HttpLimits extends ConnectionLimits {
  /** Maximum open connections. A further one closes the oldest that has no complete request. */
  connections: number;
  /** Maximum length of a request's headers, bytes. */
  headerBytes: number;
}

/** Defaults for monitoring: a request of a few hundred bytes every few seconds from few machines. */
export const httpLimits: HttpLimits = {
  headersMs: 10_000,
  answerMs: 30_000,
  connections: 64,
  headerBytes: 8_192,
};

/** Pause after a failed accept (ms). */
const PAUSE_MS = 1_000;

/** Handler of a request; `localHost` is the local address that the client connected to. */
export type Answer = (
  request: IncomingMessage,
  response: ServerResponse,
  localHost: string,
) => Promise<void>;

/** Error of `node:http` for a request that it cannot parse. */
const statusOf: Record<string, string> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
};

/** Serves HTTP on a TCP listener until `close`. */
export class HttpListener {
  readonly #listener: Deno.TcpListener;
  readonly #clock: Clock;
  readonly #limits: HttpLimits;
  readonly #server: ReturnType<typeof createServer>;
  /** Open connections, oldest first. */
  readonly #connections = new Set<HttpConnection>();
  readonly #closing = new AbortController();
  readonly #accepting: Promise<void>;

  constructor(
    listener: Deno.TcpListener,
    answer: Answer,
    clock: Clock,
    limits: HttpLimits = httpLimits,
  ) {
    this.#listener = listener;
    this.#clock = clock;
    this.#limits = limits;
    this.#server = createServer(
      { maxHeaderSize: limits.headerBytes, requireHostHeader: false },
      (request, response) => void this.#answer(request, response, answer),
    );
    this.#server.on("clientError", (error: Error & { code?: string }, socket) => {
      const status = statusOf[error.code ?? ""] ?? "400 Bad Request";
      (socket as unknown as HttpConnection).endWith(
        `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`,
      );
    });
    this.#accepting = this.#accept();
  }

  /** Stops accepting and closes all connections. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#listener.close();
    for (const connection of this.#connections) connection.destroy();
    await this.#accepting;
  }

  async #accept(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        const connection = await this.#listener.accept();
        if (signal.aborted) connection.close();
        else this.#take(new HttpConnection(connection, this.#clock, this.#limits));
      } catch {
        // The process has no free file descriptor, or the listener is closed.
        await delay(this.#clock, PAUSE_MS, signal).catch(() => {});
      }
    }
  }

  #take(connection: HttpConnection): void {
    if (this.#connections.size >= this.#limits.connections && !this.#makeRoom()) {
      connection.destroy();
      return;
    }
    this.#connections.add(connection);
    connection.on("close", () => this.#connections.delete(connection));
    this.#server.emit("connection", connection);
  }

  #makeRoom(): boolean {
    for (const connection of this.#connections) {
      if (connection.state === "answering") continue;
      this.#connections.delete(connection);
      connection.destroy();
      return true;
    }
    return false;
  }

  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
    answer: Answer,
  ): Promise<void> {
    const connection = request.socket as unknown as HttpConnection;
    connection.answering();
    // One request a connection: monitoring asks rarely, and no idle connections have to be tracked.
    response.shouldKeepAlive = false;
    await answer(request, response, connection.localHost);
  }
}
