/**
 * Watchdog of the TCP listener for peers. When a process runs out of file descriptors, the listener
 * of Deno's `node:net` stops accepting connections for good and emits no error. So 30 s after an
 * incoming connection the watchdog dials our own port, and restarts the listener if it does not
 * accept that dial. While no connections arrive, no timer runs.
 *
 * @module
 */

import type { EventEmitter } from "node:events";
import { connect } from "node:net";
import type { Clock, Timer } from "../../base/mod.ts";

/** Delay between an incoming connection and the watchdog's next test of the listener. */
const TEST_MS = 30_000;
/** Timeout within which the listener must accept the watchdog's own connection. */
const ACCEPT_TIMEOUT_MS = 5_000;

/** The members of the TCP listener (`net.Server`) that the watchdog uses. */
export interface Listener extends EventEmitter {
  close(): unknown;
  listen(port: number, host?: string): unknown;
}

/**
 * Dials an address of this machine. Resolves to a function that closes the connection, or to
 * `undefined` if dialling failed.
 */
export type Dial = (port: number, host?: string) => Promise<(() => void) | undefined>;

/**
 * Starts the watchdog of a listener. Returns a timer whose `cancel` stops the watchdog.
 *
 * @param host address to which the listener is bound; default: all addresses of this machine
 */
export function watchListener(
  listener: Listener,
  port: () => number,
  clock: Clock,
  dial: Dial = dialSelf,
  host?: string,
): Timer {
  let timer: Timer | undefined;
  let isCancelled = false;
  let onAccepted: (() => void) | undefined;
  const test = async () => {
    const accepted = new Promise<boolean>((resolve) => {
      onAccepted = () => resolve(true);
      timer = clock.after(ACCEPT_TIMEOUT_MS, () => resolve(false));
    });
    const hangUp = await dial(port(), host);
    // If even dialling fails, no file descriptor is free, so the result says nothing about the
    // listener. The test is repeated later.
    const isStuck = hangUp !== undefined && !await accepted;
    onAccepted = undefined;
    timer?.cancel();
    timer = undefined;
    hangUp?.();
    if (isCancelled) return;
    if (isStuck) {
      listener.close();
      listener.listen(port(), host);
    }
    if (isStuck || !hangUp) arm();
  };
  const arm = () => timer = clock.after(TEST_MS, () => void test().catch(() => {}));
  listener.prependListener("connection", () => {
    if (onAccepted) return onAccepted();
    if (!timer && !isCancelled) arm();
  });
  return {
    cancel() {
      isCancelled = true;
      timer?.cancel();
    },
  };
}

/**
 * Dials our own port at the address to which the listener is bound, or at 0.0.0.0. The sandbox
 * permits no other address of this machine.
 */
export function dialSelf(port: number, host = "0.0.0.0"): Promise<(() => void) | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    socket.once("connect", () => resolve(() => socket.destroy()));
    socket.on("error", () => resolve(undefined));
  });
}
