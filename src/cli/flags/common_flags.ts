/**
 * The flags that commands share: what to say (`--json`, `-q`, `-v`) and the settings. A setting's
 * flag is made from its row in the table of `src/config`, which also parses it, so flag, variable
 * and config file accept the same text.
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
import type { CliContext } from "./command.ts";

type Parameters = Command<CliContext>["parameters"];
/** Flags as stricli takes them, by their camel-case name. */
export type FlagTable = NonNullable<Parameters["flags"]>;

/** Accepted by every command, so that a script can pass the same ones to all. */
const settingsEverywhere: readonly SettingKey[] = [
  "home",
  "dir",
  "port",
  "bootstrap",
  "allow-local",
  "timeout",
];

/** Settings of whatever packs or unpacks. */
export const archiveSettings: readonly SettingKey[] = [
  "max-archive-size",
  "max-unpacked-size",
  "max-files",
  "max-directories",
  "max-depth",
  "max-paths-size",
  "max-ratio",
];

/** Settings of whatever talks to the DHT. */
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

/** Settings of whatever moves archives between peers. */
export const transferSettings: readonly SettingKey[] = [
  "upload-limit",
  "download-limit",
  "max-connections",
  "max-incoming",
];

/** Settings of the daemon alone. */
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

/** How a command speaks. */
export const outputFlags: FlagTable = {
  json: {
    kind: "boolean",
    optional: true,
    withNegated: false,
    brief: "Print one JSON object a line",
  },
  quiet: {
    kind: "boolean",
    optional: true,
    withNegated: false,
    brief: "Print results, warnings and errors only",
  },
  verbose: {
    kind: "boolean",
    optional: true,
    withNegated: false,
    brief: "Print details, and where errors came from",
  },
};

/** One-letter names of {@linkcode outputFlags}. */
export const outputAliases = { q: "quiet", v: "verbose" } as const;

/** `min-nodes` as stricli names it: `minNodes`. */
export function flagName(key: string): string {
  return key.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** The reverse of {@linkcode flagName}: how a flag is written, without the dashes. */
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
 * The flags of the settings `shown`, which help lists, and of those that every command accepts. Help
 * leaves out what does nothing for the command.
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

/** The settings among a command's parsed flags, by their keys; `ownFlags` are none. */
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
 * Whether a flag may stand before the command too, and takes a value: `undefined` if it may not.
 * `name` is as written, without the dashes.
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
