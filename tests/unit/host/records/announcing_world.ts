/**
 * A home whose announcements are counted: a real state database and a real schedule, with a simulated
 * clock, and nodes that always answer.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { join } from "node:path";
import { fromHex, toHex } from "../../../../src/base/mod.ts";
import { type AnnounceOutcome, type PutOutcome, Reannouncer } from "../../../../src/dht/mod.ts";
import { Announcing } from "../../../../src/host/records/announcing.ts";
import { KeptRecords } from "../../../../src/host/records/kept_records.ts";
import type { NameCare } from "../../../../src/host/records/name_schedule.ts";
import { Batch } from "../../../../src/host/thread/mod.ts";
import { type KeyPair, keyPairFromSeed } from "../../../../src/identity/mod.ts";
import { serializeMinimal } from "../../../../src/package/mod.ts";
import {
  announceSalt,
  encodeManifestRecord,
  manifestSalt,
  type MutableItem,
  targetOf,
} from "../../../../src/records/mod.ts";
import { StateDatabase } from "../../../../src/store/mod.ts";
import type { ReportData } from "../../../../src/worker/mod.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { temporaryHome } from "../../../support/mod.ts";
import { seededRandom } from "../../../support/simulated_dht.ts";
import { signedMinimal } from "../../../support/signed.ts";

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
export const keys: KeyPair = keyPairFromSeed(new Uint8Array(32).fill(1));

const PORT = 6_881;
/** Packets of one announcement. */
export const PACKETS = { record: 12, torrent: 16 };

export function infoHashOf(name: string, version: string): string {
  return createHash("sha1").update(`${name} ${version}`).digest("hex");
}

export function recordIdOf(name: string, version: string): string {
  return toHex(targetOf(keys.publicKey, manifestSalt(name, version)));
}

/** One announcement that was made. */
export interface Made {
  idHex: string;
  atMs: number;
}

/** A home that announces to nodes that always answer. */
export class AnnouncingWorld implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly state: StateDatabase;
  readonly made: Made[] = [];
  readonly warnings: string[] = [];
  /** Infohashes of the rendezvous at which the home can be met. */
  places: string[] = [];
  /** Infohashes of the archives that the worker seeds. */
  readonly seeded = new Set<string>();
  /** Number of networks that nodes name at the publisher's rendezvous. */
  networks = 1;
  budget = 20_000;
  /** Packets of announcing a record. */
  recordPackets = PACKETS.record;
  hasDht = true;
  announcing!: Announcing;
  records!: KeptRecords;
  schedule!: Reannouncer;
  readonly #reports = new Batch<ReportData>({
    clock: this.clock,
    write: (reports) => this.records.settle(...reports),
    onError: (error) => {
      throw error;
    },
  });
  readonly #remove: () => Promise<void>;
  readonly #names = new Set<string>();

  static async open(): Promise<AnnouncingWorld> {
    const home = await temporaryHome();
    return new AnnouncingWorld(home);
  }

  private constructor({ path, remove }: { path: string; remove: () => Promise<void> }) {
    this.state = StateDatabase.open(join(path, "state.db"), this.clock);
    this.#remove = remove;
  }

  /** Adds versions of the publisher: an archive and a manifest record each. */
  add(
    name: string,
    versions: readonly string[],
    { own = true, atMs = 0, hasRecord = true } = {},
  ): void {
    const text = serializeMinimal(signedMinimal({
      ...{ name, version: "1.0.0", archiveSha256: `sha256:${"cd".repeat(32)}` },
      ...{ btih: "ab".repeat(20), length: 1, timestamp: Math.max(atMs, 1) },
    }, keys));
    this.#names.add(name);
    this.state.transaction(() => {
      for (const version of versions) {
        const infoHash = fromHex(infoHashOf(name, version))!;
        this.seeded.add(toHex(infoHash));
        this.state.verifiedFiles.remember(
          `/seed/${name}-${version}.tgz`,
          { sizeBytes: 1, mtimeMs: atMs, inode: 1 },
          { sha256: new Uint8Array(32), infoHash },
          { text, mark: "m", name, version, publicKey: keys.publicKey },
        );
        if (!hasRecord) continue;
        const value = encodeManifestRecord({
          ...{ infoHash, archiveSha256: new Uint8Array(32), lengthBytes: 1, name, version },
          ...{ timestampMs: atMs, signature: new Uint8Array(64) },
        });
        this.#keep({ salt: manifestSalt(name, version), value }, "manifest", own, name, version);
      }
      const salt = announceSalt(keys.publicKey);
      this.#keep({ salt, value: new Uint8Array([0x69, 0x31, 0x65]) }, "announce", own);
    });
  }

  #keep(
    item: Pick<MutableItem, "salt" | "value">,
    kind: string,
    own: boolean,
    name?: string,
    version?: string,
  ): void {
    const { publicKey } = keys;
    const target = targetOf(publicKey, item.salt);
    const signature = new Uint8Array(64);
    const stored = { ...item, publicKey, signature, seq: 1 };
    this.state.records.put({ item: stored, target, kind, name, version, own, createdMs: 1 });
  }

  /** Starts announcing, as a daemon does; may be called again, as after a restart. */
  async start(): Promise<void> {
    const { clock } = this;
    this.records = new KeptRecords(this.state, clock, PORT, () => 8, () => {});
    this.schedule = new Reannouncer({
      announcer: {
        put: (item) => Promise.resolve(this.#put(item)),
        announcePeer: (infoHash) => Promise.resolve(this.#announce(toHex(infoHash))),
      },
      clock,
      random: seededRandom(7),
      intervalMs: 50 * 60_000,
      port: PORT,
      onReport: (report) => {
        this.announcing.hear(report as ReportData);
        this.#reports.add(report as ReportData, 30_000);
      },
    });
    // deno-lint-ignore no-this-alias
    const world = this;
    this.announcing = new Announcing({
      state: this.state,
      clock,
      worker: {
        get hasDht() {
          return world.hasDht;
        },
        get: () => Promise.reject(new Error("not used")),
        keepRecords: (records) => Promise.resolve(this.schedule.keepRecords(records)),
        keepTorrents: (torrents) => {
          for (const { infoHashHex, dueMs, isOnce } of torrents) {
            if (!this.seeded.has(infoHashHex)) continue;
            this.schedule.keepTorrent(infoHashHex, dueMs, undefined, isOnce);
          }
          return Promise.resolve();
        },
        retainAnnouncements: (ids) => Promise.resolve(this.schedule.retain(ids)),
        setRendezvous: (places) => {
          const before = new Set(this.places);
          this.places = places.map(({ infoHashHex }) => infoHashHex);
          for (const { infoHashHex, announceDueMs } of places) {
            if (!before.has(infoHashHex)) this.schedule.keepTorrent(infoHashHex, announceDueMs);
          }
          return Promise.resolve();
        },
      },
      names: () => ({ names: (care) => this.#cares(care) }),
      budget: () => this.budget,
      torrentDueMs: (infoHashHex) => this.records.torrentDueMs(infoHashHex),
      onWarning: (message) => this.warnings.push(message),
    });
    await this.announcing.start();
    for (const infoHashHex of this.seeded) {
      if (!this.announcing.announces(infoHashHex, true)) continue;
      this.schedule.keepTorrent(infoHashHex, this.records.torrentDueMs(infoHashHex));
    }
  }

  /** Ends announcing, as at the end of a daemon. */
  async stop(): Promise<void> {
    this.schedule.stop();
    await this.announcing.stop();
    this.#reports.flush();
    this.places = [];
  }

  /** Number of announcements since a time, and their packets, without those of names. */
  since(atMs: number): { announcements: number; packets: number } {
    const made = this.made.filter((one) => one.atMs >= atMs);
    const packets = made.reduce((sum, { idHex }) => sum + this.#packetsOf(idHex), 0);
    return { announcements: made.length, packets };
  }

  /** Times of the announcements of a record or torrent. */
  timesOf(idHex: string): number[] {
    return this.made.filter((one) => one.idHex === idHex).map(({ atMs }) => atMs);
  }

  #packetsOf(idHex: string): number {
    const isTorrent = this.seeded.has(idHex) || this.places.includes(idHex);
    return isTorrent ? PACKETS.torrent : this.recordPackets;
  }

  #cares(care: (name: string, keys: readonly Uint8Array[]) => NameCare) {
    const cares = {
      publisher: new Set<string>(),
      keeper: new Set<string>(),
      reserve: new Set<string>(),
      onlooker: new Set<string>(),
    };
    for (const name of this.#names) cares[care(name, [keys.publicKey])].add(name);
    return cares;
  }

  #put({ publicKey, salt }: MutableItem): PutOutcome {
    this.made.push({ idHex: toHex(targetOf(publicKey, salt)), atMs: this.clock.now() });
    return {
      ...{ asked: 8, responded: 8, holding: 8, stored: 0, weak: false, needsRetry: false },
      ...{ superseded: undefined, conflict: undefined, errors: {} },
      packets: this.recordPackets,
    };
  }

  #announce(idHex: string): AnnounceOutcome {
    this.made.push({ idHex, atMs: this.clock.now() });
    const { networks: peerNetworks } = this;
    const packets = PACKETS.torrent;
    return { asked: 8, responded: 8, stored: 8, errors: {}, packets, peerNetworks };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    this.state.close();
    await this.#remove();
  }
}

/** Returns a number of versions, `1.0.0`, `1.1.0` and so on. */
export function versions(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `1.${i}.0`);
}

/** Starts a home, and returns the packets of its third hour, without those of name indexes. */
export async function anHour(world: AnnouncingWorld): Promise<number> {
  await world.start();
  await world.clock.advance(2 * HOUR_MS);
  const fromMs = world.clock.now();
  await world.clock.advance(HOUR_MS);
  return world.since(fromMs).packets;
}
