/**
 * Serves the events of the host as server-sent events (HTML standard, section 9.2).
 *
 * @module
 */

import type { ServerResponse } from "node:http";
import { HttpApiError } from "../../api/mod.ts";
import { type Clock, errorToData, type Timer } from "../../base/mod.ts";
import type { Operations, RequestOf, WatchEvent } from "../../control/mod.ts";
import { apiHeaders } from "./answer.ts";
import type { HttpConnection } from "./connection.ts";

/** Limits on event streams. */
export interface EventLimits {
  /** Maximum number of streams at a time. */
  streams: number;
  /** Streams that are kept free for readers with the token. */
  withToken: number;
  /** Time between two comments (ms). A proxy often cuts a silent stream after a minute. */
  heartbeatMs: number;
  /** Maximum number of bytes that a reader has not read yet. A slower reader is disconnected. */
  unreadBytes: number;
}

/** Default limits. */
export const eventLimits: EventLimits = {
  streams: 16,
  withToken: 4,
  heartbeatMs: 15_000,
  unreadBytes: 1 << 20,
};

/** Serves event streams, of which it counts the open ones. */
export class EventStreams {
  readonly #watch: Operations["watch"];
  readonly #clock: Clock;
  readonly #limits: EventLimits;
  #open = 0;

  constructor(watch: Operations["watch"], clock: Clock, limits: EventLimits = eventLimits) {
    this.#watch = watch;
    this.#clock = clock;
    this.#limits = limits;
  }

  /**
   * Sends events until the client leaves, reads too slowly, or the host ends them.
   *
   * @param hasToken whether the request has the token, which programs of other users of this machine
   * have not
   * @throws {HttpApiError} `API_BUSY` if as many streams are open as are allowed
   */
  async serve(
    request: RequestOf<"watch">,
    response: ServerResponse,
    connection: HttpConnection,
    hasToken: boolean,
  ): Promise<void> {
    const { streams, withToken, heartbeatMs, unreadBytes } = this.#limits;
    if (this.#open >= (hasToken ? streams : streams - withToken)) {
      const advice = hasToken ? "" : `; ${withToken} more may with the token`;
      throw new HttpApiError("API_BUSY", `${this.#open} programs read events already${advice}`, {
        "retry-after": "10",
      });
    }
    this.#open++;
    connection.withoutLimit();
    response.writeHead(200, {
      ...apiHeaders,
      "content-type": "text/event-stream",
      // nginx would otherwise hold events back until its buffer is full.
      "x-accel-buffering": "no",
    });
    const write = (text: string) => {
      if (connection.left.aborted) return;
      response.write(text);
      if (response.writableLength + connection.writableLength > unreadBytes) connection.destroy();
    };
    write(": libreseed\n\n");
    let heartbeat: Timer | undefined;
    const beat = () => {
      write(":\n\n");
      heartbeat = this.#clock.after(heartbeatMs, beat);
    };
    heartbeat = this.#clock.after(heartbeatMs, beat);
    try {
      await this.#watch(request, {
        signal: connection.left,
        onEvent: (event) => write(eventText(event)),
      });
    } catch (error) {
      const { kind, code, message } = errorToData(error);
      write(`event: error\ndata: ${JSON.stringify({ error: { kind, code, message } })}\n\n`);
    } finally {
      heartbeat.cancel();
      this.#open--;
      connection.answering();
      response.end();
    }
  }
}

/** The text of an event. JSON has no line breaks, so the data is one line. */
function eventText(event: WatchEvent): string {
  return `event: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`;
}
