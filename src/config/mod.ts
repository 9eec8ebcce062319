/**
 * The settings, and the source of each value: flag, environment variable, config file or default,
 * in this order of precedence.
 *
 * - `settings.ts` is the table of settings. Flags, environment variables, keys of the config file,
 *   help, limits and defaults are derived from its rows.
 * - {@linkcode loadSettings} reads all sources and returns {@linkcode Settings} with the source of
 *   each value. An invalid setting is a {@linkcode ConfigError} that names the setting and its source.
 * - {@linkcode workerSettings} returns only the settings that the worker receives.
 * - {@linkcode writeSetting} formats a value in the syntax of the config file.
 *
 * Left to others: parsing the command line (`src/cli`), and the use of the settings. The config
 * file is never written.
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
  type EncryptionMode,
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
  type TransportMode,
  variableOf,
  type WatchMode,
} from "./settings.ts";
export { type WorkerSettings, workerSettings } from "./worker_settings.ts";
export { writeSetting } from "./write.ts";
