/**
 * Accepts a bounded number of connections for the HTTP page. The accept loop continues after the process
 * ran out of file descriptors. `node:http` parses the requests, but its listener is not used, because that
 * listener stops accepting connections after such a failure.
 *
 * @module
 */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type Clock, delay } from "../../base/mod.ts";
import { type ConnectionLimits, HttpConnection } from "./connection.ts";

/** Limits on the connections and requests of the HTTP listener. */
export interface HttpLimits extends ConnectionLimits {
  /**
   * Maximum number of open connections. When it is exceeded, the oldest connection without a complete
   * request is closed.
   */
  connections: number;
  /** Maximum total length of a request's headers, bytes. */
  headerBytes: number;
}

/** Default limits. Monitoring sends small requests every few seconds from few machines. */
export const httpLimits: HttpLimits = {
  headersMs: 10_000,
  answerMs: 30_000,
  connections: 64,
  headerBytes: 8_192,
};

/** Pause after a failed attempt to accept a connection (ms). */
const PAUSE_MS = 1_000;

/** Time for the answer to the request that ends the server (ms). */
const LAST_ANSWER_MS = 1_000;

/** Handler of a request, which came by a connection. */
export type Answer = (
  request: IncomingMessage,
  response: ServerResponse,
  connection: HttpConnection,
) => Promise<void>;

/** HTTP status by error code of `node:http`, for requests that cannot be parsed. */
const statusOf: Record<string, string> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
};

/** Serves HTTP on a TCP listener until `close` is called. */
export class HttpListener {
  readonly #listener: Deno.TcpListener;
  readonly #clock: Clock;
  readonly #limits: HttpLimits;
  readonly #server: ReturnType<typeof createServer>;
  /** Open connections, in the order in which they were accepted. */
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

  /** Stops accepting connections and closes all open connections. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#listener.close();
    const last = [...this.#connections].filter(({ outlivesServer }) => outlivesServer);
    for (const connection of this.#connections) {
      if (!connection.outlivesServer) connection.destroy();
    }
    if (last.length > 0) {
      const ended = new AbortController();
      const late = delay(this.#clock, LAST_ANSWER_MS, ended.signal).catch(() => {});
      await Promise.race([late, Promise.all(last.map((one) => one.written()))]);
      ended.abort();
      for (const connection of last) connection.destroy();
    }
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
        // `accept` fails if the process has no free file descriptor, or if the listener is closed.
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
    // `node:http` hands over requests that follow on a connection at once, before the first is answered.
    // Such requests would evade the maximum number of connections.
    if (connection.state === "answering") return connection.ignoreRest();
    connection.answering();
    // Each connection serves a single request (no keep-alive), so there are no idle connections to track.
    // Reconnecting is cheap, because monitoring requests are rare.
    response.shouldKeepAlive = false;
    await answer(request, response, connection);
  }
}
