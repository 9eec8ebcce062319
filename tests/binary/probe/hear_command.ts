/**
 * Makes the attempts of the command thread on request. This file is imported before the thread's
 * own code, so that its listener precedes that of the thread, which takes the first message as its
 * start.
 *
 * @module
 */

import { nameDatabases } from "../../../src/confinement/mod.ts";
import { attempts, hearAnswer, type Told } from "./command_attempts.ts";
import { hearProbes, type Probe } from "./hear.ts";

declare const self: {
  addEventListener(type: "message", hear: (event: MessageEvent) => void): void;
};

self.addEventListener("message", (event: MessageEvent<Told & { probe?: Probe }>) => {
  if (hearAnswer(event.data)) event.stopImmediatePropagation();
  const { databases } = event.data.probe ?? {};
  if (databases) nameDatabases(databases);
});
hearProbes(attempts);
