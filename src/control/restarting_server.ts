/**
 * Restarts an HTTP server that has failed. `Deno.serve` fails for good when it accepts a connection
 * while the process has no free file descriptor.
 *
 * @module
 */

import { type Clock, delay } from "../base/mod.ts";
import { ControlError } from "./errors.ts";

/**
 * The members of `Deno.HttpServer` that are needed to detect a failure of a server and to stop it.
 */
export interface EndingServer {
  readonly finished: Promise<void>;
  shutdown(): Promise<void>;
}

/** Creates the error for a server that cannot be restarted. */
export function serverLost(where: string, cause: Error): ControlError {
  return new ControlError(
    "failed",
    "SERVER_LOST",
    `${where} failed and cannot be served again (${cause.message}); restart libreseed with a higher limit of open files`,
    { cause },
  );
}

/** Pause before each attempt to restart a failed server (ms). */
const PAUSE_MS = 1_000;

/**
 * A server that calls `serve` again each time it has failed, until it is stopped. A process that
 * has given up the permission to listen cannot restart its server; `onFailure` then receives the
 * error.
 */
export class RestartingServer<T extends EndingServer> {
  /** The running server, or the server that failed last. */
  current: T;
  readonly #serve: () => T | Promise<T>;
  readonly #clock: Clock;
  readonly #onFailure: (error: Error) => void;
  readonly #ending = new AbortController();
  readonly #kept: Promise<void>;

  /** Starts the first server; rejects with the error of `serve`. */
  static async start<T extends EndingServer>(
    serve: () => T | Promise<T>,
    clock: Clock,
    onFailure: (error: Error) => void,
  ): Promise<RestartingServer<T>> {
    return new RestartingServer(await serve(), serve, clock, onFailure);
  }

  constructor(
    first: T,
    serve: () => T | Promise<T>,
    clock: Clock,
    onFailure: (error: Error) => void,
  ) {
    this.current = first;
    this.#serve = serve;
    this.#clock = clock;
    this.#onFailure = onFailure;
    this.#kept = this.#keep();
  }

  /** Stops accepting requests, and resolves when the running requests have been answered. */
  async stop(): Promise<void> {
    this.#ending.abort();
    // `shutdown` rejects if the server has failed. Such a server needs no shutdown, so the error is
    // ignored.
    await this.current.shutdown().catch(() => {});
    await this.#kept;
  }

  async #keep(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      try {
        await this.current.finished;
        return;
      } catch (error) {
        if (!await this.#restart(signal)) return this.#onFailure(error as Error);
      }
    }
  }

  /**
   * Restarts the server, and repeats failed attempts. Returns `false` if the process lacks the
   * permission to listen.
   */
  async #restart(signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      await delay(this.#clock, PAUSE_MS, signal).catch(() => {});
      if (signal.aborted) return true;
      try {
        this.current = await this.#serve();
        // `stop` may have been called while the server was restarting.
        if (signal.aborted) await this.current.shutdown().catch(() => {});
        return true;
      } catch (error) {
        if (error instanceof Deno.errors.NotCapable) return false;
        // The process still has no free file descriptor, so the next round tries again.
      }
    }
    return true;
  }
}
