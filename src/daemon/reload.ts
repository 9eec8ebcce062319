/**
 * Which settings can change while the daemon runs, and which cannot.
 *
 * @module
 */

import { settingDefinitions, type Settings } from "../config/mod.ts";
import type { TunableOptions } from "../worker/mod.ts";

/** Settings that are bound to sockets, directories or permissions that were given at the start. */
const FIXED: readonly (keyof Settings)[] = [
  "home",
  "dir",
  "port",
  "bootstrap",
  "dht",
  "allowLocal",
  "maxConnections",
  "maxIncoming",
  "http",
];

/** Settings after a reload. */
export interface MergedSettings {
  /** The new values where they can be taken over, the old ones elsewhere. */
  merged: Settings;
  /** Keys, as in the config file. */
  changed: string[];
  needRestart: string[];
}

/** Takes over what can change without a restart. */
export function mergeSettings(before: Settings, after: Settings): MergedSettings {
  const merged: Record<string, unknown> = { ...after };
  const changed: string[] = [];
  const needRestart: string[] = [];
  for (const { key, property } of settingDefinitions) {
    if (JSON.stringify(before[property]) === JSON.stringify(after[property])) continue;
    if (!FIXED.includes(property)) {
      changed.push(key);
      continue;
    }
    merged[property] = before[property];
    needRestart.push(key);
  }
  return { merged: merged as unknown as Settings, changed, needRestart };
}

/** The settings of the worker that can change while it runs. */
export function tunable(settings: Settings): TunableOptions {
  return {
    uploadLimit: settings.uploadBytesPerSecond || undefined,
    downloadLimit: settings.downloadBytesPerSecond || undefined,
    storeNodes: settings.storeNodes,
    minNodes: settings.minNodes,
    dhtPacketsPerSecond: settings.dhtPacketsPerSecond,
    reannounceIntervalMs: settings.reannounceIntervalMs,
  };
}
