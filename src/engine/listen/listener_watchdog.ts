/**
 * Sees to it that the listener for peers goes on taking connections. When a process has no file left to
 * open, Deno's `node:net` stops taking them, for ever and without a word. So some time after somebody
 * came we dial ourselves, and listen anew if that is not heard. Where nobody comes no timer runs.
 *
 * @module
 */

import type { EventEmitter } from "node:events";
import { connect } from "node:net";
import type { Clock, Timer } from "../../base/mod.ts";

/** How long after somebody came, milliseconds. */
const LOOK_MS = 30_000;
/** How long the listener may take to hear us. */
const HEAR_MS = 5_000;

/** The listener (`net.Server`). */
export interface Listener extends EventEmitter {
  close(): unknown;
  listen(port: number): unknown;
}

/** Dials the port on this machine; resolves to what hangs up, or to nothing if it cannot be dialled. */
export type Dial = (port: number) => Promise<(() => void) | undefined>;

/** Watches a listener until it is cancelled. */
export function watchListener(
  listener: Listener,
  port: () => number,
  clock: Clock,
  dial: Dial = dialSelf,
): Timer {
  let timer: Timer | undefined;
  let isOver = false;
  let onHeard: (() => void) | undefined;
  const look = async () => {
    const heard = new Promise<boolean>((resolve) => {
      onHeard = () => resolve(true);
      timer = clock.after(HEAR_MS, () => resolve(false));
    });
    const hangUp = await dial(port());
    // With no file left there is nothing to be done; later perhaps.
    const isDeaf = hangUp !== undefined && !await heard;
    onHeard = undefined;
    timer?.cancel();
    timer = undefined;
    hangUp?.();
    if (isOver) return;
    if (isDeaf) {
      listener.close();
      listener.listen(port());
    }
    if (isDeaf || !hangUp) arm();
  };
  const arm = () => timer = clock.after(LOOK_MS, () => void look().catch(() => {}));
  listener.prependListener("connection", () => {
    if (onHeard) return onHeard();
    if (!timer && !isOver) arm();
  });
  return {
    cancel() {
      isOver = true;
      timer?.cancel();
    },
  };
}

/** The sandbox lets a worker reach the port that it listens on, by this address. */
function dialSelf(port: number): Promise<(() => void) | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, "0.0.0.0");
    socket.once("connect", () => resolve(() => socket.destroy()));
    socket.on("error", () => resolve(undefined));
  });
}
