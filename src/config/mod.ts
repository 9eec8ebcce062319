/**
 * Settings and their origins: flag, environment variable, config file, default, in this order of
 * precedence.
 *
 * - `settings.ts` is the one table. Flags, variables, keys of the config file, help, limits and
 *   defaults follow from its rows.
 * - {@linkcode loadSettings} reads all sources and returns {@linkcode Settings} with the origin of each
 *   value. A mistake is a {@linkcode ConfigError} that names the setting and its source.
 * - {@linkcode workerSettings} picks the settings that the engine's thread takes.
 * - {@linkcode writeSetting} changes one key of a config file and keeps its comments.
 *
 * The room does not read the command line, which `src/cli` does, and does not use any setting itself.
 *
 * Start reading in `settings.ts`, then `load.ts`.
 *
 * @module
 */

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
