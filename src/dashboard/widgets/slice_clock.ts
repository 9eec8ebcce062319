/**
 * The browser's time and pauses for work in slices.
 *
 * @module
 */

import type { SliceClock } from "../listing/mod.ts";

/** Time since the page was opened, and pauses by a message to ourselves, which no minimum delay holds up. */
export const browserSlices: SliceClock = {
  now: () => performance.now(),
  pause: () =>
    new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        port1.close();
        resolve();
      };
      port2.postMessage(undefined);
    }),
};
