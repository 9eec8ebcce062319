/**
 * Merges reloaded settings into the settings of a running host. The table of settings (`src/config`)
 * defines which settings take effect on a reload, and which need a restart.
 *
 * @module
 */

import {
  type LoadedSettings,
  settingDefinitions,
  type Settings,
  type SettingType,
  type TakesEffect,
  writeSetting,
} from "../config/mod.ts";
import type { ReloadedJson, SettingJson } from "../control/mod.ts";
import type { HostListeners, HostOptions } from "./options.ts";

/**
 * Result of merging reloaded settings: the merged settings, and the keys of the settings that changed.
 */
export interface MergedSettings extends ReloadedJson {
  /** The merged settings: new values, except that settings which need a restart keep their old value. */
  merged: Settings;
}

/** Merges new settings into old ones: takes new values except for settings that need a restart. */
export function mergeSettings(before: Settings, after: Settings): MergedSettings {
  const merged: Record<string, unknown> = { ...after };
  const keys: Record<TakesEffect, string[]> = { reload: [], start: [], command: [] };
  for (const { key, property, takesEffect } of settingDefinitions) {
    if (JSON.stringify(before[property]) === JSON.stringify(after[property])) continue;
    keys[takesEffect].push(key);
    if (takesEffect === "start") merged[property] = before[property];
  }
  return {
    merged: merged as unknown as Settings,
    changed: keys.reload,
    needRestart: keys.start,
    perCommand: keys.command,
  };
}

/**
 * Merges the places from which the settings come (flag, environment, file or default). A setting that
 * needs a restart keeps the place of its old value.
 */
export function mergeOrigins(
  before: LoadedSettings["origins"] | undefined,
  after: LoadedSettings["origins"],
  needRestart: readonly string[],
): LoadedSettings["origins"] {
  const kept = Object.entries(before ?? {}).filter(([key]) => needRestart.includes(key));
  return { ...after, ...Object.fromEntries(kept) };
}

/**
 * Reads the settings again and merges them into those of a host.
 *
 * @returns the options with the merged settings, and what has changed; `undefined` without `readSettings`
 */
export async function readAnew(
  options: HostOptions,
): Promise<{ options: HostOptions; reloaded: ReloadedJson } | undefined> {
  const { readSettings, settings: before, origins: originsBefore } = options;
  if (!readSettings) return undefined;
  const { values, origins: originsAfter } = await readSettings();
  const { merged: settings, ...reloaded } = mergeSettings(before, values);
  const origins = mergeOrigins(originsBefore, originsAfter, reloaded.needRestart);
  return { options: { ...options, settings, origins }, reloaded };
}

/** Logs which settings a reload has changed, and which need a restart. */
export function tellReloaded(
  { changed, needRestart }: ReloadedJson,
  { onNotice, onWarning }: Pick<HostListeners, "onNotice" | "onWarning">,
): void {
  if (changed.length > 0) onNotice(`in force now: ${changed.join(", ")}`);
  if (needRestart.length > 0) {
    onWarning(`changed, but in force only after a restart: ${needRestart.join(", ")}`);
  }
}

/** Lists the current settings with their sources, for the command `status`. */
export function describeSettings(
  settings: Settings,
  origins: LoadedSettings["origins"] | undefined,
): SettingJson[] {
  return settingDefinitions.map(({ key, property, type }) => {
    const value = shownOf(type, settings[property]);
    const where = origins?.[key]?.where ?? "unknown";
    return { key, value, text: writeSetting(type, value), where };
  });
}

/** Returns what others may see of a value: paths and queries of webhooks are often secret. */
function shownOf(type: SettingType, value: unknown): unknown {
  if (type.kind !== "web-url" || typeof value !== "string") return value ?? null;
  const { origin, pathname, search } = new URL(value);
  return pathname + search === "/" ? value : `${origin}/...`;
}
