/**
 * Messages between the command's thread and the sandboxed worker thread. The command's thread calls
 * {@linkcode WorkerApi}, and the worker sends {@linkcode WorkerEvent}s. Private keys are never
 * sent: the launcher signs, and the worker receives signed bytes.
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
  ByteRange,
  DetailedTorrent,
  DhtDetails,
  DhtState,
  DownloadProgress,
  EncryptionMode,
  FamilyStatus,
  LanStatus,
  RangesHeld,
  RendezvousAsked,
  Reused,
  ReusedRange,
  SeedOrder,
  TorrentStatus,
  Totals,
  Traffic,
  TransportMode,
  UtpStatus,
} from "../engine/mod.ts";
import {
  type Binding,
  type BindingState,
  type ErrorData,
  errorToData,
  type HostPort,
} from "../base/mod.ts";
import type { GateStatus } from "../gate/mod.ts";
import type { MutableItem, RendezvousAnswer, RendezvousQuestion } from "../records/mod.ts";
import type { ReachabilityStatus } from "../reachability/mod.ts";
import type { PortMappingStatus } from "../router/mod.ts";

/** Options for starting the engine and the DHT nodes in the worker thread. */
export interface WorkerOptions extends TunableOptions {
  /** Port for TCP and UDP; 0 for any port that is free for both. */
  port: number;
  /** Whether the engine runs a DHT node. */
  dht: boolean;
  /**
   * Addresses of DHT bootstrap nodes, without host names, because the worker may not resolve names.
   */
  bootstrap: { host: string; port: number }[];
  /** DHT nodes that are known from an earlier run. */
  knownNodes: Contact[];
  /** Maximum number of peer connections of one torrent. */
  maxConnections: number;
  /** Maximum number of incoming peer connections, summed over all torrents. */
  maxIncoming: number;
  /** How connections to peers are encrypted. */
  encryption: EncryptionMode;
  /** Transports of connections to peers. Default `both`. */
  transport?: TransportMode;
  /** Whether the DHT nodes are read-only (BEP 43). */
  readOnly: boolean;
  /** Whether the home router is asked to open the port. Default: it is not. */
  mapsPort?: boolean;
  /**
   * Secret from which the nonces of PCP are derived, 32 bytes, the same for every process of this
   * home. Without it, the nonces do not survive the process.
   */
  mappingSecret?: Uint8Array;
  /** Whether to find peers in the local network (BEP 14). */
  lan: boolean;
  /** Whether peers on this machine and in private networks may be dialled, at any port and rate. */
  allowLocal: boolean;
}

/**
 * Options that can change while the worker runs. Their values come from the user's settings and
 * have the same units.
 */
export interface TunableOptions {
  /** Upload limit, bytes a second; 0 for no limit. */
  uploadBytesPerSecond: number;
  /** Download limit, bytes a second; 0 for no limit. */
  downloadBytesPerSecond: number;
  /** Number of closest DHT nodes that should hold a record. */
  storeNodes: number;
  /** Minimum number of nodes that hold a record after a put; with fewer, the put is weak. */
  minNodes: number;
  /** Rate limit of background work in the DHT, packets a second. */
  dhtPacketsPerSecond: number;
  /** Interval between announcements of a record or torrent, milliseconds. */
  reannounceIntervalMs: number;
}

/** State of the engine and the DHT right after their start. */
export interface WorkerStarted {
  /** Port on which the engine listens, TCP and UDP. */
  port: number;
  /** Id of the DHT node of IPv4, 40 hexadecimal digits; absent while the DHT is off. */
  nodeIdHex?: string;
  dht: DhtState;
}

/** Status of the engine, the DHT and the announcement schedule in the worker thread. */
export interface WorkerStatus {
  port: number;
  nodeIdHex?: string;
  dht: DhtState;
  /** Number of nodes in the routing table of IPv4. */
  dhtNodes: number;
  /** The DHT node of IPv6; absent while this machine has no IPv6 address. */
  dht6?: FamilyStatus;
  traffic?: Traffic;
  /** Traffic and connections of uTP; absent without uTP. */
  utp?: UtpStatus;
  manager: DhtManagerStats;
  /** Number of records and torrents in the announcement schedule, and number of overdue ones. */
  schedule: { kept: number; overdue: number };
  totals: Totals;
  /** The addresses to which all sockets are bound, and their state; absent if not bound. */
  binding?: Binding & BindingState;
  /** State of our port in the home router; absent if the router is not asked. */
  portMapping?: PortMappingStatus;
  /**
   * State of our port in the router's firewall for IPv6; absent if the router is not asked, or there is
   * no gateway of IPv6.
   */
  pinhole?: PortMappingStatus;
  /** The deaths of the gate's thread; absent if it has not died. */
  gate?: GateStatus;
  /** Whether peers outside can connect. */
  reachability: ReachabilityStatus;
  /** Addresses of this machine's interfaces; absent if the launcher does not watch them. */
  hostAddresses?: readonly string[];
  /** The peers of the local network; absent if they are not searched. */
  lan?: LanStatus;
}

/** Statistics of a worker without a DHT manager. */
export const NO_STATS: DhtManagerStats = {
  gets: 0,
  getsAnswered: 0,
  puts: 0,
  putsStrong: 0,
  peerSearches: 0,
  peerSearchesFound: 0,
  peersFound: 0,
  roundTripMs: undefined,
};

/** An archive to seed and to announce regularly. */
export interface KeptSeed extends SeedOrder {
  /** Time at which the archive's next announcement is due, Unix milliseconds. */
  announceDueMs: number;
  /** Whether the archive's own infohash is announced regularly. Default: it is. */
  announces?: boolean;
}

/** A seeded archive to announce. */
export interface KeptTorrent {
  /** Infohash of the archive, 40 hexadecimal digits. */
  infoHashHex: string;
  /** Time at which its next announcement is due, Unix milliseconds. */
  dueMs: number;
  /** Whether it is announced once, and not regularly. */
  isOnce?: boolean;
}

/** An archive to download, and the file to write. */
export interface DownloadOrder {
  /** Infohash of the archive, 40 hexadecimal digits. */
  infoHashHex: string;
  /** Content of the `.torrent`, if known. */
  torrent?: Uint8Array;
  /** Absolute path of the file to write, inside the seed directory. */
  filePath: string;
  /** Length of the archive by its signed manifest, bytes; absent if unknown. */
  lengthBytes?: number;
  /** Length of the archive's pieces as libreseed makes them, bytes; absent if unknown. */
  pieceBytes?: number;
  /** Maximum length of the archive, bytes. A longer archive is refused. */
  maxBytes: number;
  /** Addresses of peers that are known already. */
  peers: PeerAddress[];
  /** URLs of web seeds (BEP 19). */
  webSeeds?: string[];
  /** Name of the archive's file in a directory of a web seed, as far as it is known. */
  fileName?: string;
  /** Number of bytes at the archive's beginning that are wanted. Default: all. */
  wantedBytes?: number;
  /**
   * Whether nothing but the first piece, and what `wantBeginning` says, is wanted until `offerReused` is
   * called. Default: it is not.
   */
  reuse?: boolean;
  /**
   * Identity of the publisher, 32 bytes. Peers are then searched at the publisher's rendezvous too;
   * absent if unknown.
   */
  publisher?: Uint8Array;
}

export type { RendezvousAsked, Reused, ReusedRange };

/** A rendezvous at which this machine can be met. */
export interface RendezvousPlace {
  /** Infohash of the rendezvous, 40 hexadecimal digits. */
  infoHashHex: string;
  /** Time at which its next announcement is due, Unix milliseconds. */
  announceDueMs: number;
}

/** Report of an announcement, as plain data that can be passed between threads. */
export type ReportData = Omit<AnnounceReport, "error"> & { error?: ErrorData };

/** Returns a report as plain data. */
export function reportToData({ error, ...report }: AnnounceReport): ReportData {
  return error === undefined ? report : { ...report, error: errorToData(error) };
}

/**
 * Functions of the worker that the command's thread calls. The command's thread chooses the number
 * `operation`, by which it can later `cancel` the operation.
 */
export interface WorkerApi {
  /**
   * Starts the engine, the DHT manager and the announcement schedule. Before the start, all other
   * calls fail with `NOT_STARTED`.
   */
  start(options: WorkerOptions): Promise<WorkerStarted>;
  /** Changes options of the running engine and DHT manager. */
  configure(options: TunableOptions): Promise<void>;
  status(): Promise<WorkerStatus>;
  /** Returns the status of every torrent. There may be thousands of torrents. */
  torrents(): Promise<TorrentStatus[]>;
  /**
   * Describes one torrent and its peers. A sleeping archive stays asleep. Returns `undefined` if there is
   * no such torrent.
   */
  torrentDetails(infoHashHex: string): Promise<DetailedTorrent | undefined>;
  /** Returns the routing tables of the DHT nodes, and their packets by kind. */
  dhtDetails(): Promise<DhtDetails>;
  /**
   * Seeds archives that the command's thread has verified, and announces them regularly to the DHT.
   */
  seed(archives: KeptSeed[]): Promise<void>;
  /** Stops seeding an archive, and removes its announcements from the schedule. */
  unseed(infoHashHex: string): Promise<void>;
  /** Downloads an archive; resolves with the `.torrent` when all pieces are verified. */
  download(operation: number, order: DownloadOrder): Promise<Uint8Array>;
  /**
   * Adds peers, URLs of web seeds and the publisher's identity (32 bytes), as far as it is known, to a
   * running download; does nothing for other torrents.
   */
  addSources(
    infoHashHex: string,
    peers: PeerAddress[],
    webSeeds: string[],
    publisher?: Uint8Array,
  ): Promise<void>;
  /** Wants more bytes of a running download that has `wantedBytes`. */
  widen(infoHashHex: string, wantedBytes: number): Promise<void>;
  /**
   * Wants more bytes at the beginning of a running download that has `reuse`, before the offer. Does
   * nothing for other torrents.
   */
  wantBeginning(infoHashHex: string, wantedBytes: number): Promise<void>;
  /**
   * Has a running download take up ranges of its file, into which the command's thread has written bytes of
   * other archives. They are verified; wrong ones are fetched, as all that lies in no range. Ranges may not
   * overlap, and there are at most 65,536. To be called once for each download with `reuse`, without any
   * range if there are no such bytes. Resolves when all is verified, or the download has ended.
   *
   * @throws `REUSE_INVALID`; the download then fetches all
   */
  offerReused(infoHashHex: string, ranges: ReusedRange[]): Promise<Reused>;
  /**
   * Wants ranges of bytes of a running download that has `wantedBytes`, and resolves when it has them.
   */
  want(operation: number, infoHashHex: string, ranges: ByteRange[]): Promise<RangesHeld>;
  /**
   * Looks a mutable item up in the DHT (BEP 44).
   *
   * @param tellsShown whether the event `shown` reports each valid item whose `seq` is the highest yet
   */
  get(operation: number, key: ItemKey, tellsShown?: boolean): Promise<GetOutcome>;
  /** Puts an item into the DHT once, without adding it to the announcement schedule. */
  put(operation: number, item: MutableItem, terms?: PutTerms): Promise<PutOutcome>;
  /** Searches the DHT for peers of a torrent. */
  findPeers(operation: number, infoHashHex: string): Promise<PeersOutcome>;
  /**
   * Replaces the set of rendezvous at which this machine can be met. Handshakes for them are taken, and
   * each is announced as a peer, regularly, as a torrent.
   */
  setRendezvous(places: RendezvousPlace[]): Promise<void>;
  /**
   * Asks the peers of a rendezvous, as far as they can be found and dialled. The event `answer` reports
   * each answer, of which nothing is verified. `peers` are asked besides.
   */
  askRendezvous(
    operation: number,
    question: RendezvousQuestion,
    peers?: HostPort[],
  ): Promise<RendezvousAsked>;
  /** Answers the event `question`; does nothing if the answer comes too late. */
  answerQuestion(number: number, answer: RendezvousAnswer): Promise<void>;
  /**
   * Adds records to the announcement schedule: each is announced when due, and then at intervals.
   */
  keepRecords(records: KeptRecord[]): Promise<void>;
  /** Adds archives to the announcement schedule. Those that are not seeded are left out. */
  keepTorrents(torrents: KeptTorrent[]): Promise<void>;
  /**
   * Removes everything from the announcement schedule but the given records and torrents, what was
   * added in the last minute, and what is announced once.
   */
  retainAnnouncements(idsHex: string[]): Promise<void>;
  /** Removes a record from the announcement schedule. */
  forgetRecord(targetHex: string): Promise<void>;
  /**
   * Announces some records and torrents of the schedule now, given by target or infohash.
   *
   * @param urgent marks foreground work, which does not wait for the rate limiter
   */
  announceNow(operation: number, idsHex: string[], urgent: boolean): Promise<void>;
  /** Ends an operation early, by the number that the command's thread chose for it. */
  cancel(operation: number): Promise<void>;
  /** Resolves at once, to show that the worker thread is responsive. */
  ping(): Promise<void>;
  /** Runs garbage collection, to free the memory that only the start needed. */
  tidy(): Promise<void>;
  /**
   * Adds DHT bootstrap addresses, for example of host names that could not be resolved at the
   * start.
   */
  addBootstrap(addresses: { host: string; port: number }[]): Promise<void>;
  /** Returns the nodes of the DHT routing table, to be stored for the next start. */
  knownNodes(): Promise<Contact[]>;
  /** Stops the DHT manager and then the engine, within `deadlineMs` milliseconds in total. */
  stop(deadlineMs: number): Promise<void>;
}

/** Events that the worker sends to the command's thread without being asked. */
export type WorkerEvent =
  | { event: "dht"; state: DhtState }
  /**
   * Our port in the home router was opened or lost, or could not be opened; `undefined` when only
   * the gateway of IPv6 is left.
   */
  | { event: "port-mapping"; status: PortMappingStatus | undefined }
  /** The same in the router's firewall for IPv6; `undefined` when the gateway of IPv6 is gone. */
  | { event: "pinhole"; status: PortMappingStatus | undefined }
  /** Our reachability, as far as it is known, has changed. */
  | { event: "reachability"; status: ReachabilityStatus }
  /** A node has shown an item that is looked up. */
  | { event: "shown"; operation: number; item: MutableItem }
  /** A peer of a rendezvous that is asked has answered; `from` is its address, without the port. */
  | { event: "answer"; operation: number; answer: RendezvousAnswer; from: string }
  /** A peer asks at a rendezvous. The command's thread calls `answerQuestion` with the number. */
  | { event: "question"; number: number; question: RendezvousQuestion }
  /** A peer has connected for a seeded archive. Each archive is told once an hour. */
  | { event: "asked"; infoHashHex: string }
  /** The addresses to which the engine is bound were lost, are back, or are others. */
  | { event: "binding"; state: BindingState }
  | { event: "progress"; operation: number; progress: DownloadProgress }
  /**
   * A record or torrent was announced. `operation` is present if a call of `announceNow` caused it.
   */
  | { event: "announced"; operation?: number; report: ReportData }
  /**
   * The engine cannot read the `.torrent` of a seeded archive. The command's thread rebuilds it.
   */
  | { event: "unreadable"; infoHashHex: string; message: string }
  /** A line for the log. Level `warn` is for users; level `debug` is output of libraries. */
  | { event: "log"; level: "warn" | "debug"; message: string }
  | { event: "failure"; error: ErrorData };

/** Whether the DHT is on and its nodes respond. */
export function isReachable(dht: DhtState): boolean {
  return dht.state === "on" && !dht.silent;
}
