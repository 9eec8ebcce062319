/**
 * Results of the operations on the control socket, as client and host hold them in memory. A type whose
 * name ends in `Json` crosses the socket unchanged; the others hold bytes or signed items, which
 * `json.ts` turns into base64.
 *
 * @module
 */

import type { DhtManagerStats, PutOutcome } from "../dht/mod.ts";
import type { DhtState, Traffic } from "../engine/mod.ts";

/** Outcome of writing into a name index. */
export interface Indexed {
  /** Target of today's index, 40 hexadecimal digits; it changes with the UTC day. */
  target: string;
  outcome: PutOutcome;
  /** Forged entries that were left out, one sentence each. */
  dropped: string[];
  /** Whether the entry is in the index now: a full slot keeps the publishers that were there first. */
  listed: boolean;
}

/** Name of a record that this home keeps alive. */
export interface RecordName {
  kind: "manifest" | "announce" | "name-index" | "other";
  /** Package name, where the record has one. */
  name?: string;
  /** Package version, where the record has one. */
  version?: string;
  /** Publisher (`ed25519:BASE64`) of an announce record that was not signed here. */
  publisher?: string;
}

/** Outcome of re-announcing one record. */
export interface Announced extends RecordName {
  /** 40 hexadecimal digits. */
  target: string;
  outcome?: PutOutcome;
  /** Reason for a missing outcome. */
  error?: { code: string; message: string };
}

/** A record that this home keeps alive, and its last announcement. */
export interface RecordJson extends RecordName {
  /** 40 hexadecimal digits. */
  target: string;
  /** BEP 44 sequence number. */
  seq: number;
  /** Whether the record was signed here. */
  own: boolean;
  /** At the last announcement: nodes that held the record, were asked, and answered. */
  holding: number;
  asked: number;
  responded: number;
  /** Whether fewer nodes hold the record than `min-nodes`. */
  weak: boolean;
  /** Unix milliseconds; absent before the first announcement. */
  lastAttemptMs?: number;
  lastSuccessMs?: number;
  /** Unix milliseconds; absent before the first announcement. */
  nextDueMs?: number;
  /** Number of consecutive failures. */
  failures: number;
  /** Error message of the last announcement, if it failed. */
  error?: string;
}

/** A setting of the host. */
export interface SettingJson {
  /** Key in the config file. */
  key: string;
  value: unknown;
  /** Source of the value, for people: `--port`, `LIBRESEED_PORT`, `/home/a/.libreseed/config.yaml:3`, `default`. */
  where: string;
}

/** A package that the daemon should mirror and could not download. */
export interface UnmirroredJson {
  /** `NAME@VERSION` */
  package: string;
  /** Code of the error: `NO_PEERS`, … */
  code: string;
  /** `detail.reason` of `NO_PEERS`. */
  reason?: unknown;
  message: string;
}

/** Outcome of reloading the settings. */
export interface ReloadedJson {
  /** Changed settings that are in force now. */
  changed: string[];
  /** Changed settings that need a restart. */
  needRestart: string[];
  /** Changed settings that only commands use, from their next start. */
  perCommand: string[];
}

/** A package in the seed directory. */
export interface PackageJson {
  /** Package name; the file name if the package is unreadable. */
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
  /** Problem that keeps the package from being seeded. */
  problem?: string;
  peers?: number;
  uploadedBytes?: number;
}

/** The IP versions that the host had when it started. */
export interface NetworkJson {
  /** Whether the machine has an IPv4 address beyond loopback. */
  ipv4: boolean;
  /** Whether the machine has an IPv6 address beyond loopback and link-local. */
  ipv6: boolean;
  /** Sentence that says which features need the missing IPv4; absent if all work. */
  lacks?: string;
}

/** Status of the host. */
export interface StatusJson {
  /** Version of libreseed in the host process. */
  version: string;
  pid: number;
  /** Whether the host is the daemon (`seed`); else it is a command, and ends with the command. */
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
  /** Number of records and torrents in the announcement schedule, and of those overdue. */
  schedule: { kept: number; overdue: number };
  /** Number of packages that are seeded. */
  packages: number;
  /** Number of archives in the seed directory that cannot be seeded. */
  problems: number;
  /** IP versions of the machine when the process started. */
  network: NetworkJson;
  /** Packages that could not be mirrored; absent if there are none. */
  unmirrored?: UnmirroredJson[];
  /** Memory of the process, bytes: resident, and the part that is the main thread's JavaScript heap. */
  memory: { residentBytes: number; heapBytes: number };
  /** Bytes a second, sum over all torrents. */
  uploadSpeed: number;
  downloadSpeed: number;
  /** Bytes since the start of the process. */
  uploadedBytes: number;
  downloadedBytes: number;
  /** Number of connected peers, and of all peers whose address is known. */
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
