/**
 * Decides when each torrent is announced in the local network (BEP 14). Torrents that fall due
 * within a minute are announced together.
 *
 * @module
 */

import { TokenBucket } from "../../base/mod.ts";

/** Interval between two announcements of a torrent (ms; BEP 14). */
export const INTERVAL_MS = 5 * 60_000;
/** Time by which a torrent may be announced early, together with others (ms). */
const EARLY_MS = 60_000;
/**
 * Pauses before the second and the third announcement of a download (ms). Wireless networks lose
 * multicast packets.
 */
export const REPEAT_MS: readonly number[] = [2_000, 8_000];
/** Maximum number of infohashes in one announcement, which is one datagram for each interface. */
export const MAX_TOGETHER = 24;
/**
 * Token bucket of announcements. BEP 14 asks for at most one a minute, which suffices for 120
 * torrents.
 */
const SENT = { burst: 8, perSecond: 1 };

/** The torrents that are announced, and the times at which they are due. */
export class Announcements {
  readonly #sent: TokenBucket;
  /** Torrents that are due at once, in order of arrival. */
  readonly #waiting = new Set<string>();
  /** Time of the last announcement of each other torrent, the oldest first. */
  readonly #announced = new Map<string, number>();
  /** Times at which downloads are announced once more, the earliest first. */
  readonly #repeats = new Map<string, number[]>();

  constructor(nowMs: number) {
    this.#sent = new TokenBucket(SENT, nowMs);
  }

  /**
   * Adds a torrent, which is due at once; does nothing if it is there.
   *
   * @param isDownload whether the announcement is repeated early, as peers are wanted now
   */
  add(infoHashHex: string, isDownload: boolean, nowMs: number): void {
    if (isDownload) {
      let dueMs = nowMs;
      this.#repeats.set(infoHashHex, REPEAT_MS.map((pauseMs) => dueMs += pauseMs));
      this.#announced.delete(infoHashHex);
    } else if (this.#announced.has(infoHashHex)) return;
    this.#waiting.add(infoHashHex);
  }

  /** Removes a torrent. */
  remove(infoHashHex: string): void {
    this.#waiting.delete(infoHashHex);
    this.#announced.delete(infoHashHex);
    this.#repeats.delete(infoHashHex);
  }

  /** Makes all torrents due at once, the newest first. */
  again(): void {
    for (const infoHashHex of [...this.#announced.keys()].reverse()) this.#waiting.add(infoHashHex);
    this.#announced.clear();
  }

  /** Time until {@linkcode take} returns torrents (ms); `undefined` if there are none. */
  waitMs(nowMs: number): number | undefined {
    const oldest = this.#announced.values().next();
    const dueMs = [
      ...(this.#waiting.size > 0 ? [nowMs] : []),
      ...(oldest.done ? [] : [oldest.value + INTERVAL_MS]),
      ...[...this.#repeats.values()].map(([firstMs]) => firstMs!),
    ];
    if (dueMs.length === 0) return undefined;
    const tokensMs = Math.ceil(Math.max(1 - this.#sent.fill(nowMs), 0) / SENT.perSecond * 1_000);
    // At most one interval: the clock may have been set back since the last announcement.
    return Math.min(Math.max(Math.min(...dueMs) - nowMs, tokensMs), INTERVAL_MS);
  }

  /** Returns the infohashes of the next announcement; none if no torrent may be announced yet. */
  take(nowMs: number): string[] {
    const isDue = this.waitMs(nowMs) === 0;
    if (!isDue) return [];
    this.#sent.take(nowMs);
    const repeated = [...this.#repeats]
      .filter(([, [dueMs]]) => dueMs! <= nowMs).map(([infoHashHex]) => infoHashHex);
    const old: string[] = [];
    for (const [infoHashHex, atMs] of this.#announced) {
      const isSoon = Math.abs(nowMs - atMs) >= INTERVAL_MS - EARLY_MS;
      if (!isSoon || old.length >= MAX_TOGETHER) break;
      old.push(infoHashHex);
    }
    // No more of the waiting torrents are looked at than are taken: there may be 100,000.
    const waiting = this.#waiting.values().take(MAX_TOGETHER);
    const taken = [...new Set([...waiting, ...repeated, ...old])].slice(0, MAX_TOGETHER);
    for (const infoHashHex of taken) {
      this.#waiting.delete(infoHashHex);
      this.#announced.delete(infoHashHex);
      this.#announced.set(infoHashHex, nowMs);
      const later = this.#repeats.get(infoHashHex)?.filter((dueMs) => dueMs > nowMs) ?? [];
      if (later.length > 0) this.#repeats.set(infoHashHex, later);
      else this.#repeats.delete(infoHashHex);
    }
    return taken;
  }
}
