/**
 * The live events of the daemon: one stream for as long as somebody listens, opened again with a growing
 * pause after it has broken.
 *
 * @module
 */

import { ApiError } from "../../api_client/mod.ts";
import type { WatchEvent, WatchKind } from "../../control/mod.ts";
import type { Api } from "./api.ts";
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
/** Maximum silence of a stream (ms). The daemon sends `rates` each second. */
const SILENCE_MS = 20_000;

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
    // The rates are the heartbeat.
    this.#kinds = [...new Set<WatchKind>([...kinds, "rates"])];
  }

  /** Starts the stream. Returns a function that ends it. */
  start(): () => void {
    this.#running?.abort();
    const running = new AbortController();
    this.#running = running;
    void this.#run(running.signal);
    const { asked } = this.#api.token;
    const unsubscribe = asked.subscribe(() => {
      // The user has given a token, or goes on without one.
      if (asked.value === undefined) this.retry();
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
      const onOpen = () => {
        this.connection.set({ state: "online" });
        this.opened.set(this.opened.value + 1);
      };
      for await (const event of this.#api.events({ kinds: this.#kinds, signal: both, onOpen })) {
        heard();
        this.#pauseMs = FIRST_PAUSE_MS;
        for (const handler of [...this.#handlers.get(event.kind) ?? []]) handler(event);
      }
    } catch (error) {
      if (error instanceof ApiError) return error;
      if (!both.aborted) throw error;
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
