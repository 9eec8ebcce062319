/**
 * Helpers for tests of announcing: a scripted announcer, and sample records.
 *
 * @module
 */

import { toHex, utf8 } from "../../../src/base/mod.ts";
import type { Announcer } from "../../../src/dht/announce/announcement.ts";
import type { ReannouncerOptions } from "../../../src/dht/announce/reannounce.ts";
import { type AnnounceReport, type PutOutcome, Reannouncer } from "../../../src/dht/mod.ts";
import { keyPairFromSeed } from "../../../src/identity/mod.ts";
import { bencode } from "../../../src/bencode/mod.ts";
import { type MutableItem, targetOf } from "../../../src/records/mod.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { signedItem } from "../../support/signed.ts";
import { whenAborted } from "../../support/aborts.ts";

export const HOUR_MS = 3_600_000;
export const MINUTE_MS = 60_000;
const keys = keyPairFromSeed(new Uint8Array(32));

export function record(name: string, seq = 1): MutableItem {
  return signedItem(keys, { salt: utf8(name), seq, value: bencode(name) });
}

export function idOf(item: MutableItem): string {
  return toHex(targetOf(item.publicKey, item.salt));
}

export const good: PutOutcome = {
  asked: 8,
  responded: 8,
  holding: 8,
  stored: 0,
  weak: false,
  needsRetry: false,
  superseded: undefined,
  conflict: undefined,
  errors: {},
};

/** A fake of the DHT manager that records the calls and returns scripted outcomes. */
export class Announcements implements Announcer {
  readonly clock = new FakeClock();
  readonly beganMs = this.clock.now();
  /**
   * The recorded calls of the fake DHT manager, each with its time in milliseconds since the start.
   */
  readonly calls: {
    idHex: string;
    atMs: number;
    /** Port that was announced for a torrent. */
    port?: number;
    item?: MutableItem;
    refreshAfterMs?: number;
    background?: boolean;
  }[] = [];
  readonly reports: AnnounceReport[] = [];
  readonly reannouncer: Reannouncer;
  underWay = 0;
  mostUnderWay = 0;
  takesMs = 100;
  outcome: (idHex: string) => Partial<PutOutcome> | Error = () => ({});

  constructor(
    options: Partial<Omit<ReannouncerOptions, "announcer" | "clock" | "port">> = {},
  ) {
    this.reannouncer = new Reannouncer({
      announcer: this,
      clock: this.clock,
      random: options.random ?? (() => 0.5),
      intervalMs: options.intervalMs ?? HOUR_MS,
      port: 6_881,
      isReachable: options.isReachable,
      families: options.families,
      onError: options.onError,
      onReport: (report) => {
        this.reports.push(report);
        options.onReport?.(report);
      },
    });
  }

  get sinceMs(): number {
    return this.clock.now() - this.beganMs;
  }

  put: Announcer["put"] = async (item, { signal, background, refreshAfterMs }) => {
    const idHex = idOf(item);
    this.calls.push({ idHex, atMs: this.sinceMs, item, refreshAfterMs, background });
    await this.#work(signal);
    const outcome = this.outcome(idHex);
    if (outcome instanceof Error) throw outcome;
    return { ...good, ...outcome };
  };

  announcePeer: Announcer["announcePeer"] = async (infoHash, port, { signal }) => {
    const idHex = toHex(infoHash);
    this.calls.push({ idHex, atMs: this.sinceMs, port });
    await this.#work(signal);
    const outcome = this.outcome(idHex);
    if (outcome instanceof Error) throw outcome;
    return { asked: 8, responded: 8, stored: outcome.stored ?? 8, errors: {} };
  };

  /** Returns the times of an entry's announcements, in minutes since the start. */
  minutes(idHex: string): number[] {
    return this.calls.filter((call) => call.idHex === idHex)
      .map(({ atMs }) => Math.round(atMs / MINUTE_MS));
  }

  /** Returns the ports that were announced for a torrent. */
  ports(idHex: string): (number | undefined)[] {
    return this.calls.filter((call) => call.idHex === idHex).map(({ port }) => port);
  }

  async #work(signal?: AbortSignal): Promise<void> {
    this.mostUnderWay = Math.max(this.mostUnderWay, ++this.underWay);
    await new Promise<void>((resolve) => {
      this.clock.after(this.takesMs, resolve);
      whenAborted(signal, resolve);
    });
    this.underWay--;
  }
}
