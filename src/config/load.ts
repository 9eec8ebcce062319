/**
 * Combines the sources of the settings by precedence: flag, environment variable, config file,
 * default. The caller passes the function that reads the config file; nothing is written.
 *
 * @module
 */

import { isWithin, messageOf, publisherKeyPath, resolvePath } from "../base/mod.ts";
import { ConfigError } from "./errors.ts";
import type { FileEntry } from "./file.ts";
import { nearest } from "./nearest.ts";
import { explainMissingSetting } from "./missing_settings.ts";
import { settingDefinitions, type SettingKey, type Settings, variableOf } from "./settings.ts";
import type { PathBase, SettingText } from "./validate.ts";

/** The source of a setting's value: flag, environment variable, config file or default. */
export interface SettingOrigin {
  source: "flag" | "env" | "file" | "default";
  /**
   * The source, worded for people: `--port`, `LIBRESEED_PORT`, `/home/a/.libreseed/config.yaml:3`,
   * `default`.
   */
  where: string;
}

/** The settings given as flags on the command line; keys are flag names without leading dashes. */
export type SettingFlags = Partial<Record<SettingKey, string | boolean | readonly string[]>>;

/**
 * The inputs of {@linkcode loadSettings}: flags, environment variables, and access to the config
 * file.
 */
export interface SettingSources {
  flags: SettingFlags;
  /** All environment variables. An unknown variable that begins with `LIBRESEED_` is an error. */
  env: Record<string, string | undefined>;
  /** Working directory, absolute. Relative paths in flags and environment variables start here. */
  cwd: string;
  /**
   * The user's home directory, absolute, which replaces `~` in paths; not the libreseed home.
   * `undefined` if neither `HOME` nor the user database names one.
   */
  userHome: string | undefined;
  /** Reads the text of a file; resolves to `undefined` if the file does not exist. */
  readFile(path: string): Promise<string | undefined>;
}

/** The loaded settings, and for each setting the source of its value. */
export interface LoadedSettings {
  /**
   * The values of the settings. If no libreseed home is known, only reading `home` or `dir` throws
   * `HOME_UNKNOWN`, so a command that needs neither still works.
   */
  values: Settings;
  origins: Record<SettingKey, SettingOrigin>;
  /** Path of the config file, which may not exist. Empty if no libreseed home is known. */
  configPath: string;
}

interface Candidate {
  text: SettingText;
  origin: SettingOrigin;
  base: PathBase;
}

function refuseUnknownVariables(env: Record<string, string | undefined>): void {
  const known = settingDefinitions.map((definition) => variableOf(definition.key));
  for (const name of Object.keys(env)) {
    if (!name.startsWith("LIBRESEED_") || known.includes(name)) continue;
    const key = name.slice("LIBRESEED_".length).toLowerCase().replaceAll("_", "-");
    const guess = nearest(name, known);
    const hint = explainMissingSetting(key) ??
      `there is no such setting${guess ? `; did you mean ${guess}?` : ""}`;
    throw new ConfigError("usage", "UNKNOWN_SETTING", `environment variable ${name}: ${hint}`, {
      detail: { variable: name },
    });
  }
}

function flagText(value: string | boolean | readonly string[]): SettingText {
  return typeof value === "boolean" ? String(value) : value;
}

/**
 * Loads the settings.
 *
 * @throws {ConfigError} kind `usage` for an unknown `LIBRESEED_*` variable, an unknown or duplicate
 * key in the config file, and a malformed or out-of-range value; the message names the flag, the
 * variable, or the file and line. Kind `failed` for a config file that cannot be read
 */
export async function loadSettings(sources: SettingSources): Promise<LoadedSettings> {
  const { flags, env, cwd, userHome, readFile } = sources;
  refuseUnknownVariables(env);
  // A dynamic import: `help` needs only the table of settings and starts faster without the
  // validator.
  const { validateSetting } = await import("./validate.ts");
  const outside: PathBase = { directory: cwd, userHome };
  const values: Record<string, unknown> = {};
  let isHomeKnown = true;
  const origins = {} as Record<SettingKey, SettingOrigin>;
  let entries = new Map<SettingKey, FileEntry>();
  let configPath = "";

  for (const { key, property, type, default: preset } of settingDefinitions) {
    const home = isHomeKnown ? values.home as string | undefined : undefined;
    const candidate = ((): Candidate => {
      const flag = flags[key];
      if (flag !== undefined) {
        return {
          text: flagText(flag),
          origin: { source: "flag", where: `--${key}` },
          base: outside,
        };
      }
      const variable = variableOf(key);
      const text = env[variable];
      if (text !== undefined) {
        return { text, origin: { source: "env", where: variable }, base: outside };
      }
      const entry = entries.get(key);
      if (entry) {
        const where = `${configPath}:${entry.line}`;
        const base = { directory: home!, userHome };
        return { text: entry.text, origin: { source: "file", where }, base };
      }
      const filled = typeof preset === "string" && home !== undefined
        ? preset.replace(/^HOME(?=\/)/, () => home)
        : preset;
      return { text: filled, origin: { source: "default", where: "default" }, base: outside };
    })();

    origins[key] = candidate.origin;
    const isInHome = key === "dir" && !isHomeKnown && candidate.origin.source === "default";
    if (key === "home" && userHome === undefined && candidate.origin.source === "default") {
      isHomeKnown = false;
    }
    if (key === "home" && !isHomeKnown || isInHome) {
      Object.defineProperty(values, property, { enumerable: true, get: throwHomeUnknown });
      continue;
    }
    const result = validateSetting(type, candidate.text, candidate.base);
    if ("problem" in result) {
      const { source, where } = candidate.origin;
      const name = source === "file" ? `${where}: ${key}` : where;
      throw new ConfigError("usage", "BAD_SETTING", `${name}: ${result.problem}`, {
        detail: { key, source, where },
      });
    }
    values[property] = result.value;

    // `home` is the first row of the table of settings, because the path of the config file depends
    // on the home.
    if (key === "home") {
      configPath = resolvePath(result.value as string, "config.yaml");
      const text = await readFile(configPath).catch((cause) => {
        const why = messageOf(cause);
        const message = why.includes(`cannot read ${configPath}`)
          ? why
          : `cannot read ${configPath}: ${why}`;
        throw new ConfigError("failed", "CONFIG_UNREADABLE", message, { cause });
      });
      if (text !== undefined) {
        entries = (await import("./file.ts")).readConfigText(text, configPath);
      }
    }
  }
  const settings = values as unknown as Settings;
  agree(settings, origins);
  if (isHomeKnown) refuseKeys(settings, origins);
  return { values: settings, origins, configPath };
}

function throwHomeUnknown(): never {
  throw new ConfigError(
    "usage",
    "HOME_UNKNOWN",
    "The home directory is not known: the variable HOME is not set, and this user has no entry in the " +
      "user database. Name a directory with --home or LIBRESEED_HOME",
  );
}

/**
 * Refuses a seed directory that contains the private key: the engine, which parses what strangers
 * send, may read the whole seed directory.
 *
 * @throws {ConfigError} `BAD_SETTING`
 */
function refuseKeys(
  { home, dir }: Settings,
  { dir: { source, where } }: LoadedSettings["origins"],
) {
  if (!isWithin(publisherKeyPath(home), dir)) return;
  throw new ConfigError(
    "usage",
    "BAD_SETTING",
    `${where}: ${dir} contains the private key of the home, and the seed directory is open to the ` +
      "engine. Name a directory of its own",
    { detail: { key: "dir", source, where } },
  );
}

/**
 * Ensures `minNodes <= storeNodes`: a record cannot be held by more nodes than it is sent to. If
 * one of the two settings has its default, that setting is set to the value of the other.
 *
 * @throws {ConfigError} `BAD_SETTING` if `minNodes > storeNodes` and neither has its default
 */
function agree(settings: Settings, origins: LoadedSettings["origins"]): void {
  const { minNodes, storeNodes } = settings;
  if (minNodes <= storeNodes) return;
  const { source, where } = origins["min-nodes"];
  if (source === "default") {
    settings.minNodes = storeNodes;
    return;
  }
  if (origins["store-nodes"].source === "default") {
    settings.storeNodes = minNodes;
    return;
  }
  throw new ConfigError(
    "usage",
    "BAD_SETTING",
    `${where}: min-nodes is ${minNodes}, but a record is put to ${storeNodes} nodes only (store-nodes, ${
      origins["store-nodes"].where
    })`,
    { detail: { key: "min-nodes", source, where } },
  );
}
