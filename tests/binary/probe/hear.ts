/**
 * Receives the launcher's requests for attempts, and answers with their outcomes.
 *
 * @module
 */

import type { NamedDatabase } from "../../../src/confinement/mod.ts";
import { type Examined, examinePermissions } from "./permissions.ts";
import { type Attempt, type ProbeTargets, tryAll } from "./targets.ts";

/** The request for attempts. */
export interface Probe {
  targets: ProbeTargets;
  /** Permissions with which the thread was started. */
  permissions: Record<string, unknown>;
  /** The databases that the command's thread may open, if it makes the attempts as its first work. */
  databases?: readonly NamedDatabase[];
}

/** The answer to a {@linkcode Probe}. */
export interface Probed {
  outcomes: Record<string, string>;
  examined: Examined;
}

declare const self: {
  addEventListener(type: "message", hear: (event: MessageEvent) => void): void;
  postMessage(message: unknown): void;
};

/** Makes the attempts whenever the launcher requests them. */
export function hearProbes(attempts: Record<string, Attempt>): void {
  self.addEventListener("message", async (event) => {
    const { probe } = event.data as { probe?: Probe };
    if (!probe) return;
    // The thread's own listeners expect no such message.
    event.stopImmediatePropagation();
    const { targets, permissions } = probe;
    const { home, userHome, otherFile } = targets;
    const forbidden = [`${home}/keys/publisher.key`, home, userHome, otherFile, "/", "/etc/passwd"];
    const examined = examinePermissions(permissions, forbidden);
    const outcomes = await tryAll(attempts, targets);
    const probed: Probed = { outcomes, examined };
    self.postMessage({ probed });
  });
}
