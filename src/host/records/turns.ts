/**
 * The turns of the versions that are not announced individually. Each is announced once, as far as
 * the budget reaches, those first whose last announcement is longest ago.
 *
 * @module
 */

import { type Clock, fromHex, pausing, toHex } from "../../base/mod.ts";
import {
  decodeItem,
  decodeManifestRecord,
  encodeItem,
  manifestSalt,
  targetOf,
} from "../../records/mod.ts";
import type { StateDatabase } from "../../store/mod.ts";
import type { WorkerHandle } from "../thread/mod.ts";

/** Options of {@linkcode Turns}. */
export interface TurnsOptions {
  state: Pick<StateDatabase, "announcing" | "records">;
  clock: Clock;
  worker: Pick<WorkerHandle, "keepRecords" | "keepTorrents">;
  /** Whether a record or torrent is announced individually, by target or infohash (hex). */
  isScheduled: (idHex: string) => boolean;
  /** Returns the keys (32 bytes each) of whose versions the turns are. */
  signingKeys: () => Uint8Array[];
  /** Returns the packets of announcing a record and a torrent once. */
  costs: () => { record: number; torrent: number };
}

/** A version whose turn comes. */
interface Turn {
  item?: Uint8Array;
  targetHex?: string;
  infoHashHex: string;
  announcedMs: number;
}

/** Number of versions that are read from the state at once. */
const READ_AT_ONCE = 500;
const HOUR_MS = 3_600_000;
/** Time for which most nodes name a peer after its last announcement (ms). */
const NAMED_MS = 30 * 60_000;

/** Gives versions their turn. */
export class Turns {
  readonly #options: TurnsOptions;
  #waiting: Turn[] = [];
  /** Packets that earlier calls have sent beyond their share: 0 or negative. */
  #leftOver = 0;
  /** Time at which torrents had their turn (ms), by infohash (hex), in this order. */
  readonly #torrentsMs = new Map<string, number>();
  /** Records whose turn is under way, by target (hex). */
  readonly #records = new Set<string>();

  constructor(options: TurnsOptions) {
    this.#options = options;
  }

  /**
   * Gives some versions their turn, spread over the next `forMs` milliseconds.
   *
   * @param packetsPerHour part of the budget that is left for this
   */
  async take(packetsPerHour: number, forMs: number): Promise<void> {
    const { clock, costs, worker } = this.#options;
    const cost = costs();
    let packets = this.#leftOver + packetsPerHour * forMs / HOUR_MS;
    const turns: Turn[] = [];
    while (packets > 0) {
      const next = await this.#next();
      if (!next) break;
      packets -= cost.torrent + (next.item ? cost.record : 0);
      turns.push(next);
    }
    // The next call makes up for packets beyond the share. Unused packets are not saved.
    this.#leftOver = Math.min(packets, 0);
    const nowMs = clock.now();
    const due = turns.map((turn, i) => ({
      ...turn,
      dueMs: nowMs + Math.floor(forMs * i / turns.length),
    }));
    const records = due.flatMap(({ item, dueMs }) => item ? [{ item, dueMs }] : []);
    for (const { infoHashHex, targetHex, dueMs } of due) {
      this.#torrentsMs.delete(infoHashHex);
      this.#torrentsMs.set(infoHashHex, dueMs);
      if (targetHex !== undefined) this.#records.add(targetHex);
    }
    await worker.keepRecords(records.map((one) => ({ ...one, failures: 0, isOnce: true })));
    await worker.keepTorrents(
      due.map(({ infoHashHex, dueMs }) => ({ infoHashHex, dueMs, isOnce: true })),
    );
  }

  /** Whether a report is about the turn of a record. The turn has ended then. */
  end(idHex: string): boolean {
    return this.#records.delete(idHex);
  }

  /** Infohashes (hex) of the torrents that nodes still name because of their last turn. */
  named(): Set<string> {
    const nowMs = this.#options.clock.now();
    for (const [infoHashHex, atMs] of this.#torrentsMs) {
      if (Math.abs(nowMs - atMs) > NAMED_MS) this.#torrentsMs.delete(infoHashHex);
    }
    return new Set(this.#torrentsMs.keys());
  }

  async #next(): Promise<Turn | undefined> {
    const { isScheduled, state: { records } } = this.#options;
    for (let isRead = false;;) {
      const next = this.#waiting.shift();
      if (!next) {
        if (isRead) return undefined;
        isRead = true;
        this.#waiting = await this.#read();
        continue;
      }
      if (isScheduled(next.infoHashHex)) continue;
      if (next.targetHex === undefined) return next;
      // The record may have been replaced or removed meanwhile.
      const record = records.get(fromHex(next.targetHex)!);
      return { ...next, item: record && encodeItem(record.item) };
    }
  }

  /** Reads the versions that have waited longest, without those that had their turn just now. */
  async #read(): Promise<Turn[]> {
    const { state: { announcing, records }, signingKeys } = this.#options;
    const keys = signingKeys();
    const named = this.named();
    const turns = new Map<string, Turn>();
    const manifests = await oldestIn(announcing.oldestManifests(keys, READ_AT_ONCE));
    for (const { item, announcedMs } of manifests) {
      const { publicKey, salt, value } = decodeItem(item);
      const infoHashHex = toHex(decodeManifestRecord(value).infoHash);
      const targetHex = toHex(targetOf(publicKey, salt));
      turns.set(infoHashHex, { infoHashHex, targetHex, announcedMs });
    }
    for (const archive of await oldestIn(announcing.oldestArchives(keys, READ_AT_ONCE))) {
      const { name, version, publisher, infoHashHex, announcedMs } = archive;
      if (turns.has(infoHashHex)) continue;
      const target = targetOf(fromHex(publisher)!, manifestSalt(name, version));
      const targetHex = records.get(target) && toHex(target);
      turns.set(infoHashHex, { infoHashHex, targetHex, announcedMs });
    }
    return [...turns.values()]
      .filter(({ infoHashHex }) => !named.has(infoHashHex))
      .sort((a, b) => a.announcedMs - b.announcedMs);
  }
}

/** Returns those of all parts whose last announcement is longest ago. Other tasks run between two parts. */
async function oldestIn<T extends { announcedMs: number }>(
  parts: Iterable<readonly T[]>,
): Promise<T[]> {
  let oldest: T[] = [];
  for await (const part of pausing(parts)) {
    oldest = [...oldest, ...part].sort((a, b) => a.announcedMs - b.announcedMs)
      .slice(0, READ_AT_ONCE);
  }
  return oldest;
}
