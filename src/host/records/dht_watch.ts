/**
 * Reports changes of the DHT's state to people, once each: the DHT is off and why, no node answers, the
 * DHT is back.
 *
 * @module
 */

import type { Clock, Timer } from "../../base/mod.ts";
import type { StatusJson } from "../../control/mod.ts";

/** Options of {@linkcode DhtWatch}. */
export interface DhtWatchOptions {
  clock: Clock;
  /** Whether the settings ask for a DHT. */
  isWanted: boolean;
  /** Whether to report a silent DHT; a command reports its own failed lookups instead. */
  tellsOfSilence: boolean;
  onNotice: (message: string) => void;
  onWarning: (message: string) => void;
}

/** Silence before it is reported (ms); a start takes a few seconds. */
const SILENCE_MS = 30_000;

/** Takes the states of the DHT and reports changes. */
export class DhtWatch {
  readonly #options: DhtWatchOptions;
  /** Reason for which the DHT is off; `undefined` while it is on. */
  #trouble: string | undefined;
  #timer: Timer | undefined;
  #saidSilent = false;

  constructor(options: DhtWatchOptions) {
    this.#options = options;
  }

  /** Takes the current state of the DHT. */
  hear(state: StatusJson["dht"]): void {
    if (!this.#options.isWanted) return;
    this.#tellTrouble(state.state === "off" ? state.why : undefined);
    if (state.state === "off") return this.#stopWaiting();
    if (state.state === "on" && !state.silent) this.#answers();
    else this.#waitForAnswer();
  }

  /** Stops the reports. */
  stop(): void {
    this.#stopWaiting();
  }

  #tellTrouble(trouble: string | undefined): void {
    const before = this.#trouble;
    this.#trouble = trouble;
    if (trouble === before) return;
    // Reported once, although opening the socket is retried.
    if (trouble !== undefined) {
      this.#options.onWarning(`${trouble}; going on without the DHT, and trying again`);
    } else this.#options.onNotice("the DHT is back");
  }

  #waitForAnswer(): void {
    const { clock, tellsOfSilence, onWarning } = this.#options;
    if (!tellsOfSilence || this.#timer || this.#saidSilent) return;
    this.#timer = clock.after(SILENCE_MS, () => {
      this.#saidSilent = true;
      onWarning(
        `no DHT node has answered for ${
          SILENCE_MS / 1_000
        } s: nothing is announced until one does. ` +
          "Nodes are asked again and again; `libreseed doctor` looks for the cause",
      );
    });
  }

  #answers(): void {
    this.#stopWaiting();
    if (!this.#saidSilent) return;
    this.#saidSilent = false;
    this.#options.onNotice("DHT nodes answer: what is due is announced now");
  }

  #stopWaiting(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
