/**
 * The table of settings, and the types of their values. Flags, environment variables, config file
 * keys, help, limits and defaults are all derived from this table. Data only; `validate.ts` uses
 * it.
 *
 * @module
 */

import type { HostPort } from "../base/mod.ts";
import type { SettingRow } from "./setting_types.ts";

export type { SettingType, TakesEffect } from "./setting_types.ts";

/** How the daemon detects files that the user or other programs add to the seed directory. */
export type WatchMode = "poll" | "events" | "off";

/** Which publisher to choose if several publish a package of the same name. */
export type PublisherPolicy = "first-seen" | "latest-version" | "trusted" | "seeders";

/** The least severe level of messages that the daemon logs. */
export type LogLevel = "error" | "warn" | "info" | "debug";

/** Format of the daemon's log lines. */
export type LogFormat = "text" | "json";

/** The values of all settings, parsed and validated. */
export interface Settings {
  /** The libreseed home: directory of keys, state and config file; absolute path. */
  home: string;
  /** Seed directory, absolute path. */
  dir: string;
  /** TCP port for peers and UDP port for the DHT; 0 = any free port. */
  port: number;
  /** Bootstrap nodes for joining the DHT; may be empty. */
  bootstrap: HostPort[];
  /** Whether to use the DHT. */
  dht: boolean;
  /** Whether connections to loopback and private addresses are allowed. */
  allowLocal: boolean;
  /** Maximum time that a command waits for the network, in milliseconds. */
  timeoutMs: number;
  /** Minimum number of DHT nodes to hold a record; on fewer nodes the record counts as weak. */
  minNodes: number;
  /** Number of DHT nodes, the closest to the target, that a record is put to. */
  storeNodes: number;
  /** Time between two announcements of the same record, in milliseconds. */
  reannounceIntervalMs: number;
  /** Maximum number of DHT packets sent per second. */
  dhtPacketsPerSecond: number;
  /** Maximum size of an archive, in bytes. */
  maxArchiveBytes: number;
  /** Maximum size of an archive's unpacked contents, in bytes. */
  maxUnpackedBytes: number;
  /** Maximum number of files in an archive. */
  maxFiles: number;
  /** Maximum number of distinct directories in an archive. */
  maxDirectories: number;
  /** Maximum nesting depth of the directories in an archive. */
  maxDepth: number;
  /** Maximum total length of all paths in an archive, in bytes. */
  maxPathsBytes: number;
  /** Maximum ratio of unpacked bytes to archive bytes. */
  maxRatio: number;
  /** Maximum upload rate to peers, in bytes per second; 0 = unlimited. */
  uploadBytesPerSecond: number;
  /** Maximum download rate from peers, in bytes per second; 0 = unlimited. */
  downloadBytesPerSecond: number;
  /** Maximum number of peer connections per torrent. */
  maxConnections: number;
  /** Maximum number of incoming peer connections, over all torrents. */
  maxIncoming: number;
  /** Address on which the daemon serves its HTTP page; `undefined` = no HTTP page. */
  http: HostPort | undefined;
  /** Additional host names and addresses that the HTTP page accepts in a `Host` header. */
  httpHosts: string[];
  /** Which publisher to choose if several publish a package of a name that is not pinned. */
  policy: PublisherPolicy;
  /** Whether the daemon downloads and seeds all packages of the followed publishers. */
  mirror: boolean;
  /** Maximum size of the seed directory up to which mirroring adds packages, in bytes. */
  maxDiskBytes: number;
  /** How the daemon detects new files in the seed directory. */
  watch: WatchMode;
  /** The least severe level of messages that the daemon logs. */
  logLevel: LogLevel;
  /** Format of the daemon's log lines. */
  logFormat: LogFormat;
}

/** A row in the table of settings, for any setting. */
export type SettingDefinition = SettingRow<keyof Settings>;

const maxRateBytes = 2 ** 40;
const maxSizeBytes = 2 ** 50;

const table = [
  {
    key: "home",
    property: "home",
    takesEffect: "start",
    type: { kind: "path" },
    default: "~/.libreseed",
    placeholder: "DIR",
    brief: "Directory of keys, state and config.yaml",
    inFile: false,
  },
  {
    key: "dir",
    property: "dir",
    takesEffect: "start",
    type: { kind: "path" },
    default: "HOME/seed",
    placeholder: "DIR",
    brief: "Seed directory",
  },
  {
    key: "port",
    property: "port",
    takesEffect: "start",
    type: { kind: "integer", min: 0, max: 65_535 },
    default: "6881",
    placeholder: "N",
    brief: "TCP and UDP port, for peers and the DHT alike; 0 = any free one",
  },
  {
    key: "bootstrap",
    property: "bootstrap",
    takesEffect: "start",
    type: { kind: "host-port-list" },
    default: [
      "router.bittorrent.com:6881",
      "router.utorrent.com:6881",
      "dht.transmissionbt.com:6881",
    ],
    placeholder: "HOST:PORT",
    brief: "Node to join the DHT through; give it again for more, none for no node",
  },
  {
    key: "dht",
    property: "dht",
    takesEffect: "start",
    type: { kind: "boolean" },
    default: "true",
    placeholder: "BOOL",
    brief: "Use the DHT",
  },
  {
    key: "allow-local",
    property: "allowLocal",
    takesEffect: "start",
    type: { kind: "boolean" },
    default: "false",
    placeholder: "BOOL",
    brief: "Talk to loopback and private addresses too",
  },
  {
    key: "timeout",
    property: "timeoutMs",
    takesEffect: "reload",
    type: { kind: "duration", minMs: 100, maxMs: 86_400_000 },
    default: "60s",
    placeholder: "DURATION",
    brief: "How long to wait for the network",
  },
  {
    key: "min-nodes",
    property: "minNodes",
    worker: true,
    takesEffect: "reload",
    type: { kind: "integer", min: 1, max: 20 },
    default: "8",
    placeholder: "N",
    brief: "Nodes that must hold a record, else a put is reported as weak",
  },
  {
    key: "store-nodes",
    property: "storeNodes",
    worker: true,
    takesEffect: "reload",
    type: { kind: "integer", min: 1, max: 20 },
    default: "8",
    placeholder: "N",
    brief: "Closest nodes that a record is put to",
  },
  {
    key: "reannounce-interval",
    property: "reannounceIntervalMs",
    worker: true,
    takesEffect: "reload",
    type: { kind: "duration", minMs: 60_000, maxMs: 7_200_000 },
    default: "50m",
    placeholder: "DURATION",
    brief: "Time between two re-announcements of a record",
  },
  {
    key: "dht-rate",
    property: "dhtPacketsPerSecond",
    worker: true,
    takesEffect: "reload",
    type: { kind: "integer", min: 1, max: 100_000 },
    default: "200",
    placeholder: "N",
    brief: "Most DHT packets sent a second",
  },
  {
    key: "max-archive-size",
    property: "maxArchiveBytes",
    takesEffect: "reload",
    type: { kind: "size", minBytes: 1, maxBytes: maxSizeBytes },
    default: "16GiB",
    placeholder: "SIZE",
    brief: "Largest archive",
  },
  {
    key: "max-unpacked-size",
    property: "maxUnpackedBytes",
    takesEffect: "reload",
    type: { kind: "size", minBytes: 1, maxBytes: maxSizeBytes },
    default: "64GiB",
    placeholder: "SIZE",
    brief: "Most that an archive may unpack to",
  },
  {
    key: "max-files",
    property: "maxFiles",
    takesEffect: "reload",
    type: { kind: "integer", min: 1, max: 10_000_000 },
    default: "100000",
    placeholder: "N",
    brief: "Most files in an archive",
  },
  {
    key: "max-directories",
    property: "maxDirectories",
    takesEffect: "reload",
    type: { kind: "integer", min: 0, max: 10_000_000 },
    default: "20000",
    placeholder: "N",
    brief: "Most directories that the files of an archive are in",
  },
  {
    key: "max-depth",
    property: "maxDepth",
    takesEffect: "reload",
    type: { kind: "integer", min: 0, max: 512 },
    default: "64",
    placeholder: "N",
    brief: "Most directories in which a file of an archive is, one inside the other",
  },
  {
    key: "max-paths-size",
    property: "maxPathsBytes",
    takesEffect: "reload",
    type: { kind: "size", minBytes: 1, maxBytes: maxSizeBytes },
    default: "8MiB",
    placeholder: "SIZE",
    brief: "Most that the paths in an archive may take together",
  },
  {
    key: "max-ratio",
    property: "maxRatio",
    takesEffect: "reload",
    type: { kind: "integer", min: 1, max: 1_000_000 },
    default: "200",
    placeholder: "N",
    brief: "Most unpacked bytes for each byte of archive",
  },
  {
    key: "upload-limit",
    property: "uploadBytesPerSecond",
    worker: true,
    takesEffect: "reload",
    type: { kind: "size", minBytes: 0, maxBytes: maxRateBytes },
    default: "0",
    placeholder: "SIZE",
    brief: "Most bytes sent a second; 0 = no limit",
  },
  {
    key: "download-limit",
    property: "downloadBytesPerSecond",
    worker: true,
    takesEffect: "reload",
    type: { kind: "size", minBytes: 0, maxBytes: maxRateBytes },
    default: "0",
    placeholder: "SIZE",
    brief: "Most bytes taken a second; 0 = no limit",
  },
  {
    key: "max-connections",
    property: "maxConnections",
    worker: true,
    takesEffect: "start",
    type: { kind: "integer", min: 1, max: 10_000 },
    default: "55",
    placeholder: "N",
    brief: "Most connections a torrent",
  },
  {
    key: "max-incoming",
    property: "maxIncoming",
    worker: true,
    takesEffect: "start",
    type: { kind: "integer", min: 8, max: 100_000 },
    default: "500",
    placeholder: "N",
    brief: "Most connections that others have opened, of all torrents",
  },
  {
    key: "http",
    property: "http",
    takesEffect: "start",
    type: { kind: "address" },
    default: "off",
    placeholder: "ADDR:PORT",
    brief: "Where the daemon's HTTP page listens, or off",
  },
  {
    key: "http-hosts",
    property: "httpHosts",
    type: { kind: "host-list" },
    default: "none",
    placeholder: "NAME,...",
    brief: "Names under which the HTTP page may be asked for, besides its own address",
    takesEffect: "start",
  },
  {
    key: "policy",
    property: "policy",
    takesEffect: "command",
    type: { kind: "choice", values: ["first-seen", "latest-version", "trusted", "seeders"] },
    default: "first-seen",
    placeholder: "POLICY",
    brief:
      "Whom to choose among the publishers of a name: first-seen, latest-version, trusted, seeders",
  },
  {
    key: "mirror",
    property: "mirror",
    takesEffect: "reload",
    type: { kind: "boolean" },
    default: "false",
    placeholder: "BOOL",
    brief: "Download and seed all packages of the publishers that are followed",
  },
  {
    key: "max-disk",
    property: "maxDiskBytes",
    takesEffect: "reload",
    type: { kind: "size", minBytes: 0, maxBytes: maxSizeBytes },
    default: "10GiB",
    placeholder: "SIZE",
    brief: "How large mirroring may make the seed directory",
  },
  {
    key: "watch",
    property: "watch",
    takesEffect: "reload",
    type: { kind: "choice", values: ["poll", "events", "off"] },
    default: "events",
    placeholder: "MODE",
    brief: "How new files in the seed directory are noticed: poll, events or off",
  },
  {
    key: "log-level",
    property: "logLevel",
    takesEffect: "reload",
    type: { kind: "choice", values: ["error", "warn", "info", "debug"] },
    default: "info",
    placeholder: "LEVEL",
    brief: "How much the daemon logs: error, warn, info or debug",
  },
  {
    key: "log-format",
    property: "logFormat",
    takesEffect: "reload",
    type: { kind: "choice", values: ["text", "json"] },
    default: "text",
    placeholder: "FORMAT",
    brief: "Form of the daemon's log: text or json",
  },
] as const satisfies readonly SettingDefinition[];

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
