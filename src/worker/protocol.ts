/**
 * Messages between the main thread and the sandboxed worker: {@linkcode WorkerApi} one way,
 * {@linkcode WorkerEvent} the other. Private keys never cross: the main thread signs, and the worker
 * receives signed bytes.
 *
 * @module
 */

import type {
  AnnounceReport,
  Contact,
  DhtManagerStats,
  GetOutcome,
  ItemKey,
  KeptRecord,
  PeerAddress,
  PeersOutcome,
  PutOutcome,
  PutTerms,
} from "../dht/mod.ts";
import type {
  DhtState,
  DownloadProgress,
  SeedOrder,
  TorrentStatus,
  Totals,
  Traffic,
} from "../engine/mod.ts";
import type { ErrorData } from "../base/mod.ts";
import type { MutableItem } from "../records/mod.ts";

/** Options of the worker's start. */
export interface WorkerOptions extends TunableOptions {
  /** Port for TCP and UDP; 0 for any that is free for both. */
  port: number;
  /** Whether to run a DHT node. */
  dht: boolean;
  /** Bootstrap addresses; no host names, because the worker may not resolve them. */
  bootstrap: { host: string; port: number }[];
  /** DHT nodes of an earlier run. */
  knownNodes: Contact[];
  /** Maximum number of connections of one torrent. */
  maxConnections: number;
  /** Maximum number of incoming connections, over all torrents. */
  maxIncoming: number;
  /** Run the DHT node read-only (BEP 43). */
  readOnly: boolean;
  /** Dial peers on this machine and in private networks at any port and rate. */
  allowLocal: boolean;
}

/** Options that can change while the worker runs; names and units are those of the settings. */
export interface TunableOptions {
  /** Upload limit, bytes a second; 0 for none. */
  uploadBytesPerSecond: number;
  /** Download limit, bytes a second; 0 for none. */
  downloadBytesPerSecond: number;
  /** Number of closest nodes that should hold a record. */
  storeNodes: number;
  /** Minimum number of holders, below which a put is weak. */
  minNodes: number;
  /** Rate limit of background work, DHT packets a second. */
  dhtPacketsPerSecond: number;
  /** Interval between announcements of a record or torrent, milliseconds. */
  reannounceIntervalMs: number;
}

/** Result of the worker's start. */
export interface WorkerStarted {
  /** The port that was bound. */
  port: number;
  /** Node id, 40 hexadecimal digits; absent while the DHT is off. */
  nodeIdHex?: string;
  dht: DhtState;
}

/** Status of the worker. */
export interface WorkerStatus {
  port: number;
  nodeIdHex?: string;
  dht: DhtState;
  /** Number of nodes in the routing table. */
  dhtNodes: number;
  traffic?: Traffic;
  manager: DhtManagerStats;
  /** Number of records and torrents kept announced, and of those that are overdue. */
  schedule: { kept: number; overdue: number };
  totals: Totals;
}

/** An archive to seed and to keep announced. */
export interface KeptSeed extends SeedOrder {
  /** Due time of the next announcement, Unix milliseconds. */
  announceDueMs: number;
}

/** An archive to download. */
export interface DownloadOrder {
  /** 40 hexadecimal digits. */
  infoHashHex: string;
  /** Bytes of the `.torrent`, if known. */
  torrent?: Uint8Array;
  /** Absolute path inside the seed directory. */
  filePath: string;
  /** Length from the signed manifest, if known. */
  lengthBytes?: number;
  /** Maximum length; a longer torrent is refused. */
  maxBytes: number;
  /** Peers known already. */
  peers: PeerAddress[];
}

/** A report as it crosses between the threads. */
export type ReportData = Omit<AnnounceReport, "error"> & { error?: ErrorData };

/** Calls from the main thread. The main thread chooses the number `operation`, to be able to `cancel` it. */
export interface WorkerApi {
  /** Starts engine, DHT manager and schedule. All other calls fail with `NOT_STARTED` before that. */
  start(options: WorkerOptions): Promise<WorkerStarted>;
  /** Changes options of the running worker. */
  configure(options: TunableOptions): Promise<void>;
  status(): Promise<WorkerStatus>;
  /** Status of all torrents, possibly thousands. */
  torrents(): Promise<TorrentStatus[]>;
  /** Seeds archives that the main thread has verified, and keeps them announced to the DHT. */
  seed(archives: KeptSeed[]): Promise<void>;
  /** Stops seeding and announcing an archive. */
  unseed(infoHashHex: string): Promise<void>;
  /** Downloads an archive; resolves with the `.torrent` when all pieces are verified. */
  download(operation: number, order: DownloadOrder): Promise<Uint8Array>;
  /** Passes peers to a download under way; does nothing for other torrents. */
  addPeers(infoHashHex: string, peers: PeerAddress[]): Promise<void>;
  /** Gets a mutable item. */
  get(operation: number, key: ItemKey): Promise<GetOutcome>;
  /** Puts an item once, without keeping it announced. */
  put(operation: number, item: MutableItem, terms?: PutTerms): Promise<PutOutcome>;
  /** Finds peers of a torrent. */
  findPeers(operation: number, infoHashHex: string): Promise<PeersOutcome>;
  /** Keeps records alive: announces each at its due time, and then at intervals. */
  keepRecords(records: KeptRecord[]): Promise<void>;
  /** Stops keeping a record alive. */
  forgetRecord(targetHex: string): Promise<void>;
  /**
   * Announces some kept records and torrents now, by target or infohash.
   *
   * @param urgent foreground work, which does not wait for the rate limiter
   */
  announceNow(operation: number, idsHex: string[], urgent: boolean): Promise<void>;
  /** Ends an operation early. */
  cancel(operation: number): Promise<void>;
  /** Resolves at once, which shows that the thread responds. */
  ping(): Promise<void>;
  /** Collects the garbage that starting has left. */
  tidy(): Promise<void>;
  /** Adds bootstrap addresses, for example of host names that could not be resolved at the start. */
  addBootstrap(addresses: { host: string; port: number }[]): Promise<void>;
  /** Nodes of the routing table, to be kept for the next start. */
  knownNodes(): Promise<Contact[]>;
  /** Stops the manager, then the engine, within `deadlineMs` milliseconds together. */
  stop(deadlineMs: number): Promise<void>;
}

/** Messages that the worker sends on its own. */
export type WorkerEvent =
  | { event: "dht"; state: DhtState }
  | { event: "progress"; operation: number; progress: DownloadProgress }
  /** A record or torrent was announced. `operation` is present if `announceNow` requested it. */
  | { event: "announced"; operation?: number; report: ReportData }
  /** The `.torrent` of a seeded archive cannot be read. */
  | { event: "unreadable"; infoHashHex: string; message: string }
  /** A line for the log: `warn` is for users, `debug` is what libraries print. */
  | { event: "log"; level: "warn" | "debug"; message: string }
  | { event: "failure"; error: ErrorData };

/** Whether the DHT is on and nodes respond. */
export function isReachable(dht: DhtState): boolean {
  return dht.state === "on" && !dht.silent;
}
