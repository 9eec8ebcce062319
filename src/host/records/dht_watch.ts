/**
 * Tells people how the DHT is doing, once a change: that it is off and why, that no node answers, that
 * it is back.
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
  /** Whether to tell of a DHT that does not answer; a command says by itself what it missed. */
  tellsOfSilence: boolean;
  onNotice: (message: string) => void;
  onWarning: (message: string) => void;
}

/** How long no node may answer before that is said, milliseconds: a start takes a few seconds. */
const SILENCE_MS = 30_000;

/** Hears each state of the DHT. */
export class DhtWatch {
  readonly #options: DhtWatchOptions;
  /** Why there is no DHT, while there is none. */
  #trouble: string | undefined;
  #timer: Timer | undefined;
  #saidSilent = false;

  constructor(options: DhtWatchOptions) {
    this.#options = options;
  }

  /** Takes in the state that the DHT is in now. */
  hear(state: StatusJson["dht"]): void {
    if (!this.#options.isWanted) return;
    this.#tellTrouble(state.state === "off" ? state.why : undefined);
    if (state.state === "off") return this.#stopWaiting();
    if (state.state === "on" && !state.silent) this.#answers();
    else this.#waitForAnswer();
  }

  /** Says no more. */
  stop(): void {
    this.#stopWaiting();
  }

  #tellTrouble(trouble: string | undefined): void {
    const before = this.#trouble;
    this.#trouble = trouble;
    if (trouble === before) return;
    // Said once, however often opening the socket is tried again.
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
