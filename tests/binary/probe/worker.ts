/**
 * The program's own worker with hostile code: on request, it tries what an attacker in control of
 * the worker might try. Compiled into a program for the tests only.
 *
 * @module
 */

import "../../../src/worker/main.ts";
import { attempts, type ProbeTargets } from "./attempts.ts";

declare const self: {
  addEventListener(type: "message", hear: (event: MessageEvent) => void): void;
  postMessage(message: unknown): void;
};

self.addEventListener("message", async ({ data }) => {
  const targets = (data as { probe?: ProbeTargets }).probe;
  if (!targets) return;
  const outcomes: Record<string, string> = {};
  for (const [name, attempt] of Object.entries(attempts)) {
    try {
      await attempt(targets);
      outcomes[name] = "succeeded";
    } catch (error) {
      outcomes[name] = `${(error as Error).name}: ${(error as Error).message}`;
    }
  }
  self.postMessage({ probed: outcomes });
});
