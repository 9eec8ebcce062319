/**
 * Accepts connections for the HTTP page: a bounded number, and on after the process was short of
 * files. `node:http` reads the requests. Its own listener is not used: after one accept that failed
 * for want of files, it is deaf.
 *
 * @module
 */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type Clock, delay } from "../../base/mod.ts";
import { type ConnectionLimits, HttpConnection } from "./connection.ts";

/** Limits of one client, and of all together. */
export interface HttpLimits extends ConnectionLimits {
  /** Open connections. One more closes the oldest one without a whole request. */
  connections: number;
  /** Bytes of a request's headers. */
  headerBytes: number;
}

/** Monitoring asks every few seconds, in requests of a few hundred bytes from a machine or two. */
export const httpLimits: HttpLimits = {
  headersMs: 10_000,
  answerMs: 30_000,
  connections: 64,
  headerBytes: 8_192,
};

/** How long to wait after an accept that failed, milliseconds. */
const PAUSE_MS = 1_000;

/** The request, how it is answered, and the address on this machine that the client has dialled. */
export type Answer = (
  request: IncomingMessage,
  response: ServerResponse,
  localHost: string,
) => Promise<void>;

/** What `node:http` tells of a request that it cannot read. */
const statusOf: Record<string, string> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
};

/** Serves HTTP on a listener until it is closed. */
export class HttpListener {
  readonly #listener: Deno.TcpListener;
  readonly #clock: Clock;
  readonly #limits: HttpLimits;
  readonly #server: ReturnType<typeof createServer>;
  /** The oldest one comes first. */
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

  /** Takes no new connections, and ends those that there are. */
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
        // The process has no file left to open, or the listener is closed.
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
    // One request a connection: monitoring asks seldom, and nothing idle has to be kept account of.
    response.shouldKeepAlive = false;
    await answer(request, response, connection.localHost);
  }
}
