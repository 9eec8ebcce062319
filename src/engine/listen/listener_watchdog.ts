/**
 * Watchdog of the listener for peers. When a process runs out of file descriptors, Deno's `node:net` stops
 * accepting connections for good and without an error. So 30 s after a connection we dial ourselves, and
 * restart the listener if it does not notice. Without connections no timer runs.
 *
 * @module
 */

import type { EventEmitter } from "node:events";
import { connect } from "node:net";
import type { Clock, Timer } from "../../base/mod.ts";

/** Time between a connection and the next test. */
const TEST_MS = 30_000;
/** Timeout for the listener to notice our own connection. */
const ACCEPT_TIMEOUT_MS = 5_000;

/** The listener (`net.Server`). */
export interface Listener extends EventEmitter {
  close(): unknown;
  listen(port: number): unknown;
}

/** Dials a port of this machine; resolves to a function that hangs up, or `undefined` if dialling failed. */
export type Dial = (port: number) => Promise<(() => void) | undefined>;

/** Watches a listener until it is cancelled. */
export function watchListener(
  listener: Listener,
  port: () => number,
  clock: Clock,
  dial: Dial = dialSelf,
): Timer {
  let timer: Timer | undefined;
  let isCancelled = false;
  let onAccepted: (() => void) | undefined;
  const test = async () => {
    const accepted = new Promise<boolean>((resolve) => {
      onAccepted = () => resolve(true);
      timer = clock.after(ACCEPT_TIMEOUT_MS, () => resolve(false));
    });
    const hangUp = await dial(port());
    // If dialling fails too, there is no file descriptor left; the test is repeated later.
    const isStuck = hangUp !== undefined && !await accepted;
    onAccepted = undefined;
    timer?.cancel();
    timer = undefined;
    hangUp?.();
    if (isCancelled) return;
    if (isStuck) {
      listener.close();
      listener.listen(port());
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

/** Dials ourselves by 0.0.0.0, the one address through which the sandbox permits it. */
function dialSelf(port: number): Promise<(() => void) | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, "0.0.0.0");
    socket.once("connect", () => resolve(() => socket.destroy()));
    socket.on("error", () => resolve(undefined));
  });
}
