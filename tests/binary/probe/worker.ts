/**
 * The program's worker with hostile code. On request, the worker tries what an attacker might try
 * who controls it. This worker is compiled only into a program for tests.
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
