/**
 * The live events of the daemon: one stream for as long as somebody listens, opened again with a growing
 * pause after it has broken.
 *
 * @module
 */

import type { WatchEvent, WatchKind } from "../../control/mod.ts";
import type { Api, ApiError } from "./api.ts";
import { readEvents } from "./event_stream.ts";
import { Store } from "./store.ts";
import type { BrowserClock } from "./time.ts";

/** State of the connection to the daemon. */
export type Connection =
  | { state: "connecting" }
  | { state: "online" }
  /** The daemon does not answer; at `retryMs` (Unix time) the page tries again. */
  | { state: "offline"; retryMs: number }
  /** The daemon answers, but not with events: the message says why. */
  | { state: "refused"; message: string };

/** An event of one kind. */
export type EventOf<Kind extends WatchKind> = Extract<WatchEvent, { kind: Kind }>;

/** First and longest pause before the page tries again (ms). The pause doubles. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
/** Maximum silence of a stream (ms). The daemon sends a heartbeat each 15 s. */
const SILENCE_MS = 40_000;

/** A stream of events of some kinds. */
export class Live {
  /** State of the connection. */
  readonly connection = new Store<Connection>({ state: "connecting" });
  /** Number of times that the stream has been opened: data from before the last time may be old. */
  readonly opened = new Store(0);
  readonly #api: Api;
  readonly #clock: BrowserClock;
  readonly #kinds: readonly WatchKind[];
  readonly #handlers = new Map<WatchKind, Set<(event: WatchEvent) => void>>();
  #running: AbortController | undefined;
  /** Ends the pause; `undefined` while there is none. */
  #wake: (() => void) | undefined;
  #pauseMs = FIRST_PAUSE_MS;

  constructor(api: Api, clock: BrowserClock, kinds: readonly WatchKind[]) {
    this.#api = api;
    this.#clock = clock;
    this.#kinds = kinds;
  }

  /** Starts the stream. Returns a function that ends it. */
  start(): () => void {
    this.#running?.abort();
    const running = new AbortController();
    this.#running = running;
    void this.#run(running.signal);
    const unsubscribe = this.#api.token.current.subscribe(() => {
      // Without a token the daemon has just refused one; the user is asked.
      if (this.#api.token.current.value !== undefined) this.retry();
    });
    return () => {
      unsubscribe();
      running.abort();
      this.#wake?.();
    };
  }

  /** Tries again at once, if the stream is broken. */
  retry(): void {
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#wake?.();
  }

  /** Calls a handler with each event of a kind. Returns a function that ends it. */
  on<Kind extends WatchKind>(kind: Kind, handler: (event: EventOf<Kind>) => void): () => void {
    const handlers = this.#handlers.get(kind) ?? new Set();
    this.#handlers.set(kind, handlers);
    handlers.add(handler as (event: WatchEvent) => void);
    return () => void handlers.delete(handler as (event: WatchEvent) => void);
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const problem = await this.#readOnce(signal);
      if (signal.aborted) return;
      const isRefused = problem !== undefined && problem.status !== 0;
      const pauseMs = this.#pauseMs;
      this.#pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * pauseMs);
      this.connection.set(
        isRefused
          ? { state: "refused", message: problem.message }
          : { state: "offline", retryMs: this.#clock.now() + pauseMs },
      );
      // The daemon answers a request without a token the same way each time.
      await this.#pause(problem?.status === 401 ? undefined : pauseMs);
    }
  }

  /** Reads one stream to its end. Returns the error if it could not be opened. */
  async #readOnce(signal: AbortSignal): Promise<ApiError | undefined> {
    const silent = new AbortController();
    const both = AbortSignal.any([signal, silent.signal]);
    let stopWatching = () => {};
    const heard = () => {
      stopWatching();
      stopWatching = this.#clock.after(SILENCE_MS, () => silent.abort());
    };
    try {
      heard();
      const { body } = await this.#api.events(this.#kinds, both);
      if (body === null) return undefined;
      this.connection.set({ state: "online" });
      this.opened.set(this.opened.value + 1);
      for await (const { name, data } of readEvents(body, heard)) {
        this.#pauseMs = FIRST_PAUSE_MS;
        const event = JSON.parse(data) as WatchEvent;
        for (const handler of [...this.#handlers.get(name as WatchKind) ?? []]) handler(event);
      }
    } catch (error) {
      if (error instanceof Error && error.name === "ApiError") return error as ApiError;
    } finally {
      stopWatching();
    }
    return undefined;
  }

  #pause(pauseMs: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      const cancel = pauseMs === undefined
        ? () => {}
        : this.#clock.after(pauseMs, () => this.#wake?.());
      this.#wake = () => {
        this.#wake = undefined;
        cancel();
        resolve();
      };
    });
  }
}
