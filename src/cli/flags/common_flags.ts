/**
 * The flags that several commands share: output flags (`--json`, `-q`, `-v`) and the flags of
 * settings. The flag of a setting is derived from the table of settings in `src/config`. The value
 * is parsed there too, so flags, environment variables and the config file accept the same syntax.
 *
 * @module
 */

import type { Command } from "@stricli/core";
import {
  findSetting,
  type SettingDefinition,
  settingDefinitions,
  type SettingFlags,
  type SettingKey,
} from "../../config/mod.ts";
import type { CliContext } from "./cli_context.ts";

type Parameters = Command<CliContext>["parameters"];
/** Flag definitions for the stricli parser, keyed by the flag's name in camel case. */
export type FlagTable = NonNullable<Parameters["flags"]>;

/**
 * Settings that every command accepts as flags, so that a script can pass the same flags to all
 * commands.
 */
const settingsEverywhere: readonly SettingKey[] = [
  "home",
  "dir",
  "port",
  "bind",
  "bootstrap",
  "allow-local",
  "timeout",
];

/** Settings that are accepted as flags by commands that pack or unpack archives. */
export const archiveSettings: readonly SettingKey[] = [
  "max-archive-size",
  "max-unpacked-size",
  "max-files",
  "max-directories",
  "max-depth",
  "max-paths-size",
  "max-ratio",
];

/** Settings that are accepted as flags by commands that use the DHT. */
export const networkSettings: readonly SettingKey[] = [
  "port",
  "bind",
  "bootstrap",
  "dht",
  "allow-local",
  "timeout",
  "min-nodes",
  "store-nodes",
  "dht-rate",
];

/** Settings that are accepted as flags by commands that transfer archives between peers. */
export const transferSettings: readonly SettingKey[] = [
  "upload-limit",
  "download-limit",
  "max-connections",
  "max-incoming",
  "encryption",
  "lan",
  "transport",
  "reuse",
];

/** Settings that only `libreseed seed`, the daemon, accepts as flags. */
export const daemonSettings: readonly SettingKey[] = [
  "port-mapping",
  "reannounce-interval",
  "announce-budget",
  "http",
  "http-hosts",
  "http-publish",
  "webhook",
  "webhook-events",
  "mirror",
  "max-disk",
  "watch",
  "log-level",
  "log-format",
];

/** The parsed values of the flags that control the output of a command: {@linkcode outputFlags}. */
export interface OutputFlags {
  json?: boolean;
  quiet?: boolean;
  verbose?: boolean;
}

/** The flags that control the output of a command. */
export const outputFlags: FlagTable = {
  json: {
    kind: "boolean",
    optional: true,
    withNegated: false,
    brief: "Print one JSON object per line",
  },
  quiet: {
    kind: "boolean",
    optional: true,
    withNegated: false,
    brief: "Print only results, warnings and errors",
  },
  verbose: {
    kind: "boolean",
    optional: true,
    withNegated: false,
    brief: "Print details, and the causes of errors",
  },
};

/** Short names of the {@linkcode outputFlags}, such as `-q` for `--quiet`. */
export const outputAliases = { q: "quiet", v: "verbose" } as const;

/**
 * Converts a setting's key to the flag name in camel case that stricli uses: `min-nodes` to
 * `minNodes`.
 */
export function flagName(key: string): string {
  return key.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

/**
 * Converts a flag name in camel case to the form that users type, without dashes in front:
 * `minNodes` to `min-nodes`.
 */
export function writtenFlag(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function briefOf({ brief, default: preset, type }: SettingDefinition): string {
  const short = typeof preset === "string" && type.kind !== "boolean";
  return short ? `${brief} (default ${preset.replace(/^HOME\/(.*)/, "$1 in --home")})` : brief;
}

function flagOf(definition: SettingDefinition, hidden: boolean): FlagTable[string] {
  const common = { optional: true, brief: briefOf(definition), hidden } as const;
  if (definition.type.kind === "boolean") return { kind: "boolean", ...common };
  const text = {
    kind: "parsed",
    parse: String,
    placeholder: definition.placeholder,
    ...common,
  } as const;
  const { kind } = definition.type;
  return kind === "host-port-list" || kind === "host-list" ? { ...text, variadic: true } : text;
}

/**
 * Defines the flags for the settings in `shown`, and for the settings that every command accepts.
 * Flags that are not in `shown` are hidden from help, because they have no effect on the command.
 */
export function settingFlags(shown: readonly SettingKey[]): FlagTable {
  const flags: Record<string, FlagTable[string]> = {};
  for (const definition of settingDefinitions) {
    const isShown = shown.includes(definition.key);
    if (isShown || settingsEverywhere.includes(definition.key)) {
      flags[flagName(definition.key)] = flagOf(definition, !isShown);
    }
  }
  return flags;
}

/**
 * Extracts the settings from a command's parsed flags, keyed by setting. The command's own flags
 * (`ownFlags`) are skipped.
 */
export function settingsFromFlags(
  flags: Readonly<Record<string, unknown>>,
  ownFlags: readonly string[],
): SettingFlags {
  const found: Record<string, string | boolean | readonly string[]> = {};
  for (const { key } of settingDefinitions) {
    const value = flags[flagName(key)];
    if (value !== undefined && !ownFlags.includes(flagName(key))) {
      found[key] = value as string | boolean | readonly string[];
    }
  }
  return found;
}

/**
 * Whether a flag before the command's name takes a value; `undefined` for a flag that is not
 * allowed before the command's name.
 *
 * @param name the flag as typed, without leading dashes
 */
export function globalFlagTakesValue(name: string): boolean | undefined {
  const long = name in outputAliases ? outputAliases[name as keyof typeof outputAliases] : name;
  if (Object.hasOwn(outputFlags, long)) return false;
  const definition = settingsEverywhere.some((key) => key === name.replace(/^no-/, ""))
    ? findSetting(name.replace(/^no-/, ""))
    : undefined;
  if (!definition) return undefined;
  const isSwitch = definition.type.kind === "boolean";
  return name.startsWith("no-") && !isSwitch ? undefined : !isSwitch;
}
