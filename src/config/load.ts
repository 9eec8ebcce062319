/**
 * Puts the settings together: flag, then environment variable, then config file, then default.
 * Reads the file through a function that is handed in, and never writes it.
 *
 * @module
 */

import { ConfigError } from "./errors.ts";
import type { FileEntry } from "./file.ts";
import { nearest } from "./nearest.ts";
import { nodePath } from "./node_modules.ts";
import { explainMissingSetting } from "./missing_settings.ts";
import { settingDefinitions, type SettingKey, type Settings, variableOf } from "./settings.ts";
import type { PathBase, SettingText } from "./validate.ts";

/** Where a value came from. */
export interface SettingOrigin {
  source: "flag" | "env" | "file" | "default";
  /** For people: `--port`, `LIBRESEED_PORT`, `/home/a/.libreseed/config.yaml:3`, `default`. */
  where: string;
}

/** Flags as the command line had them, without their dashes. */
export type SettingFlags = Partial<Record<SettingKey, string | boolean | readonly string[]>>;

/** Sources that {@linkcode loadSettings} reads. */
export interface SettingSources {
  flags: SettingFlags;
  /** All environment variables; those that begin with `LIBRESEED_` must be ours. */
  env: Record<string, string | undefined>;
  /** Relative paths in flags and variables start here; absolute. */
  cwd: string;
  /**
   * The user's home directory, for `~`; absolute. Not the libreseed home. `undefined` where the user
   * has none: no `HOME`, and no entry in the user database.
   */
  userHome: string | undefined;
  /** The text of a file; `undefined` if there is none. */
  readFile(path: string): Promise<string | undefined>;
}

/** The settings and where each came from. */
export interface LoadedSettings {
  /**
   * Where neither a setting nor the user says which directory is the home, reading `home` or `dir`
   * throws `HOME_UNKNOWN`, so that a command that needs no home works there.
   */
  values: Settings;
  origins: Record<SettingKey, SettingOrigin>;
  /** The config file that was looked for; it need not exist. Empty if no home is known. */
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
 * Throws {@linkcode ConfigError} of kind `usage` for an unknown `LIBRESEED_*` variable, an unknown
 * or duplicate key in the file, and a value that is malformed or out of its limits. The message
 * names the flag, the variable, or the file and line. Kind `failed` for a file that cannot be read.
 */
export async function loadSettings(sources: SettingSources): Promise<LoadedSettings> {
  const { flags, env, cwd, userHome, readFile } = sources;
  refuseUnknownVariables(env);
  // Loaded here and not above, so that help, which needs the table alone, starts without them.
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

    // The first row of the table is the home, which says where the file is.
    if (key === "home") {
      configPath = nodePath().join(result.value as string, "config.yaml");
      const text = await readFile(configPath).catch((cause) => {
        const why = cause instanceof Error ? cause.message : String(cause);
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

/** Nobody can want a record on more nodes than it is put to; the one that was not given follows. */
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
