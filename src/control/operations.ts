/**
 * The operations that cross the control socket, one row each. Client, server and `openNode` loop over
 * this table, so a new operation is a row here, a method of the host, and its caller.
 *
 * @module
 */

import * as v from "valibot";
import type { GetOutcome, PutOutcome } from "../dht/mod.ts";
import type { DownloadProgress } from "../engine/mod.ts";
import { MAX_SALT_BYTES, type MutableItem, type NameIndexEntry } from "../records/mod.ts";
import type {
  Announced,
  Downloaded,
  Indexed,
  PackageJson,
  RecordJson,
  ReloadedJson,
  SettingJson,
  StatusJson,
} from "./answers.ts";
import { base64, bytes, bytesUpTo, item } from "./json.ts";

/** One row of {@linkcode operations}. */
export interface Operation {
  /** Schema that reads a request's JSON into the argument of the host's method; absent: no argument. */
  request?: v.GenericSchema;
  /** Schema that reads the JSON of the result. */
  result: v.GenericSchema;
  /** Schema that reads the JSON of an event, if the operation reports progress before its result. */
  event?: v.GenericSchema;
  /** The server answers a `GET` too, for people with curl. */
  get?: true;
  /** The operation has an effect only in a daemon; a command's own host ignores it. */
  daemonOnly?: true;
  /** Error code that means "done already" when a command repeats the operation with a new host. */
  doneCode?: string;
  /** Maximum length of a request, bytes; 1 MiB by default. */
  maxRequestBytes?: number;
}

/** Schema of a result without bytes; it accepts any JSON. */
function plain<T>(): v.GenericSchema<unknown, T> {
  return v.custom<T>(() => true);
}

/** Schema of a result with bytes: reads the given members and keeps the others as they are. */
function withBytes<T>(members: v.ObjectEntries): v.GenericSchema<unknown, T> {
  return v.looseObject(members) as unknown as v.GenericSchema<unknown, T>;
}

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const text = v.pipe(v.string(), v.minLength(1), v.maxLength(256));
const infoHash = v.pipe(v.string(), v.regex(/^[0-9a-f]{40}$/));
const publicKey = bytes(32);
const itemKey = v.strictObject({ publicKey, salt: bytesUpTo(MAX_SALT_BYTES) });

/** The name of a kept record, as callers of `store` pass it. */
const recordName = v.strictObject({
  kind: v.picklist(["manifest", "announce", "name-index", "other"]),
  name: v.optional(text),
  version: v.optional(text),
});

const entry = v.strictObject({
  publicKey,
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

/** All operations, by name. */
export const operations = {
  /** Tells how the host is doing. */
  status: { result: plain<StatusJson>(), get: true },
  /** Lists the packages in the seed directory. */
  list: { result: plain<PackageJson[]>(), get: true },
  /** Verifies an archive that lies in the seed directory, and seeds it. */
  add: { request: v.strictObject({ fileName: text }), result: plain<PackageJson>() },
  /**
   * Seeds a catalog that lies in the seed directory. With `announce` it resolves when the DHT knows who
   * seeds the catalog, or after 20 s.
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
  /** Reads a mutable item from the DHT. */
  lookUp: {
    request: itemKey,
    result: withBytes<GetOutcome>({
      item: v.optional(item),
      others: v.optional(v.array(item), []),
    }),
  },
  /** Returns the item that this home keeps under a key and salt, without asking the DHT. */
  keptItem: {
    request: itemKey,
    result: withBytes<{ item?: MutableItem }>({ item: v.optional(item) }),
  },
  /**
   * Keeps a signed item in `state.db` and puts it into the DHT. `foreign` marks an item that another
   * publisher has signed. With `later` the item is only kept, and put when it is announced: its outcome
   * is that of a put that asked nobody.
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
  /** Returns a publisher's entry that this home keeps in the index of a name. */
  nameEntry: {
    request: v.strictObject({ name: text, publicKey }),
    result: withBytes<{ entry?: NameIndexEntry }>({ entry: v.optional(entry) }),
  },
  /**
   * Writes a signed entry into the index of a name, and keeps it there. With `later` the entry is only
   * kept, as by `store`.
   */
  indexName: {
    request: v.strictObject({ name: text, entry, later: v.optional(v.boolean()) }),
    result: withBytes<Indexed>({ outcome: putOutcome }),
  },
  /** Counts the peers that the DHT knows for a torrent. */
  countPeers: { request: v.strictObject({ infoHash }), result: plain<{ peers: number }>() },
  /** Re-announces the records of some packages, or all. Each event is the outcome of one record. */
  announce: {
    request: v.strictObject({
      packages: v.array(v.strictObject({ name: text, version: v.optional(text) })),
    }),
    result: v.array(announced),
    event: announced,
  },
  /**
   * Downloads into the seed directory, under a name that no package has. `peers` are `HOST:PORT` of
   * peers that are known already, `torrent` is the `.torrent` if it is known.
   */
  download: {
    request: v.strictObject({
      infoHash,
      lengthBytes: v.optional(count),
      maxBytes: count,
      peers: v.optional(v.array(v.pipe(v.string(), v.maxLength(64)))),
      torrent: v.optional(base64),
    }),
    result: withBytes<Downloaded>({ torrent: base64 }),
    event: plain<DownloadProgress>(),
    // A `.torrent` of 16 MiB in base64, and the rest.
    maxRequestBytes: 24 << 20,
  },
  /** Tells the daemon that the followed publishers have changed. */
  followed: { result: plain<void>(), daemonOnly: true },
  /** Lists the records that this home keeps alive, and how each was found when announced last. */
  records: { result: plain<RecordJson[]>(), get: true },
  /** Lists the settings in force, and where each came from. */
  settings: { result: plain<SettingJson[]>() },
  /** Reads the settings anew and takes over what can change while the daemon runs. */
  reload: { result: plain<ReloadedJson>(), daemonOnly: true },
  /** Ends the daemon. */
  stop: { result: plain<void>(), daemonOnly: true },
} satisfies Record<string, Operation>;

type Table = typeof operations;

/** The name of an operation. */
export type OperationName = keyof Table;

/** The names of all operations. */
export const operationNames = Object.keys(operations) as OperationName[];

/** Options of a call. */
export interface CallOptions<Event = never> {
  /** Ends the operation early. */
  signal?: AbortSignal;
  /** Called with each event of an operation that reports progress. */
  onEvent?: (event: Event) => void;
}

/** Argument of the host's method for an operation that has a request. */
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

/** The operations as methods: implemented by the host, and by a client of its control socket. */
export type Operations = { [Name in OperationName]: Method<Table[Name]> };
