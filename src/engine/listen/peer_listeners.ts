/**
 * The TCP listeners for peers: one for all addresses of this machine, or one for each address to
 * which the engine is bound. Each has a watchdog. Bound listeners close while their addresses cannot
 * be used, and open again afterwards.
 *
 * @module
 */

import type { Clock, Timer } from "../../base/mod.ts";
import { type Dial, dialSelf, type Listener, watchListener } from "./listener_watchdog.ts";

/** Pause before a listener that could not be opened again is opened once more (ms). */
const RETRY_MS = 1_000;

/** Options of {@linkcode PeerListeners}. */
export interface PeerListenersOptions {
  clock: Clock;
  /** Returns the port of all listeners. */
  port: () => number;
  /** Dials our own listener, for the watchdog; replaced in tests. */
  dial?: Dial;
}

/** One listener. */
interface Entry {
  listener: Listener;
  /** Address to which the listener is bound; `undefined` for all addresses of this machine. */
  host: string | undefined;
  watch: Timer;
  retry?: Timer;
}

/** The listeners of one engine. */
export class PeerListeners {
  readonly #options: PeerListenersOptions;
  readonly #entries: Entry[] = [];
  #isSuspended = false;

  constructor(options: PeerListenersOptions) {
    this.#options = options;
  }

  /** Adds a listener that has been told to listen, and starts its watchdog. */
  add(listener: Listener, host: string | undefined): void {
    const { port, clock, dial = dialSelf } = this.#options;
    const watch = watchListener(listener, port, clock, dial, host);
    this.#entries.push({ listener, host, watch });
  }

  /** Closes all listeners until {@linkcode PeerListeners.resume}. */
  suspend(): void {
    if (this.#isSuspended) return;
    this.#isSuspended = true;
    for (const { listener, retry } of this.#entries) {
      retry?.cancel();
      listener.close();
    }
  }

  /** Opens all listeners after {@linkcode PeerListeners.suspend}. */
  resume(): void {
    if (!this.#isSuspended) return;
    this.#isSuspended = false;
    for (const entry of this.#entries) this.#open(entry);
  }

  /** Ends the watchdogs. */
  close(): void {
    for (const { watch, retry } of this.#entries) {
      watch.cancel();
      retry?.cancel();
    }
  }

  #open(entry: Entry): void {
    const { listener, host } = entry;
    // Without this handler, npm:webtorrent would end the client because of one failure.
    listener.removeAllListeners("error");
    listener.on("error", () => {
      entry.retry?.cancel();
      entry.retry = this.#options.clock.after(RETRY_MS, () => {
        if (!this.#isSuspended) listener.listen(this.#options.port(), host);
      });
    });
    listener.listen(this.#options.port(), host);
  }
}
