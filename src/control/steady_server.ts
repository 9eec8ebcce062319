/**
 * An HTTP server that goes on when taking a connection fails. When a process has no file left to open,
 * `Deno.serve` ends with an error, which would end the process where nobody hears it.
 *
 * @module
 */

import { type Clock, delay } from "../base/mod.ts";
import { ControlError } from "./errors.ts";

/** The parts of `Deno.HttpServer` that are used. */
export interface EndingServer {
  readonly finished: Promise<void>;
  shutdown(): Promise<void>;
}

/** The error for a server that cannot be had back. */
export function serverLost(where: string, cause: Error): ControlError {
  return new ControlError(
    "failed",
    "SERVER_LOST",
    `${where} is served no more (${cause.message}); start libreseed again, with more open files allowed`,
    { cause },
  );
}

/** How long to wait before serving again, milliseconds. */
const PAUSE_MS = 1_000;

/**
 * Serves until it is told to stop; `serve` is called anew each time that a server has failed. A process
 * that gave up the permission for it cannot serve again, and says so through `onFailure`.
 */
export class SteadyServer<T extends EndingServer> {
  /** The one that serves, or that failed last. */
  current: T;
  readonly #serve: () => T | Promise<T>;
  readonly #clock: Clock;
  readonly #onFailure: (error: Error) => void;
  readonly #ending = new AbortController();
  readonly #kept: Promise<void>;

  /** Rejects with what `serve` throws the first time. */
  static async start<T extends EndingServer>(
    serve: () => T | Promise<T>,
    clock: Clock,
    onFailure: (error: Error) => void,
  ): Promise<SteadyServer<T>> {
    return new SteadyServer(await serve(), serve, clock, onFailure);
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

  /** Takes no new requests, and resolves when those under way have been answered. */
  async stop(): Promise<void> {
    this.#ending.abort();
    // One that failed has nothing to shut down.
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
        if (!await this.#again(signal)) return this.#onFailure(error as Error);
      }
    }
  }

  /** Whether there is another server, or need not be one. */
  async #again(signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      await delay(this.#clock, PAUSE_MS, signal).catch(() => {});
      if (signal.aborted) return true;
      try {
        this.current = await this.#serve();
        // It may have been told to stop meanwhile.
        if (signal.aborted) await this.current.shutdown().catch(() => {});
        return true;
      } catch (error) {
        if (error instanceof Deno.errors.NotCapable) return false;
        // There is still no file left.
      }
    }
    return true;
  }
}
