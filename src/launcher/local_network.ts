/**
 * Decides by the settings whether a process uses the local network: the home router, and the peers
 * in it. In a test network, all nodes are on this machine, so no packet may leave it.
 *
 * @module
 */

import { isTestNetwork } from "../base/mod.ts";
import type { Settings } from "../config/mod.ts";

/** Whether a daemon with these settings asks the home router to open the port. */
export function mapsPort(settings: Settings): boolean {
  return settings.portMapping && !isTestNetwork(settings);
}

/** Whether peers are searched in the local network (BEP 14). */
export function usesLan(settings: Settings): boolean {
  return settings.lan && !isTestNetwork(settings);
}
