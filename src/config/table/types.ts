/**
 * The types of the settings: of a row in the table, and of the values that the rows describe.
 *
 * @module
 */

import type { HostPort } from "../../base/mod.ts";

/** The type of a setting's value, with its limits or choices. */
export type SettingType =
  | { kind: "integer"; min: number; max: number }
  | { kind: "boolean" }
  | { kind: "duration"; minMs: number; maxMs: number }
  | { kind: "size"; minBytes: number; maxBytes: number }
  | { kind: "choice"; values: readonly string[] }
  | { kind: "path" }
  | { kind: "address" }
  | { kind: "binding" }
  | { kind: "host-port-list" }
  | { kind: "host-list" }
  | { kind: "web-url" };

/**
 * When a changed value takes effect:
 *
 * - `start`: at the next start of the daemon, because its sockets, directories or permissions
 *   depend on the setting
 * - `reload`: when the running daemon reloads its settings
 * - `command`: at the next command, because the daemon does not use the setting
 */
export type TakesEffect = "start" | "reload" | "command";

/** A row in the table of settings. `P` is the union of the possible property names. */
export interface SettingRow<P extends string> {
  /**
   * Name of the setting in the config file, and of its flag without leading dashes: `min-nodes`.
   */
  key: string;
  /** Name of the setting in the loaded settings: `minNodes`. */
  property: P;
  /** When a changed value of the setting takes effect. */
  takesEffect: TakesEffect;
  /** Whether the settings that are sent to the worker include this setting. */
  worker?: true;
  type: SettingType;
  /**
   * The default, as text in the syntax of the config file. A leading `~` stands for the user's home
   * directory, a leading `HOME/` for the libreseed home.
   */
  default: string | readonly string[];
  /** Placeholder for the value in help texts: `N`, `DURATION`. */
  placeholder: string;
  /** One-line description of the setting for help, with the unit. */
  brief: string;
  /** `false` if the setting must not appear in the config file. */
  inFile?: false;
}

/** How the daemon detects files that the user or other programs add to the seed directory. */
export type WatchMode = "poll" | "events" | "off";

/** Which publisher to choose if several publish a package of the same name. */
export type PublisherPolicy = "first-seen" | "latest-version" | "trusted" | "seeders";

/**
 * How connections to peers are encrypted (MSE): encrypted first and then without, encrypted only, or
 * never.
 */
export type EncryptionMode = "prefer" | "require" | "off";

/** Transports of connections to peers, in both directions: TCP, uTP over UDP, or both. */
export type TransportMode = "both" | "tcp" | "utp";

/** The events that a webhook gets: ends of downloads, problems, or both. */
export type WebhookEvents = "all" | "downloads" | "problems";

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
  /**
   * IP address or network interface of this machine to which all sockets are bound; `undefined` = all
   * of the machine's addresses.
   */
  bind: string | undefined;
  /** Bootstrap nodes for joining the DHT; may be empty. */
  bootstrap: HostPort[];
  /** Whether to use the DHT. */
  dht: boolean;
  /** Whether connections to loopback and private addresses are allowed. */
  allowLocal: boolean;
  /** Whether the daemon asks the home router to open its port. */
  portMapping: boolean;
  /** Whether peers are searched in the local network, and our torrents announced there. */
  lan: boolean;
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
  /**
   * Budget of announcements, in packets an hour for each address family. Beyond it, only the newest
   * and the wanted versions are announced individually.
   */
  announcePacketsPerHour: number;
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
  /** How connections to peers are encrypted, in both directions. */
  encryption: EncryptionMode;
  /** Transports of connections to peers, in both directions. */
  transport: TransportMode;
  /** Whether downloads copy from other archives what these have as well. */
  reuse: boolean;
  /** Address on which the daemon serves its HTTP page; `undefined` = no HTTP page. */
  http: HostPort | undefined;
  /** Additional host names and addresses that the HTTP page accepts in a `Host` header. */
  httpHosts: string[];
  /** URL to which the daemon sends what happens; `undefined` = none. */
  webhook: string | undefined;
  /** The events that the webhook gets. */
  webhookEvents: WebhookEvents;
  /** Whether the daemon signs and publishes archives that come over HTTP, with this home's key. */
  httpPublish: boolean;
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
