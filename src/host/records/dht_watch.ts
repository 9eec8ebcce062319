/**
 * Reports changes of the DHT's state to the user, each change once: the DHT is off (with the reason), no
 * node answers, or the DHT works again.
 *
 * @module
 */

import type { Clock, Timer } from "../../base/mod.ts";
import type { StatusJson } from "../../control/mod.ts";

/** Options of {@linkcode DhtWatch}. */
export interface DhtWatchOptions {
  clock: Clock;
  /** Whether the user's settings enable the DHT. If not, nothing is reported. */
  isWanted: boolean;
  /**
   * Whether to report that no DHT node answers. Commands unset this, since they report failed lookups
   * anyway.
   */
  tellsOfSilence: boolean;
  onNotice: (message: string) => void;
  onWarning: (message: string) => void;
}

/**
 * Time without an answer of any DHT node after which the user is warned (ms). Joining the DHT takes a few
 * seconds.
 */
const SILENCE_MS = 30_000;

/** Receives the states of the DHT and reports changes to the user. */
export class DhtWatch {
  readonly #options: DhtWatchOptions;
  /** Reason why the DHT is off; `undefined` while the DHT is on. */
  #trouble: string | undefined;
  #timer: Timer | undefined;
  #saidSilent = false;

  constructor(options: DhtWatchOptions) {
    this.#options = options;
  }

  /** Receives the current state of the DHT. Reports a change to the user. */
  hear(state: StatusJson["dht"]): void {
    if (!this.#options.isWanted) return;
    this.#tellTrouble(state.state === "off" ? state.why : undefined);
    if (state.state === "off") return this.#stopWaiting();
    if (state.state === "on" && !state.silent) this.#answers();
    else this.#waitForAnswer();
  }

  /** Cancels the pending warning that no DHT node answers. */
  stop(): void {
    this.#stopWaiting();
  }

  #tellTrouble(trouble: string | undefined): void {
    const before = this.#trouble;
    this.#trouble = trouble;
    if (trouble === before) return;
    // The same reason is reported only once, although the host keeps retrying to open the UDP socket.
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
