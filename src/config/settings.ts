/**
 * The table of settings. Flags, environment variables, config file keys, help, limits and defaults
 * are all derived from this table. Its rows are in `table/`, by topic; `validate.ts` applies them.
 *
 * @module
 */

import {
  archiveRows,
  daemonRows,
  networkRows,
  type SettingDefinition,
  transferRows,
} from "./table/mod.ts";

export type {
  EncryptionMode,
  LogFormat,
  LogLevel,
  PublisherPolicy,
  SettingDefinition,
  Settings,
  SettingType,
  TakesEffect,
  TransportMode,
  WatchMode,
} from "./table/mod.ts";

const table = [...networkRows, ...archiveRows, ...transferRows, ...daemonRows] as const;

/** Name of a setting in the config file, and of its flag without leading dashes: `min-nodes`. */
export type SettingKey = TableRow["key"];

/** A row in the table of settings, with literal types for its key and property. */
export type TableRow = (typeof table)[number];

/** All settings, in the order of the help page. */
export const settingDefinitions: readonly (SettingDefinition & { key: SettingKey })[] = table;

/** Finds the row of a setting by its key; `undefined` if there is no setting of that name. */
export function findSetting(key: string): SettingDefinition & { key: SettingKey } | undefined {
  return settingDefinitions.find((definition) => definition.key === key);
}

/** The environment variable of a setting: `min-nodes` becomes `LIBRESEED_MIN_NODES`. */
export function variableOf(key: SettingKey): string {
  return `LIBRESEED_${key.toUpperCase().replaceAll("-", "_")}`;
}
