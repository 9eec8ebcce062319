/**
 * A host in a simulated DHT: its state with the packages of a publisher, and the program's own parts that
 * decide what is announced when (`src/host/keepers.ts`, `src/dht/announce`). Simulated are the clock and
 * the nodes. Nothing is accelerated: an hour of the clock has all packets of an hour.
 */

import { createHash } from "node:crypto";
import { join } from "node:path";
import { type Clock, every, fromHex, toHex } from "../../src/base/mod.ts";
import type { Settings } from "../../src/config/mod.ts";
import { DhtManager, Reannouncer } from "../../src/dht/mod.ts";
import { createKeepers, type Keepers } from "../../src/host/keepers.ts";
import { KeptRecords } from "../../src/host/records/mod.ts";
import type { WorkerHandle } from "../../src/host/thread/mod.ts";
import { generateKeyPair, type KeyPair } from "../../src/identity/mod.ts";
import { formatSha256, type MinimalManifest, serializeMinimal } from "../../src/package/mod.ts";
import {
  announceSalt,
  encodeAnnounceRecord,
  encodeNameIndex,
  manifestSalt,
  type MutableItem,
  nameIndexSalt,
  nameIndexSlot,
  targetOf,
} from "../../src/records/mod.ts";
import { StateDatabase } from "../../src/store/mod.ts";
import { Trust } from "../../src/trust/mod.ts";
import type { RendezvousPlace, ReportData } from "../../src/worker/mod.ts";
import type { FakeClock } from "../../tests/support/fake_clock.ts";
import {
  seededRandom,
  type SimulatedClient,
  type SimulatedDht,
} from "../../tests/support/simulated_dht.ts";
import {
  signedEntry,
  signedItem,
  signedMinimal,
  signedRecord,
} from "../../tests/support/signed.ts";

const HOUR_MS = 3_600_000;
/** The defaults of `reannounce-interval` (ms) and `announce-budget`. */
const INTERVAL_MS = 50 * 60_000;
export const BUDGET = 20_000;
/** Interval at which outcomes are written to the state (ms), as the program does. */
const SETTLE_MS = 30_000;
const PORT = 6_881;

/** The packages of one publisher. */
export interface Published {
  keys: KeyPair;
  manifests: MinimalManifest[];
  records: MutableItem[];
  list: MutableItem;
  catalogHashHex: string;
}

/** Makes the packages of a publisher, `versions` of them, of `names` names. They are a month old. */
export function publish(names: number, versions: number, nowMs: number): Published {
  const keys = generateKeyPair();
  const timestamp = nowMs - 30 * 24 * HOUR_MS;
  const manifests = Array.from({ length: versions }, (_, i) =>
    signedMinimal({
      name: `package-${i % names}`,
      version: `1.${Math.floor(i / names)}.0`,
      archiveSha256: formatSha256(hashOf("sha256", `archive ${i}`)),
      btih: toHex(hashOf("sha1", `torrent ${i} of ${keys.publicKey.toHex()}`)),
      length: 65_536,
      timestamp,
    }, keys));
  const value = encodeAnnounceRecord({ packages: new Map(), timestampMs: timestamp });
  return {
    keys,
    manifests,
    records: manifests.map((minimal) => signedRecord(minimal, keys, timestamp)),
    list: signedItem(keys, { salt: announceSalt(keys.publicKey), seq: timestamp, value }),
    catalogHashHex: toHex(hashOf("sha1", `catalog of ${keys.publicKey.toHex()}`)),
  };
}

/** Options of {@linkcode SimulatedHost.start}. */
export interface SimulatedHostOptions {
  dht: SimulatedDht;
  clock: FakeClock;
  published: Published;
  isPublisher: boolean;
  /**
   * Whether the host keeps to its budget. Otherwise it announces everything by itself, as libreseed did
   * before it knew rendezvous.
   */
  plans: boolean;
  budget?: number;
  /** IPv4 address of the host. */
  host: string;
  seed: number;
}

/** A host that announces the packages of one publisher. */
export class SimulatedHost implements AsyncDisposable {
  readonly client: SimulatedClient;
  readonly manager: DhtManager;
  readonly #options: SimulatedHostOptions;
  readonly #clock: Clock;
  /** Targets and infohashes (hex) of versions that are not the newest of their name. */
  readonly #older = new Set<string>();
  readonly #directory: string;
  readonly #state: StateDatabase;
  readonly #schedule: Reannouncer;
  readonly #records: KeptRecords;
  readonly #keepers: Keepers;
  readonly #timer: { cancel(): void };
  #reports: ReportData[] = [];
  #places = new Set<string>();

  /** Starts a host whose records and torrents are due one after the other. */
  static async start(options: SimulatedHostOptions): Promise<SimulatedHost> {
    const directory = await Deno.makeTempDir({ prefix: "libreseed-bench-announce-" });
    const host = new SimulatedHost(options, directory);
    await host.#begin();
    return host;
  }

  private constructor(options: SimulatedHostOptions, directory: string) {
    const { dht, clock: exact, host, seed, plans, budget = BUDGET } = options;
    // As of a machine's clock, times are whole milliseconds.
    const clock: Clock = {
      now: () => Math.floor(exact.now()),
      after: (delayMs, fire) => exact.after(delayMs, fire),
    };
    this.#options = options;
    this.#clock = clock;
    this.#directory = directory;
    this.#state = StateDatabase.open(join(directory, "state.db"), clock);
    this.client = dht.client({ known: 64, host });
    this.manager = new DhtManager({ nodes: () => [this.client], clock });
    this.#schedule = new Reannouncer({
      announcer: this.manager,
      clock,
      random: seededRandom(seed),
      intervalMs: INTERVAL_MS,
      port: PORT,
      onReport: (report) => this.#reports.push(report as ReportData),
    });
    const onWarning = (message: string) => console.error(message);
    this.#records = new KeptRecords(this.#state, clock, PORT, () => 4, () => {});
    const settings = { reannounceIntervalMs: INTERVAL_MS, announcePacketsPerHour: budget };
    this.#keepers = createKeepers({
      daemon: plans,
      ...{ state: this.#state, clock, onWarning, records: this.#records },
      trust: new Trust({ state: () => this.#state, clock, onWarning, onNotice: () => {} }),
      worker: this.#worker() as unknown as WorkerHandle,
      // Nobody can be asked at a rendezvous here. That the index alone is not found is counted.
      caller: { ask: () => Promise.resolve({ found: 0, dialled: 0, answered: 0 }) } as never,
      settings: () => settings as Settings,
    });
    this.#timer = every(clock, SETTLE_MS, () => this.#settle());
  }

  /** Numbers of packets sent since the last call: all, and those for versions that are not the newest. */
  takePackets(): { all: number; older: number } {
    const sent = this.client.sent.splice(0);
    const older = sent.filter(({ args: { target, info_hash, k, salt } }) => {
      const put = () => targetOf(k as Uint8Array, (salt ?? new Uint8Array()) as Uint8Array);
      return this.#older.has(toHex((target ?? info_hash ?? put()) as Uint8Array));
    });
    return { all: sent.length, older: older.length };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#schedule.stop();
    this.#timer.cancel();
    const { clock } = this.#options;
    const ended = Promise.all([
      this.#keepers.names.stop(),
      this.#keepers.announcing?.stop(),
      this.manager.stop(1_000),
    ]);
    await clock.advance(60_000);
    await ended;
    this.#state.close();
    await Deno.remove(this.#directory, { recursive: true });
  }

  async #begin(): Promise<void> {
    this.#fill();
    const { announcing, names } = this.#keepers;
    const { manifests, catalogHashHex, keys } = this.#options.published;
    if (announcing) await announcing.start();
    else for (const some of this.#state.records.schedule(500)) this.#schedule.keepRecords(some);
    names.start();
    const announces = (infoHashHex: string) => announcing?.announces(infoHashHex) ?? true;
    const dueMs = this.#records.torrentsDueMs();
    for (const { btih } of manifests) {
      if (announces(btih)) this.#schedule.keepTorrent(btih, dueMs.get(btih) ?? 0);
    }
    const keepsCatalog = announcing
      ? announcing.addCatalog(catalogHashHex, toHex(keys.publicKey).slice(0, 16))
      : true;
    if (keepsCatalog) this.#schedule.keepTorrent(catalogHashHex, 0);
  }

  #settle(): void {
    const reports = this.#reports;
    this.#reports = [];
    if (reports.length === 0) return;
    this.#records.settle(...reports);
    for (const report of reports) this.#keepers.announcing?.hear(report);
  }

  /** The calls of the worker that announcing needs, as `src/worker/runtime.ts` answers them. */
  #worker() {
    const { manager } = this;
    const schedule = this.#schedule;
    return {
      hasDht: true,
      get: (key: Parameters<DhtManager["get"]>[0], signal?: AbortSignal) =>
        manager.get(key, { signal }),
      put: (item: MutableItem, signal?: AbortSignal, terms?: object) =>
        manager.put(item, { ...terms, signal }),
      keepRecords: (records: Parameters<Reannouncer["keepRecords"]>[0]) =>
        Promise.resolve(schedule.keepRecords(records)),
      keepTorrents: (torrents: { infoHashHex: string; dueMs: number; isOnce?: boolean }[]) =>
        Promise.resolve(
          torrents.forEach(({ infoHashHex, dueMs, isOnce }) =>
            schedule.keepTorrent(infoHashHex, dueMs, undefined, isOnce)
          ),
        ),
      retainAnnouncements: (ids: string[]) => Promise.resolve(schedule.retain(ids)),
      setRendezvous: (places: RendezvousPlace[]) => {
        const before = this.#places;
        this.#places = new Set(places.map(({ infoHashHex }) => infoHashHex));
        for (const place of before) if (!this.#places.has(place)) schedule.forget(place);
        for (const { infoHashHex, announceDueMs } of places) {
          if (!before.has(infoHashHex)) schedule.keepTorrent(infoHashHex, announceDueMs);
        }
        return Promise.resolve();
      },
    };
  }

  /** Fills the state as if everything had been announced in the last interval. */
  #fill(): void {
    const { published: { keys, manifests, records, list }, isPublisher } = this.#options;
    const nowMs = this.#clock.now();
    const state = this.#state;
    const { publicKey } = keys;
    const keep = (
      item: MutableItem,
      kind: string,
      own: boolean,
      name?: string,
      version?: string,
    ) => {
      const target = targetOf(item.publicKey, item.salt);
      state.records.put({ item, target, kind, name, version, own, createdMs: nowMs });
      return target;
    };
    const announced = (target: Uint8Array, share: number, everyMs: number, port?: number) =>
      state.outcomes.set({
        ...{ target, lastAttemptMs: nowMs, lastSuccessMs: nowMs, failures: 0, port },
        ...{ asked: 8, responded: 8, holding: 8, stored: 8 },
        nextDueMs: nowMs + Math.round(everyMs * share),
      });
    const newest = new Map(manifests.map((minimal) => [minimal.name, minimal]));
    state.transaction(() => {
      for (const [i, minimal] of manifests.entries()) {
        const { name, version } = minimal;
        const share = (i + 1) / manifests.length;
        const infoHash = fromHex(minimal.btih)!;
        state.verifiedFiles.remember(
          `/seed/${name}-${version}.tgz`,
          { sizeBytes: 65_536, mtimeMs: minimal.timestamp, inode: i },
          { sha256: hashOf("sha256", `archive ${i}`), infoHash },
          { text: serializeMinimal(minimal), mark: "1 1 1", name, version, publicKey },
        );
        announced(keep(records[i]!, "manifest", isPublisher, name, version), share, INTERVAL_MS);
        announced(infoHash, share, 26 * 60_000, PORT);
        if (newest.get(name) !== minimal) {
          this.#older.add(minimal.btih);
          this.#older.add(toHex(targetOf(publicKey, records[i]!.salt)));
          continue;
        }
        const times = { firstSeenMs: minimal.timestamp, timestampMs: minimal.timestamp };
        const entry = signedEntry(keys, name, { version, ...times });
        const item = {
          publicKey,
          salt: nameIndexSalt(name, nameIndexSlot(publicKey)),
          seq: minimal.timestamp,
          value: encodeNameIndex([entry]),
          signature: entry.signature,
        };
        keep(item, "name-entry", true, name, version);
      }
      announced(keep(list, "announce", isPublisher), 0.5, INTERVAL_MS);
    });
  }
}

/** Target of a package's manifest record. */
export function manifestTarget(published: Published, minimal: MinimalManifest): Uint8Array {
  return targetOf(published.keys.publicKey, manifestSalt(minimal.name, minimal.version));
}

function hashOf(algorithm: string, text: string): Uint8Array {
  return new Uint8Array(createHash(algorithm).update(text).digest());
}
