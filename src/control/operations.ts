/**
 * The table of operations on the control socket, one row each. Client, server and `openNode` loop
 * over the table, so a new operation needs only a row here, a method of the host, and a caller.
 *
 * @module
 */

import * as v from "valibot";
import { MAX_WEB_SEED_BYTES, MAX_WEB_SEEDS } from "../base/mod.ts";
import type { GetOutcome, PutOutcome } from "../dht/mod.ts";
import type { DownloadProgress, RendezvousAsked } from "../engine/mod.ts";
import {
  MAX_SALT_BYTES,
  type MutableItem,
  type NameIndexEntry,
  type RendezvousAnswer,
} from "../records/mod.ts";
import type {
  Announced,
  Downloaded,
  Indexed,
  PackageJson,
  PeerCount,
  PrefixProgress,
  RangesRead,
  RecordJson,
  ReloadedJson,
  SettingJson,
  StatusJson,
} from "./answers.ts";
import { base64, bytes, bytesUpTo, item } from "./json.ts";
import { observingOperations } from "./observing_operations.ts";
import { count, infoHash, type Operation, plain, publicKey, text, withBytes } from "./operation.ts";

const itemKey = v.strictObject({ publicKey, salt: bytesUpTo(MAX_SALT_BYTES) });

/** Schema of the web seeds of a download. */
const webSeeds = v.pipe(
  v.array(v.pipe(v.string(), v.maxLength(MAX_WEB_SEED_BYTES))),
  v.maxLength(MAX_WEB_SEEDS),
);

/** Schema of the name of a stored record, as callers of `store` pass it. */
const recordName = v.strictObject({
  kind: v.picklist(["manifest", "announce", "publisher", "name-index", "other"]),
  name: v.optional(text),
  version: v.optional(text),
});

const certificate: v.GenericSchema<unknown, NonNullable<NameIndexEntry["certificate"]>> = v
  .strictObject({
    root: publicKey,
    key: publicKey,
    fromMs: count,
    untilMs: v.optional(count),
    names: v.optional(v.pipe(v.array(text), v.maxLength(8))),
    signature: bytes(64),
  });

const entry = v.strictObject({
  publicKey,
  certificate: v.optional(certificate),
  version: text,
  firstSeenMs: count,
  timestampMs: count,
  signature: bytes(64),
});

const putOutcome = withBytes<PutOutcome>({
  superseded: v.optional(item),
  conflict: v.optional(item),
});
const announced = withBytes<Announced>({ outcome: v.optional(putOutcome) });

const rendezvousAnswer: v.GenericSchema<unknown, RendezvousAnswer & { from: string }> = v
  .strictObject({
    entries: v.array(entry),
    items: v.array(item),
    seeder: v.optional(
      v.strictObject({ version: v.string(), archives: count, bytes: count, uptimeSeconds: count }),
    ),
    from: v.string(),
  });

/** The table of all operations, by name. */
export const operations = {
  /** Returns the status of the host. */
  status: { result: plain<StatusJson>(), get: true },
  /** Lists the packages in the seed directory. */
  list: { result: plain<PackageJson[]>(), get: true },
  /** Verifies an archive in the seed directory, and seeds it. */
  add: { request: v.strictObject({ fileName: text }), result: plain<PackageJson>() },
  /**
   * Seeds a catalog in the seed directory. With `announce`, it resolves after the DHT has been told
   * who seeds the catalog, or after 20 s.
   */
  addCatalog: {
    request: v.strictObject({ fileName: text, announce: v.optional(v.boolean()) }),
    result: plain<void>(),
  },
  /**
   * Stops seeding a package and deletes it from the seed directory. `publicKey` is needed only if
   * several publishers have published the version.
   */
  remove: {
    request: v.strictObject({ name: text, version: text, publicKey: v.optional(publicKey) }),
    result: plain<void>(),
    doneCode: "PACKAGE_NOT_FOUND",
  },
  /**
   * Reads a mutable item from the DHT. Each event has a valid item that a node has shown, with a
   * higher `seq` than all items before it.
   */
  lookUp: {
    request: itemKey,
    result: withBytes<GetOutcome>({
      item: v.optional(item),
      others: v.optional(v.array(item), []),
    }),
    event: withBytes<{ item: MutableItem }>({ item }),
  },
  /** Returns the item that this home stores under a key and salt, without a DHT query. */
  keptItem: {
    request: itemKey,
    result: withBytes<{ item?: MutableItem }>({ item: v.optional(item) }),
  },
  /**
   * Stores a signed item in `state.db` and puts it into the DHT. `foreign` marks an item that
   * another publisher has signed. With `later`, the item is only stored; the schedule puts it
   * later, and the returned outcome counts no nodes.
   */
  store: {
    request: v.strictObject({
      item,
      record: recordName,
      foreign: v.optional(v.boolean()),
      later: v.optional(v.boolean()),
    }),
    result: putOutcome,
  },
  /** Returns the entry of a publisher that this home stores for the index of a name. */
  nameEntry: {
    request: v.strictObject({ name: text, publicKey }),
    result: withBytes<{ entry?: NameIndexEntry }>({ entry: v.optional(entry) }),
  },
  /**
   * Writes a signed entry into the index of a name, and stores the entry to write it again each
   * day. With `later`, the entry is only stored, as in `store`.
   */
  indexName: {
    request: v.strictObject({ name: text, entry, later: v.optional(v.boolean()) }),
    result: withBytes<Indexed>({ outcome: putOutcome }),
  },
  /**
   * Searches the DHT for peers of a torrent, and at the rendezvous of its publisher, and returns the
   * numbers of found peers.
   */
  countPeers: {
    request: v.strictObject({ infoHash, publisher: v.optional(publicKey) }),
    result: plain<PeerCount>(),
  },
  /**
   * Asks the peers of a rendezvous for the publishers of a name, for the newest records of a publisher,
   * or for the manifest records of a version. Each event has the answer of one
   * peer, and the peer's address without the port. Nothing of an answer is verified. `peers` are asked
   * besides those that the DHT names.
   */
  askRendezvous: {
    request: v.union([
      v.strictObject({ name: text }),
      v.strictObject({ publicKey }),
      v.strictObject({
        ...{ publicKey, name: text, version: text },
        peers: v.optional(v.array(v.pipe(v.string(), v.maxLength(64)))),
      }),
    ]),
    result: plain<RendezvousAsked>(),
    event: rendezvousAnswer,
  },
  /**
   * Re-announces the records of the given packages, or all records. Each event has the outcome of
   * one record.
   */
  announce: {
    request: v.strictObject({
      packages: v.array(v.strictObject({ name: text, version: v.optional(text) })),
    }),
    result: v.array(announced),
    event: announced,
  },
  /**
   * Downloads an archive into the seed directory, under a temporary name. `peers` lists known peers
   * as `HOST:PORT`; `torrent` is the content of the `.torrent`, if known. `webSeeds` lists URLs of web
   * seeds (BEP 19); `fileName` is the archive's name in a directory of a web seed. `publisher` is the
   * publisher's identity, at whose rendezvous peers are searched too. With `reuse`, members of the archive
   * that other archives in the seed directory have as well are copied from there, unless the setting
   * `reuse` of the host is off.
   */
  download: {
    request: v.strictObject({
      infoHash,
      lengthBytes: v.optional(count),
      maxBytes: count,
      peers: v.optional(v.array(v.pipe(v.string(), v.maxLength(64)))),
      torrent: v.optional(base64),
      webSeeds: v.optional(webSeeds),
      fileName: v.optional(v.pipe(v.string(), v.maxLength(255))),
      publisher: v.optional(publicKey),
      reuse: v.optional(v.boolean()),
    }),
    result: withBytes<Downloaded>({ torrent: base64 }),
    event: plain<DownloadProgress>(),
    // The maximum fits a `.torrent` of 16 MiB in base64 and the other members of the request.
    maxRequestBytes: 24 << 20,
  },
  /**
   * Downloads the beginning of an archive into the seed directory: the pieces that hold the first
   * `wantedBytes` bytes, and more after each `widenPrefix`. Each event has the path of the file, whose
   * first `readyBytes` bytes are verified against the infohash; the path may change. Callers end the
   * operation, and the file is then deleted. It resolves by itself if a download of the whole archive,
   * which it had joined, is complete.
   */
  downloadPrefix: {
    request: v.strictObject({
      infoHash,
      lengthBytes: count,
      maxBytes: count,
      wantedBytes: count,
      webSeeds: v.optional(webSeeds),
      fileName: v.optional(v.pipe(v.string(), v.maxLength(255))),
      publisher: v.optional(publicKey),
    }),
    result: plain<void>(),
    event: plain<PrefixProgress>(),
  },
  /** Wants more bytes of a running `downloadPrefix`; does nothing if there is none. */
  widenPrefix: {
    request: v.strictObject({ infoHash, wantedBytes: count }),
    result: plain<void>(),
  },
  /**
   * Wants a range of bytes of a running `downloadPrefix` besides its beginning. Resolves with the path of
   * the file when the file has the range. Without a path, the range comes with the beginning: the download
   * has ended, or all of the archive is downloaded.
   */
  wantRange: {
    request: v.strictObject({ infoHash, start: count, end: count }),
    result: plain<{ path?: string }>(),
  },
  /**
   * Reads ranges of bytes of a torrent's file without downloading the rest. The pieces that hold them are
   * verified against the infohash. The file is one that this home seeds, or the pieces come from peers;
   * then the torrent stays open for some seconds, for the next ranges.
   */
  readRanges: {
    request: v.strictObject({
      infoHash,
      maxBytes: count,
      ranges: v.pipe(v.array(v.strictObject({ start: count, end: count })), v.maxLength(64)),
      webSeeds: v.optional(webSeeds),
      fileName: v.optional(v.pipe(v.string(), v.maxLength(255))),
      publisher: v.optional(publicKey),
    }),
    result: withBytes<RangesRead>({ bytes: base64 }),
  },
  /** Notifies the daemon that the list of followed publishers has changed. */
  followed: { result: plain<void>(), daemonOnly: true },
  /** Lists the records that this home stores, each with the result of its last announcement. */
  records: { result: plain<RecordJson[]>(), get: true },
  /** Lists the current settings, and the source of each. */
  settings: { result: plain<SettingJson[]>() },
  /** Reads the settings again and applies those that can change while the daemon runs. */
  reload: { result: plain<ReloadedJson>(), daemonOnly: true },
  ...observingOperations,
  /** Ends the daemon. Has no effect in a host that is not the daemon. */
  stop: { result: plain<void>(), daemonOnly: true },
} satisfies Record<string, Operation>;

type Table = typeof operations;

/** Name of an operation: a key of the table {@linkcode operations}. */
export type OperationName = keyof Table;

/** The names of all operations: the keys of the table {@linkcode operations}. */
export const operationNames = Object.keys(operations) as OperationName[];

/** Options for calling an operation, besides its request. */
export interface CallOptions<Event = never> {
  /** Aborting this signal ends the operation early. */
  signal?: AbortSignal;
  /** Called with each event of an operation that reports progress. */
  onEvent?: (event: Event) => void;
}

/** Type of the argument of an operation that has a request. */
export type RequestOf<Name extends OperationName> = Table[Name] extends
  { request: infer Schema extends v.GenericSchema } ? v.InferOutput<Schema> : never;

type EventOf<Row> = Row extends { event: infer Schema extends v.GenericSchema }
  ? v.InferOutput<Schema>
  : never;

type Method<Row extends Operation> = Row extends { request: infer Schema extends v.GenericSchema }
  ? (
    request: v.InferOutput<Schema>,
    options?: CallOptions<EventOf<Row>>,
  ) => Promise<v.InferOutput<Row["result"]>>
  : () => Promise<v.InferOutput<Row["result"]>>;

/** The operations as methods, implemented by the host and by the client of its control socket. */
export type Operations = { [Name in OperationName]: Method<Table[Name]> };
