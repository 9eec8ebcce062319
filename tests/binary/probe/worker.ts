/**
 * The program's own worker, with something hostile inside: asked to, it tries what a stranger who had
 * taken the worker over might try. Compiled into a program for the tests and into nothing else.
 *
 * @module
 */

import "../../../src/worker/main.ts";
import { attempts, type Prey } from "./attempts.ts";

declare const self: {
  addEventListener(type: "message", hear: (event: MessageEvent) => void): void;
  postMessage(message: unknown): void;
};

self.addEventListener("message", async ({ data }) => {
  const prey = (data as { probe?: Prey }).probe;
  if (!prey) return;
  const outcomes: Record<string, string> = {};
  for (const [name, attempt] of Object.entries(attempts)) {
    try {
      await attempt(prey);
      outcomes[name] = "succeeded";
    } catch (error) {
      outcomes[name] = `${(error as Error).name}: ${(error as Error).message}`;
    }
  }
  self.postMessage({ probed: outcomes });
});
