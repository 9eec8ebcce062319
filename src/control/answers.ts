/**
 * The results of the operations on the control socket, as both processes have them in memory. A type
 * whose name ends in `Json` crosses the socket as it is; the others hold bytes or signed items, which
 * `json.ts` turns into base64.
 *
 * @module
 */

import type { DhtManagerStats, PutOutcome } from "../dht/mod.ts";
import type { DhtState, Traffic } from "../engine/mod.ts";

/** What writing into a name index did. */
export interface Indexed {
  /** Target of today's index, 40 hexadecimal digits; it changes with the UTC day. */
  target: string;
  outcome: PutOutcome;
  /** Forged entries that were left out, one sentence each. */
  dropped: string[];
  /** Whether the entry is in the index now: a full slot keeps the publishers that were there first. */
  listed: boolean;
}

/** One of the records that this home keeps alive. */
export interface RecordName {
  kind: "manifest" | "announce" | "name-index" | "other";
  /** Package name, where the record has one. */
  name?: string;
  /** Package version, where the record has one. */
  version?: string;
  /** Whose list it is, `ed25519:BASE64`, of an announce record that was not signed here. */
  publisher?: string;
}

/** The outcome of re-announcing one record. */
export interface Announced extends RecordName {
  /** 40 hexadecimal digits. */
  target: string;
  outcome?: PutOutcome;
  /** Why there is no outcome. */
  error?: { code: string; message: string };
}

/** A record that this home keeps alive. */
export interface RecordJson extends RecordName {
  /** 40 hexadecimal digits. */
  target: string;
  /** BEP 44 sequence number. */
  seq: number;
  /** Whether it was signed here. */
  own: boolean;
  /** At the last announcement: nodes known to hold it, asked, and that answered. */
  holding: number;
  asked: number;
  responded: number;
  /** Whether fewer nodes hold it than `min-nodes`. */
  weak: boolean;
  /** Unix milliseconds; absent before the first time. */
  lastAttemptMs?: number;
  lastSuccessMs?: number;
  /** Unix milliseconds; absent if it was never announced. */
  nextDueMs?: number;
  /** Failures in a row. */
  failures: number;
  /** Why the last announcement failed. */
  error?: string;
}

/** A setting of the process that owns the engine. */
export interface SettingJson {
  /** As in the config file. */
  key: string;
  value: unknown;
  /** For people: `--port`, `LIBRESEED_PORT`, `/home/a/.libreseed/config.yaml:3`, `default`. */
  where: string;
}

/** A package that is to be mirrored and could not be had. */
export interface UnmirroredJson {
  /** `NAME@VERSION` */
  package: string;
  /** Of the error: `NO_PEERS`, … */
  code: string;
  /** Of `NO_PEERS`: why nothing came. */
  reason?: unknown;
  message: string;
}

/** What reading the settings anew did. */
export interface ReloadedJson {
  /** Settings that have another value now, and are in force. */
  changed: string[];
  /** Settings that have another value, but need a restart. */
  needRestart: string[];
  /** Settings that have another value, which only commands use, each from its start. */
  perCommand: string[];
}

/** A package in the seed directory. */
export interface PackageJson {
  /** Package name; the file name if the package cannot be read. */
  name: string;
  version: string;
  path: string;
  lengthBytes: number;
  /** `ed25519:BASE64` */
  publisher?: string;
  /** SHA-256 of the archive, hexadecimal. */
  sha256?: string;
  infoHash?: string;
  magnet?: string;
  seeding: boolean;
  /** What is wrong with it, if anything. */
  problem?: string;
  peers?: number;
  uploadedBytes?: number;
}

/** The IP versions that a process found when it started. */
export interface NetworkJson {
  /** Whether the host has an IPv4 address that others may reach or be reached from. */
  ipv4: boolean;
  /** The same of IPv6. */
  ipv6: boolean;
  /** A sentence on what does not work for want of IPv4; absent if all works. */
  lacks?: string;
}

/** How the owner of the engine is doing. */
export interface StatusJson {
  /** Version of libreseed that the process runs. */
  version: string;
  pid: number;
  /** Whether it stays until it is stopped (`seed`), or only as long as one command needs it. */
  daemon: boolean;
  startedMs: number;
  port: number;
  nodeId?: string;
  home: string;
  seedDirectory: string;
  dht: DhtState;
  dhtNodes: number;
  traffic?: Traffic;
  manager: DhtManagerStats;
  /** Records and torrents that are kept announced, and how many of them are overdue. */
  schedule: { kept: number; overdue: number };
  /** How many packages are seeded. */
  packages: number;
  /** How many archives of the seed directory cannot be seeded. */
  problems: number;
  /** Which addresses the host had when the process started, and what does not work without. */
  network: NetworkJson;
  /** What is to be mirrored and could not be had; absent if there is nothing of that kind. */
  unmirrored?: UnmirroredJson[];
  /** Memory of the process in bytes: resident, and of it the JavaScript heap of the main thread. */
  memory: { residentBytes: number; heapBytes: number };
  /** Bytes a second, all torrents together. */
  uploadSpeed: number;
  downloadSpeed: number;
  /** Bytes since the start. */
  uploadedBytes: number;
  downloadedBytes: number;
  /** Peers that are connected, and all whose address is known, from the DHT or from other peers. */
  peersConnected: number;
  peersKnown: number;
}

/** The complete file of a download. */
export interface Downloaded {
  /** Absolute path of the file, checked against the infohash; its signatures are not verified yet. */
  path: string;
  /** Content of the `.torrent`. */
  torrent: Uint8Array;
}
