/**
 * Results of the operations on the control socket, as client and host hold them in memory. A type
 * whose name ends in `Json` is sent over the socket unchanged. The other types contain bytes or
 * signed items, which `json.ts` converts to base64.
 *
 * @module
 */

import type { Binding, BindingState } from "../base/mod.ts";
import type { DhtManagerStats, PutOutcome } from "../dht/mod.ts";
import type {
  DhtState,
  DownloadProgress,
  FamilyStatus,
  LanStatus,
  Traffic,
  UtpStatus,
} from "../engine/mod.ts";
import type { GateStatus } from "../gate/mod.ts";
import type { ReachabilityStatus } from "../reachability/mod.ts";
import type { PortMappingStatus } from "../router/mod.ts";

export type { FamilyStatus };

/** Outcome of writing an entry into a name index. */
export interface Indexed {
  /** DHT target of today's index, 40 hexadecimal digits. The target changes with the UTC day. */
  target: string;
  outcome: PutOutcome;
  /** Messages about invalid entries that were left out of the written index, one sentence each. */
  dropped: string[];
  /**
   * Whether the written index contains the publisher's entry. A slot of the index that is full
   * keeps its earlier publishers and leaves out new ones.
   */
  listed: boolean;
}

/**
 * Description of a record or torrent that this home announces: its kind, and the package or
 * publisher of it.
 */
export interface RecordName {
  kind: "manifest" | "announce" | "publisher" | "name-index" | "other" | "torrent";
  /**
   * Name of the package to which the record belongs; absent if there is none, as for an announce
   * record.
   */
  name?: string;
  /**
   * Version of the package to which the record belongs; absent if the record is not about one
   * version.
   */
  version?: string;
  /**
   * Key (`ed25519:BASE64`) under which the record lies, of an announce record or a publisher record
   * that another publisher signed.
   */
  publisher?: string;
}

/** Outcome of re-announcing one record. */
export interface Announced extends RecordName {
  /** DHT target of the record, 40 hexadecimal digits. */
  target: string;
  outcome?: PutOutcome;
  /** Error that ended the announcement; present if `outcome` is absent. */
  error?: { code: string; message: string };
}

/** A record that this home stores and announces, with the result of its last announcement. */
export interface RecordJson extends RecordName {
  /** DHT target of the record, 40 hexadecimal digits. */
  target: string;
  /** Sequence number of the record's item (BEP 44). */
  seq: number;
  /** Whether this home's own key signed the record. */
  own: boolean;
  /**
   * Numbers of DHT nodes at the last announcement: nodes that hold the record, nodes that were
   * asked, and nodes that answered.
   */
  holding: number;
  asked: number;
  responded: number;
  /** Whether fewer nodes hold the record than the setting `min-nodes` demands. */
  weak: boolean;
  /**
   * Times of the last announcement and of the last successful announcement, Unix milliseconds. A
   * time is absent if there was no such announcement.
   */
  lastAttemptMs?: number;
  lastSuccessMs?: number;
  /** Time of the next announcement, Unix milliseconds; absent before the first announcement. */
  nextDueMs?: number;
  /** Number of consecutive announcements that failed. */
  failures: number;
  /** Error message of the last announcement, if it failed. */
  error?: string;
}

/** Current value of a setting of the host, and the source of the value. */
export interface SettingJson {
  /** Name of the setting in the config file. */
  key: string;
  value: unknown;
  /** The value as it would stand in the config file: `30m`, `16GiB`. */
  text: string;
  /**
   * Source of the value, as text for users: `--port`, `LIBRESEED_PORT`,
   * `/home/a/.libreseed/config.yaml:3` or `default`.
   */
  where: string;
}

/** A package that the daemon should mirror, but could not download. */
export interface UnmirroredJson {
  /** Package and version as `NAME@VERSION`. */
  package: string;
  /** Error code of the failed download, for example `NO_PEERS`. */
  code: string;
  /** Reason of the error `NO_PEERS`, for example `choked`; absent for other errors. */
  reason?: unknown;
  message: string;
}

/** Settings that a reload has changed, grouped by the time at which the change takes effect. */
export interface ReloadedJson {
  /** Changed settings that took effect at the reload. */
  changed: string[];
  /** Changed settings that take effect after a restart of the daemon. */
  needRestart: string[];
  /**
   * Changed settings that commands use and the daemon does not. The next command uses their new
   * values.
   */
  perCommand: string[];
}

/** A package in the seed directory, as `list` and `add` print it. */
export interface PackageJson {
  /** Package name; for an unreadable package, the file name. */
  name: string;
  version: string;
  path: string;
  lengthBytes: number;
  /** Publisher as `ed25519:BASE64`. */
  publisher?: string;
  /** SHA-256 of the archive, hexadecimal. */
  sha256?: string;
  infoHash?: string;
  magnet?: string;
  /** URLs of web seeds that the archive's `.torrent` names; absent if there are none. */
  webSeeds?: string[];
  seeding: boolean;
  /** Message about the problem that prevents seeding the package. */
  problem?: string;
  peers?: number;
  uploadedBytes?: number;
  /**
   * Whether other BitTorrent clients can find the archive by its infohash now; absent if the host
   * announces nothing.
   */
  findable?: boolean;
}

/** Plan of the daemon's announcements: everything individually, or a selection within the budget. */
export interface AnnouncingJson {
  /** The setting `announce-budget`: packets an hour for each address family. */
  budget: number;
  /** Expected packets of announcements in an hour, for each address family. */
  packets: number;
  /** Number of seeded versions that other BitTorrent clients cannot find by their infohash now. */
  unannounced: number;
}

/** IP versions that the machine had when the host process started. */
export interface NetworkJson {
  /** Whether the machine has an IPv4 address beyond loopback. */
  ipv4: boolean;
  /** Whether the machine has an IPv6 address beyond loopback and link-local. */
  ipv6: boolean;
  /**
   * Sentence that names the features that need IPv4, on a machine without IPv4; absent if all work.
   */
  lacks?: string;
}

/** A mirrored archive that has left the seed directory to make room. */
export interface LeftJson {
  /** `NAME@VERSION`. */
  package: string;
  /** Reason, as a clause. */
  why: string;
  /** Unix milliseconds. */
  timeMs: number;
}

/** Messages to the server of the setting `webhook`, since the daemon's start. */
export interface WebhookJson {
  /** Number of messages that wait for their delivery. */
  waiting: number;
  /** Number of delivered messages, and of those that were given up. */
  delivered: number;
  lost: number;
  /** Reason for which the last attempt failed, as a clause; absent after a success. */
  failure?: string;
}

/** Status of the host, the process that runs the home's engine. */
export interface StatusJson {
  /** Version of libreseed that the host process runs. */
  version: string;
  pid: number;
  /**
   * Whether the host is the daemon (`seed`). Otherwise the host is another command, and ends with
   * it.
   */
  daemon: boolean;
  startedMs: number;
  port: number;
  nodeId?: string;
  home: string;
  /** Absolute path without symbolic links. */
  seedDirectory: string;
  dht: DhtState;
  dhtNodes: number;
  traffic?: Traffic;
  /** The DHT node of IPv6; absent while the machine has no IPv6 address. */
  dht6?: FamilyStatus;
  /** Traffic and connections of uTP; absent without uTP. */
  utp?: UtpStatus;
  manager: DhtManagerStats;
  /** Number of records and torrents in the announcement schedule, and number of overdue ones. */
  schedule: { kept: number; overdue: number };
  /** Number of packages that the host seeds. */
  packages: number;
  /** Number of archives in the seed directory that cannot be seeded. */
  problems: number;
  /** IP versions of the machine. */
  network: NetworkJson;
  /** The addresses to which all sockets are bound, and their state; absent if not bound. */
  binding?: Binding & BindingState;
  /** The deaths of the gate's thread; absent if it has not died. */
  gate?: GateStatus;
  /** Our port in the home router; absent if the router is not asked. */
  portMapping?: PortMappingStatus;
  /**
   * Our port in the router's firewall for IPv6; absent if the router is not asked, or no gateway of
   * IPv6 is known.
   */
  pinhole?: PortMappingStatus;
  /** Whether peers outside can connect. */
  reachability: ReachabilityStatus;
  /** The peers of the local network; absent if they are not searched. */
  lan?: LanStatus;
  /** Plan of the announcements; absent if the host is not the daemon. */
  announcing?: AnnouncingJson;
  /** The messages to the setting `webhook`; absent without it. */
  webhook?: WebhookJson;
  /** Packages that could not be mirrored; absent if there are none. */
  unmirrored?: UnmirroredJson[];
  /** The last mirrored archives that have left to make room (`max-disk`); absent if none has. */
  left?: LeftJson[];
  /** Memory of the process, bytes: resident memory, and JavaScript heap of the command's thread. */
  memory: { residentBytes: number; heapBytes: number };
  /** Current upload and download speeds, bytes a second, summed over all torrents. */
  uploadSpeed: number;
  downloadSpeed: number;
  /** Numbers of bytes uploaded and downloaded since the process started. */
  uploadedBytes: number;
  downloadedBytes: number;
  /** The downloaded bytes that came from web seeds. */
  webSeedBytes: number;
  /** Number of bytes that downloads have copied from other archives, and not fetched. */
  reusedBytes: number;
  /** Number of connected peers, and number of all peers with a known address. */
  peersConnected: number;
  peersKnown: number;
  /** Number of connected peers whose connection is by uTP; all others are by TCP. */
  peersByUtp: number;
}

/** Progress of the download of an archive's beginning. */
export interface PrefixProgress extends DownloadProgress {
  /** Absolute path of the file that holds the first `readyBytes` bytes of the archive. */
  path: string;
}

/** Ranges of bytes of a torrent's file, which match the infohash. */
export interface RangesRead {
  /** The bytes of all ranges, one range after the other, without what is beyond the end of the file. */
  bytes: Uint8Array;
  /** Length of the whole file in bytes. */
  lengthBytes: number;
  /**
   * Number of bytes that peers have sent since the torrent was opened, for this read and earlier ones, with
   * the metadata and all messages; 0 if the file was read from the disk.
   */
  downloadedBytes: number;
}

/** Result of a download: the complete file, and its `.torrent`. */
export interface Downloaded {
  /**
   * Absolute path of the file. Its pieces match the infohash; its signatures are not verified yet.
   */
  path: string;
  /** Content of the torrent's `.torrent` file. */
  torrent: Uint8Array;
}

/** Numbers of peers that the DHT names. */
export interface PeerCount {
  /** Number of addresses and ports at the infohash of the archive. */
  peers: number;
  /**
   * Number of machines at the rendezvous of the publisher, each of which has some archive of it; absent
   * if no publisher was given.
   */
  mirrors?: number;
  /** Number of machines at one of both places. */
  machines: number;
}
