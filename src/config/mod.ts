/**
 * Settings and where they came from: flag, environment variable, config file, default. Does not
 * read the command line (`src/cli` does) and never writes the config file.
 *
 * @module
 */

export { archiveLimits, type ArchiveSettings } from "./archive_limits.ts";
export { ConfigError } from "./errors.ts";
export {
  type LoadedSettings,
  loadSettings,
  type SettingFlags,
  type SettingOrigin,
  type SettingSources,
} from "./load.ts";
export { explainMissingSetting } from "./missing_settings.ts";
export { nearest } from "./nearest.ts";
export { parseDuration, parseHostPort, parseSize } from "./parse.ts";
export {
  findSetting,
  type LogFormat,
  type LogLevel,
  type PublisherPolicy,
  type SettingDefinition,
  settingDefinitions,
  type SettingKey,
  type Settings,
  type SettingType,
  type TakesEffect,
  variableOf,
  type WatchMode,
} from "./settings.ts";
export { type WorkerSettings, workerSettings } from "./worker_settings.ts";
export { writeSetting } from "./write.ts";
