/**
 * Makes the attempts of the command thread on request. This file is imported before the thread's
 * own code, so that its listener precedes that of the thread, which takes the first message as its
 * start.
 *
 * @module
 */

import { attempts, hearAnswer, type Told } from "./command_attempts.ts";
import { hearProbes } from "./hear.ts";

declare const self: {
  addEventListener(type: "message", hear: (event: MessageEvent) => void): void;
};

self.addEventListener("message", (event: MessageEvent<Told>) => {
  if (hearAnswer(event.data)) event.stopImmediatePropagation();
});
hearProbes(attempts);
