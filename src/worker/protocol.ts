/**
 * What the main thread and the sandboxed worker say to each other. Keys never cross: the main
 * thread signs, the worker carries signed bytes.
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

/** How the worker is to run. */
export interface WorkerOptions extends TunableOptions {
  /** TCP and UDP; 0 for any free one. */
  port: number;
  dht: boolean;
  /** Addresses, no host names: the worker may not look them up. */
  bootstrap: { host: string; port: number }[];
  /** DHT nodes of an earlier run. */
  knownNodes: Contact[];
  maxConnections: number;
  maxIncoming: number;
  /** Take part in the DHT without being part of it (BEP 43). */
  readOnly: boolean;
  /** Peers of this machine and of private networks are dialled at any port, however often. */
  allowLocal: boolean;
}

/** What can change while the worker runs. */
export interface TunableOptions {
  /** Bytes a second; `undefined` for no limit. */
  uploadLimit?: number;
  /** Bytes a second; `undefined` for no limit. */
  downloadLimit?: number;
  /** On how many of the closest nodes a record is to be held. */
  storeNodes: number;
  /** Held by fewer, a put is called weak. */
  minNodes: number;
  /** Most DHT packets a second for work that can wait. */
  dhtPacketsPerSecond: number;
  /** How often records and torrents are announced again, milliseconds. */
  reannounceIntervalMs: number;
}

/** What the worker says once it stands. */
export interface WorkerStarted {
  /** The port that was bound. */
  port: number;
  /** 40 hexadecimal digits; absent while the DHT is off. */
  nodeIdHex?: string;
  dht: DhtState;
}

/** How the worker is doing. */
export interface WorkerStatus {
  port: number;
  nodeIdHex?: string;
  dht: DhtState;
  /** Nodes in the routing table. */
  dhtNodes: number;
  traffic?: Traffic;
  manager: DhtManagerStats;
  /** Records and torrents that are kept announced, and how many of them are overdue. */
  schedule: { kept: number; overdue: number };
  totals: Totals;
}

/** An archive to seed and to keep announced. */
export interface KeptSeed extends SeedOrder {
  /** When it is due to be announced, Unix milliseconds. */
  announceDueMs: number;
}

/** What to download. */
export interface DownloadOrder {
  infoHashHex: string;
  torrent?: Uint8Array;
  /** Absolute path inside the seed directory. */
  filePath: string;
  lengthBytes?: number;
  maxBytes: number;
  peers: PeerAddress[];
}

/** A report as it crosses between the threads. */
export type ReportData = Omit<AnnounceReport, "error"> & { error?: ErrorData };

/** Calls that the main thread makes. `operation` is a number of its own choosing for `cancel`. */
export interface WorkerApi {
  start(options: WorkerOptions): Promise<WorkerStarted>;
  /** Takes over new values of what can change. */
  configure(options: TunableOptions): Promise<void>;
  status(): Promise<WorkerStatus>;
  /** How each torrent is doing; those of many archives are many. */
  torrents(): Promise<TorrentStatus[]>;
  /** Seeds archives that the main thread has verified, and keeps them announced to the DHT. */
  seed(archives: KeptSeed[]): Promise<void>;
  unseed(infoHashHex: string): Promise<void>;
  /** Resolves with the `.torrent` when every piece is there. */
  download(operation: number, order: DownloadOrder): Promise<Uint8Array>;
  /** Hands peers to a download that is under way; does nothing if there is none of that torrent. */
  addPeers(infoHashHex: string, peers: PeerAddress[]): Promise<void>;
  get(operation: number, key: ItemKey): Promise<GetOutcome>;
  /** Puts an item once, without keeping it. */
  put(operation: number, item: MutableItem, terms?: PutTerms): Promise<PutOutcome>;
  /** Looks for peers of a torrent; resolves with as many as were found. */
  findPeers(operation: number, infoHashHex: string): Promise<PeersOutcome>;
  /** Keeps records alive: announces each at its due time, and again and again. */
  keepRecords(records: KeptRecord[]): Promise<void>;
  /** No longer keeps a record alive. */
  forgetRecord(targetHex: string): Promise<void>;
  /**
   * Announces some of the kept records and torrents now, by target or infohash.
   *
   * @param urgent somebody waits for it, so it does not wait for the budget of packets
   */
  announceNow(operation: number, idsHex: string[], urgent: boolean): Promise<void>;
  /** Ends an operation early. */
  cancel(operation: number): Promise<void>;
  /** Shows that the thread can answer. */
  ping(): Promise<void>;
  /** Everything has been begun: collects the garbage that this has left. */
  tidy(): Promise<void>;
  /** Names more addresses to begin with, where names were not found at the start. */
  addBootstrap(addresses: { host: string; port: number }[]): Promise<void>;
  /** The nodes of the routing table, for the next start. */
  knownNodes(): Promise<Contact[]>;
  /** Manager first, then the engine; both bounded by `deadlineMs` milliseconds in all. */
  stop(deadlineMs: number): Promise<void>;
}

/** What the worker tells on its own. */
export type WorkerEvent =
  | { event: "dht"; state: DhtState }
  | { event: "progress"; operation: number; progress: DownloadProgress }
  /** A record or torrent was announced. `operation` is there if `announceNow` asked for it. */
  | { event: "announced"; operation?: number; report: ReportData }
  /** The `.torrent` of a seeded archive cannot be read. */
  | { event: "unreadable"; infoHashHex: string; message: string }
  /** A line for the log: `warn` is for people, `debug` what libraries say besides. */
  | { event: "log"; level: "warn" | "debug"; message: string }
  | { event: "failure"; error: ErrorData };

/** Whether there is a DHT, and somebody in it who answers. */
export function isReachable(dht: DhtState): boolean {
  return dht.state === "on" && !dht.silent;
}
