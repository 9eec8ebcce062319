/**
 * Restarts an HTTP server that failed. `Deno.serve` fails for good when accepting a connection needs
 * a file descriptor and the process has none left.
 *
 * @module
 */

import { type Clock, delay } from "../base/mod.ts";
import { ControlError } from "./errors.ts";

/** The used members of `Deno.HttpServer`. */
export interface EndingServer {
  readonly finished: Promise<void>;
  shutdown(): Promise<void>;
}

/** Error for a server that cannot be restarted. */
export function serverLost(where: string, cause: Error): ControlError {
  return new ControlError(
    "failed",
    "SERVER_LOST",
    `${where} failed and cannot be served again (${cause.message}); restart libreseed with a higher limit of open files`,
    { cause },
  );
}

/** Pause before each restart (ms). */
const PAUSE_MS = 1_000;

/**
 * Serves until it is stopped, and calls `serve` again each time the server has failed. A process that has
 * given up the permission to listen cannot restart the server; `onFailure` reports that.
 */
export class RestartingServer<T extends EndingServer> {
  /** The running server, or the last one that failed. */
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

  /** Accepts no new requests, and resolves when the running ones have been answered. */
  async stop(): Promise<void> {
    this.#ending.abort();
    // A failed server rejects the shutdown.
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

  /** Restarts the server; returns `false` if that is not possible. */
  async #restart(signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      await delay(this.#clock, PAUSE_MS, signal).catch(() => {});
      if (signal.aborted) return true;
      try {
        this.current = await this.#serve();
        // `stop` may have been called meanwhile.
        if (signal.aborted) await this.current.shutdown().catch(() => {});
        return true;
      } catch (error) {
        if (error instanceof Deno.errors.NotCapable) return false;
        // No file descriptor is free yet.
      }
    }
    return true;
  }
}
