/**
 * The flags that commands share: output flags (`--json`, `-q`, `-v`) and settings. The flag of a
 * setting is derived from its row in the table of `src/config`. That table also parses the value,
 * so a flag, an environment variable and the config file accept the same text.
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
/** stricli's flag definitions, keyed by camel-case name. */
export type FlagTable = NonNullable<Parameters["flags"]>;

/**
 * Settings that every command accepts, so that a script can pass the same flags to all commands.
 */
const settingsEverywhere: readonly SettingKey[] = [
  "home",
  "dir",
  "port",
  "bootstrap",
  "allow-local",
  "timeout",
];

/** Settings of the commands that pack or unpack archives. */
export const archiveSettings: readonly SettingKey[] = [
  "max-archive-size",
  "max-unpacked-size",
  "max-files",
  "max-directories",
  "max-depth",
  "max-paths-size",
  "max-ratio",
];

/** Settings of the commands that use the DHT. */
export const networkSettings: readonly SettingKey[] = [
  "port",
  "bootstrap",
  "dht",
  "allow-local",
  "timeout",
  "min-nodes",
  "store-nodes",
  "dht-rate",
];

/** Settings of the commands that transfer archives between peers. */
export const transferSettings: readonly SettingKey[] = [
  "upload-limit",
  "download-limit",
  "max-connections",
  "max-incoming",
];

/** Settings of the daemon only. */
export const daemonSettings: readonly SettingKey[] = [
  "reannounce-interval",
  "http",
  "http-hosts",
  "mirror",
  "max-disk",
  "watch",
  "log-level",
  "log-format",
];

/** The flags of {@linkcode outputFlags}. */
export interface OutputFlags {
  json?: boolean;
  quiet?: boolean;
  verbose?: boolean;
}

/** The flags that control a command's output. */
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

/** One-letter names of {@linkcode outputFlags}. */
export const outputAliases = { q: "quiet", v: "verbose" } as const;

/** Converts a setting's key to stricli's flag name: `min-nodes` to `minNodes`. */
export function flagName(key: string): string {
  return key.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

/**
 * Converts stricli's flag name to the typed form without leading dashes: `minNodes` to `min-nodes`.
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
 * Flags of the settings in `shown`, and of the settings that every command accepts. Help lists only
 * those in `shown`, because the others have no effect on the command.
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
 * Picks the settings, by key, out of a command's parsed flags. Flags in `ownFlags` are no settings.
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
 * Whether a flag that may stand before the command takes a value; `undefined` for a flag that may
 * not stand there.
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
