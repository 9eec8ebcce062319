/**
 * Results of the operations that show one package, publishers, names, the DHT, the log and the day's
 * history: what the HTTP API and the page at `/` show besides `status`, `list` and `records`. All are
 * plain data that crosses the socket and the HTTP API unchanged.
 *
 * @module
 */

import type {
  Bucket,
  FamilyDetails,
  KindTraffic,
  PacketKind,
  PeerDetails,
  TorrentDetails,
} from "../engine/mod.ts";
import type { PackageJson, RecordJson } from "./answers.ts";

/** The torrent of an archive, as the engine has it, and a connected peer of it. */
export type { PeerDetails as PeerJson, TorrentDetails as TorrentJson };

/**
 * A file of a package. Length and mode are absent if they lie too far in a huge archive: an archive is
 * inflated for at most a second, or 64 MiB.
 */
export interface PackageFileJson {
  /** Path within the package, with `/`. */
  path: string;
  lengthBytes?: number;
  executable?: boolean;
}

/** A version of a package, as its publisher's stored list and the seed directory have it. */
export interface VersionJson {
  version: string;
  lengthBytes?: number;
  /** Whether this home seeds the version. */
  seeding: boolean;
  /** Reason for which the publisher has taken the version back; absent if it has not. Untrusted text. */
  yanked?: string;
  /** Message with which the publisher advises against the version. Untrusted text. */
  deprecated?: string;
  /** Tags that name this version. */
  tags: string[];
}

/** A package of the seed directory in detail. */
export interface PackageDetailsJson {
  package: PackageJson;
  /** Description and licence from the archive's manifest; untrusted text. */
  description?: string;
  license?: string;
  /** The files, in the order of the manifest, at most 10,000; absent if the archive cannot be read. */
  files?: PackageFileJson[];
  /** Number of all files. */
  fileCount?: number;
  /** Known versions of the package of this publisher, newest first; at most 1,000. */
  versions: VersionJson[];
  /** Absent if the archive is not seeded. */
  torrent?: TorrentDetails;
  /** The records and the torrent of this version that this home announces. */
  records: RecordJson[];
}

/** A publisher that this home follows, mirrors or has met. */
export interface PublisherJson {
  /** Identity as `ed25519:BASE64`. */
  publisher: string;
  /** Whether it is this home's own identity. */
  own: boolean;
  /** The followed parts: everything, a package, or versions of it; empty if it is not followed. */
  follows: { name?: string; range?: string; sinceMs: number }[];
  /** Number of packages (versions) in its stored lists, and of those that this home seeds. */
  listed: number;
  seeded: number;
  /** Whether the daemon downloads and seeds what is followed (setting `mirror`). */
  mirrored: boolean;
  /** Time at which the list was last read, Unix milliseconds. */
  checkedMs?: number;
  /** Keys that sign for the identity now, as `ed25519:BASE64`; the identity itself if it has no root key. */
  keys: string[];
  /**
   * Keys whose time has ended, since the publisher has rotated them or their certificates had an end, and when
   * (Unix milliseconds). What they have signed before stays good.
   */
  ended: { key: string; untilMs: number }[];
  /** Keys that it has revoked: since when they are in wrong hands, and the reason (untrusted text). */
  revoked: { key: string; sinceMs: number; reason?: string }[];
}

/** A package name that this home knows, and the publisher that it accepts for the name. */
export interface NameJson {
  name: string;
  /** Publisher as `ed25519:BASE64`. */
  publisher: string;
  /** Whether a user has pinned the publisher by hand; otherwise the first use did. */
  byHand: boolean;
  /** Time of the first use, Unix milliseconds. */
  sinceMs: number;
  /** Highest version that was chosen. */
  version?: string;
}

/** A part of a routing table, packets of one kind, and their kinds. */
export type { Bucket as BucketJson, KindTraffic as KindTrafficJson, PacketKind };

/** The DHT node of one address family. */
export interface DhtFamilyJson extends Omit<FamilyDetails, "nodeIdHex"> {
  /** Node id, 40 hexadecimal digits. */
  nodeId: string;
}

/** The DHT nodes of this home. */
export interface DhtJson {
  /** The nodes of both families, as far as they run; empty while the DHT is off. */
  families: DhtFamilyJson[];
  /** Median round trip of the last 256 answered queries, milliseconds; absent before the first. */
  roundTripMs?: number;
}

/** Level of a line of the log. */
export type LogLineLevel = "error" | "warn" | "info" | "debug";

/** A line of the daemon's log. */
export interface LogLineJson {
  /** Number of the line since the daemon's start, from 1. */
  seq: number;
  timeMs: number;
  level: LogLineLevel;
  message: string;
}

/** The newest lines of the daemon's log, oldest first, at most 1,000. */
export interface LogsJson {
  lines: LogLineJson[];
  /** Number of the newest line; 0 if there is none. */
  lastSeq: number;
}

/** The last day at steps of one minute. All arrays have the same length; a value is `null` without data. */
export interface HistoryJson {
  /** Time of the end of the first step, Unix milliseconds. */
  firstMs: number;
  stepMs: number;
  /** Mean speeds in the step, bytes a second. */
  uploadSpeed: (number | null)[];
  downloadSpeed: (number | null)[];
  /** Connected peers at the end of the step. */
  peers: (number | null)[];
  /** DHT packets received and sent in the step, both families. */
  packetsIn: (number | null)[];
  packetsOut: (number | null)[];
  /** Median round trip of the DHT at the end of the step, milliseconds. */
  roundTripMs: (number | null)[];
  /** Announcements that ended in the step, and those of them that were stored. */
  announced: (number | null)[];
  announcedWell: (number | null)[];
  /** Resident memory at the end of the step, bytes. */
  residentBytes: (number | null)[];
}

/** A problem of this home, for people. */
export interface ProblemJson {
  /** `error`: something does not work now. `warning`: it works, but worse than it could. */
  severity: "error" | "warning";
  /** The thing: `dht`, `reachability`, `package`, `record`, `mirror`, `key`, `disk`, `binding`, `gate`. */
  about: string;
  /** One sentence. */
  text: string;
  /** Advice against the problem, one sentence; absent if nothing can be done. */
  advice?: string;
}

/** Space in the seed directory, bytes. */
export interface DiskJson {
  usedBytes: number;
  /** Free space of the file system; absent if the system does not tell. */
  freeBytes?: number;
  /** The setting `max-disk`. */
  maxBytes: number;
}

/** The home at a glance: what the first page of the dashboard shows besides `status`. */
export interface OverviewJson {
  problems: ProblemJson[];
  disk: DiskJson;
  /** Whether peers outside can connect, as one sentence, and what to do about it. */
  reachability: { reachable: "yes" | "no" | "unknown"; text: string; advice?: string };
}

/** An event of the operation `watch`. */
export type WatchEvent =
  /** Each second. Speeds in bytes a second; packets of both DHT families since the start. */
  | {
    kind: "rates";
    timeMs: number;
    uploadSpeed: number;
    downloadSpeed: number;
    peers: number;
    packetsIn: number;
    packetsOut: number;
    roundTripMs?: number;
  }
  /** Progress of a running download, each second while it runs, and once at its end. */
  | {
    kind: "progress";
    infoHash: string;
    /** `NAME@VERSION`, as far as it is known. */
    label?: string;
    lengthBytes: number;
    downloadedBytes: number;
    peers: number;
    downloadSpeed: number;
    done: boolean;
    /** Message of the error that ended the download. */
    error?: string;
  }
  /** All problems, at the start and whenever they change. */
  | { kind: "problems"; problems: ProblemJson[] }
  /** Packages were added, removed or changed: lists are to be read again. At most once a second. */
  | { kind: "packages" }
  /** Records were announced: lists are to be read again. At most once a second. */
  | { kind: "records" }
  | { kind: "log"; line: LogLineJson };

/** Kind of an event of the operation `watch`. */
export type WatchKind = WatchEvent["kind"];

/** Result of publishing an archive through the daemon. */
export interface PublishedJson {
  name: string;
  version: string;
  /** Publisher as `ed25519:BASE64`. */
  publisher: string;
  magnet: string;
  infoHash: string;
  /** SHA-256 of the archive, hexadecimal. */
  sha256: string;
  /** Number of DHT nodes that hold the manifest record, and whether they are fewer than `min-nodes`. */
  holding: number;
  weak: boolean;
  /** Warnings of the publication, one sentence each. */
  warnings: string[];
}

/** Result of following or unfollowing. */
export interface FollowedJson {
  publisher: string;
  name?: string;
  range?: string;
  /** Number of versions in the stored lists that are followed by this. */
  packages: number;
  /** Message why the list could not be read now; the daemon tries again. */
  warning?: string;
}
