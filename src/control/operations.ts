/**
 * What the process that owns the engine does for a command, whether the command runs inside it or
 * reaches it through the control socket. Everything is plain JSON: bytes are hexadecimal, the
 * `.torrent` is base64.
 *
 * @module
 */

import { fromHex, toHex } from "../base/mod.ts";
import type { DhtManagerStats, PutOutcome } from "../dht/mod.ts";
import type { DhtState, DownloadProgress, Traffic } from "../engine/mod.ts";
import type { MutableItem, NameIndexEntry } from "../records/mod.ts";
import { ControlError } from "./errors.ts";

/** A signed mutable item (BEP 44) with its bytes in hexadecimal. */
export interface ItemJson {
  publicKey: string;
  salt: string;
  seq: number;
  value: string;
  signature: string;
}

/** What a get found; see `GetOutcome` of the DHT manager. */
export interface GetJson {
  item?: ItemJson;
  others?: ItemJson[];
  asked: number;
  responded: number;
  holding: number;
  stale: number;
  invalid: number;
  errors: Record<string, number>;
}

/** What a put did; see `PutOutcome` of the DHT manager. */
export interface PutJson {
  asked: number;
  responded: number;
  holding: number;
  stored: number;
  weak: boolean;
  needsRetry: boolean;
  superseded?: ItemJson;
  conflict?: ItemJson;
  errors: Record<string, number>;
}

/** A publisher's entry in a name index, signed; bytes in hexadecimal, times in Unix milliseconds. */
export interface EntryJson {
  publicKey: string;
  version: string;
  firstSeenMs: number;
  timestampMs: number;
  signature: string;
}

/** What writing into a name index did. */
export interface IndexedJson {
  /** 40 hexadecimal digits; another one tomorrow. */
  target: string;
  outcome: PutJson;
  /** Entries that were left out because somebody made them up. */
  dropped: string[];
  /** Whether it is in there now: a slot that is full keeps those who were there first. */
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
export interface AnnouncedJson extends RecordName {
  /** 40 hexadecimal digits. */
  target: string;
  outcome?: PutJson;
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

/** A package in the seed directory, named by whoever wants it removed. */
export interface PackageVersion {
  name: string;
  version: string;
  /** Its publisher's key in hexadecimal; needed only if several have published this. */
  publicKey?: string;
}

/** What to download. */
export interface DownloadJson {
  infoHash: string;
  lengthBytes?: number;
  maxBytes: number;
  /** `HOST:PORT` of peers that are known already. */
  peers?: string[];
  /** Base64 of the `.torrent`, if it is there already. */
  torrent?: string;
}

/** What a download left. */
export interface DownloadedJson {
  /** Absolute path of the complete file, checked against the infohash, not yet verified. */
  path: string;
  /** Base64 of the `.torrent`. */
  torrent: string;
}

/** Options that every operation takes. */
export interface CallOptions<Event = never> {
  /** Ends the operation early. */
  signal?: AbortSignal;
  /** Hears what happens on the way. */
  onEvent?: (event: Event) => void;
}

/** What the owner of the engine does. */
export interface Operations {
  status(): Promise<StatusJson>;
  list(): Promise<PackageJson[]>;
  /** Verifies an archive that is in the seed directory, and seeds it. */
  add(request: { fileName: string }): Promise<PackageJson>;
  /**
   * Seeds a catalog that is in the seed directory. With `announce` it resolves when the DHT knows who
   * seeds it, or after twenty seconds.
   */
  addCatalog(
    request: { fileName: string; announce?: boolean },
    options?: CallOptions,
  ): Promise<void>;
  /** Seeds it no more and takes it out of the seed directory. */
  remove(request: PackageVersion): Promise<void>;
  /** Reads a mutable item from the DHT. */
  lookUp(
    request: { publicKey: string; salt: string },
    options?: CallOptions,
  ): Promise<GetJson>;
  /** The item that this home keeps under a key and salt, if it does; the DHT is not asked. */
  keptItem(request: { publicKey: string; salt: string }): Promise<{ item?: ItemJson }>;
  /**
   * Keeps a signed item in `state.db` and puts it into the DHT. `foreign` is for one that somebody
   * else has signed; with `later` it is only kept, and put when it is announced: its outcome is that
   * of a put that asked nobody.
   */
  store(
    request: { item: ItemJson; record: RecordName; foreign?: boolean; later?: boolean },
    options?: CallOptions,
  ): Promise<PutJson>;
  /** The entry of a publisher that this home keeps in the index of a name, if it does. */
  nameEntry(request: { name: string; publicKey: string }): Promise<{ entry?: EntryJson }>;
  /**
   * Writes a signed entry into the index of a name, and keeps it there. With `later` it is only kept,
   * as by `store`.
   */
  indexName(
    request: { name: string; entry: EntryJson; later?: boolean },
    options?: CallOptions,
  ): Promise<IndexedJson>;
  /** How many peers the DHT knows for a torrent. */
  countPeers(request: { infoHash: string }, options?: CallOptions): Promise<{ peers: number }>;
  /** Re-announces records: those of the packages named, or all. */
  announce(
    request: { packages: { name: string; version?: string }[] },
    options?: CallOptions<AnnouncedJson>,
  ): Promise<AnnouncedJson[]>;
  /** Downloads into the seed directory, under a name that nothing else takes for a package. */
  download(
    request: DownloadJson,
    options?: CallOptions<DownloadProgress>,
  ): Promise<DownloadedJson>;
  /** Says that the followed publishers are others now; the daemon sees to them at once. */
  followed(): Promise<void>;
  /** The records that this home keeps alive, and how each was found at its last announcement. */
  records(): Promise<RecordJson[]>;
  /** The settings in force, and where each came from. */
  settings(): Promise<SettingJson[]>;
  /** Reads the settings anew and takes over what can change while it runs. */
  reload(): Promise<ReloadedJson>;
  /** Ends the daemon. */
  stop(): Promise<void>;
}

/** An item for the wire. */
export function itemToJson(item: MutableItem): ItemJson {
  return {
    publicKey: toHex(item.publicKey),
    salt: toHex(item.salt),
    seq: item.seq,
    value: toHex(item.value),
    signature: toHex(item.signature),
  };
}

/** A put's outcome for the wire. */
export function putToJson(outcome: PutOutcome): PutJson {
  const { superseded, conflict, ...counts } = outcome;
  return {
    ...counts,
    ...(superseded && { superseded: itemToJson(superseded) }),
    ...(conflict && { conflict: itemToJson(conflict) }),
  };
}

/** An entry for the wire. */
export function entryToJson(entry: NameIndexEntry): EntryJson {
  return {
    ...entry,
    publicKey: toHex(entry.publicKey),
    signature: toHex(entry.signature),
  };
}

/** An entry from the wire. @throws {ControlError} `CONTROL_REQUEST` if a member is not hexadecimal */
export function entryFromJson(json: EntryJson): NameIndexEntry {
  return {
    ...json,
    publicKey: bytesOf(json.publicKey, "publicKey"),
    signature: bytesOf(json.signature, "signature"),
  };
}

/** An item from the wire. @throws {ControlError} `CONTROL_REQUEST` if a member is not hexadecimal */
export function itemFromJson(json: ItemJson): MutableItem {
  return {
    publicKey: bytesOf(json.publicKey, "publicKey"),
    salt: bytesOf(json.salt, "salt"),
    seq: json.seq,
    value: bytesOf(json.value, "value"),
    signature: bytesOf(json.signature, "signature"),
  };
}

/** Hexadecimal text of a request as bytes. @throws {ControlError} `CONTROL_REQUEST` */
export function bytesOf(text: string, member: string): Uint8Array {
  const bytes = fromHex(text);
  if (bytes) return bytes;
  throw new ControlError("usage", "CONTROL_REQUEST", `"${member}" is not hexadecimal: ${text}`);
}
