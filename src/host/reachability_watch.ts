/**
 * Tells the user whether peers outside can connect, when it becomes known and when it changes.
 *
 * @module
 */

import { describeReachability, type ReachabilityStatus } from "../reachability/mod.ts";
import type { HostListeners } from "./options.ts";

/** Receives each finding about our reachability, and reports it to the user. */
export class ReachabilityWatch {
  readonly #listeners: Pick<HostListeners, "onNotice" | "onWarning">;
  readonly #isDaemon: boolean;
  #said: string | undefined;

  /** @param isDaemon whether peers are to connect; a command that ends soon says nothing */
  constructor(listeners: Pick<HostListeners, "onNotice" | "onWarning">, isDaemon: boolean) {
    this.#listeners = listeners;
    this.#isDaemon = isDaemon;
  }

  /** Receives the present finding. */
  readonly hear = (status: ReachabilityStatus): void => {
    if (!this.#isDaemon) return;
    const { onNotice, onWarning } = this.#listeners;
    // The first seconds of a daemon show nothing yet.
    const isKnown = status.ipv4.placement !== "unknown" || status.ipv6?.pinhole !== undefined;
    if (!isKnown && status.reachable === "unknown") return;
    const { what, mend } = describeReachability(status);
    const text = `reachability: ${what}${mend === undefined ? "" : `; ${mend}`}`;
    if (text === this.#said) return;
    this.#said = text;
    if (status.reachable === "no") onWarning(text);
    else onNotice(text);
  };
}
