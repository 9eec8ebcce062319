/**
 * The peers of the local network. Announces our torrents through the gate, and decides which of the
 * neighbours that the gate hears are dialled.
 *
 * @module
 */

import { type Clock, type HostPort, setNewest, type Timer, TokenBucket } from "../../base/mod.ts";
import type { GateClient, HeardPeer, LocalDiscovery } from "../../gate/mod.ts";
import { Announcements } from "./announcements.ts";

/** A neighbour that announced a torrent of ours. */
export interface Neighbour extends HostPort {
  /** Time of its last announcement of a torrent of ours, Unix milliseconds. */
  heardMs: number;
}

/** State of local discovery. */
export interface LanStatus {
  /** The neighbours of the last 15 minutes, the last heard first; at most 256. */
  neighbours: Neighbour[];
  /** The failure because of which nothing is announced or heard now. */
  error?: { code: string; message: string };
}

/** Options of {@linkcode Neighbours}. */
export interface NeighboursOptions {
  clock: Clock;
  /** Returns the gate; called when the first torrent is announced. */
  gate: () => Pick<GateClient, "discover">;
  /**
   * Returns the TCP port at which neighbours reach us, whether nobody speaks uTP there, and a port that
   * is announced two seconds later.
   */
  port: () => { port: number; isTcpOnly: boolean; laterPort?: number };
  /** Called with a neighbour that is to be dialled for a torrent of ours, unless it is connected. */
  onNeighbour: (infoHashHex: string, address: HostPort) => void;
}

/** Time for which a neighbour counts as there (ms): three of its announcements (BEP 14). */
const THERE_MS = 15 * 60_000;
/** Time after which a neighbour is dialled again for the same torrent (ms). */
const AGAIN_MS = 60 * 60_000;
/**
 * A neighbour that announces a torrent twice within this time has begun a download (ms), and is
 * dialled: a running program announces each five minutes.
 */
const BEGUN_MS = 60_000;
/** Token bucket of the dials to neighbours. Each dial may wake a sleeping archive. */
const DIALLED = { burst: 64, perSecond: 4 };
/**
 * Pauses before a neighbour that dials us is dialled once more (ms). If two programs dial each other,
 * libtorrent keeps its own attempt or our connection: that of the lower port, or by chance.
 */
const CONTEST_MS: readonly number[] = [250, 600];
/** Pause before local discovery begins anew after a failure, for example of the gate (ms). */
const RETRY_MS = 60_000;
/** Maximum number of remembered neighbours, and of pairs of a neighbour and a torrent. */
const MAX_NEIGHBOURS = 256;
const MAX_MEETINGS = 16_384;

/** Times when a neighbour was heard and dialled for a torrent. */
interface Meeting {
  heardMs: number;
  dialledMs: number;
}

/** Announces torrents in the local network, and finds neighbours that have them. */
export class Neighbours {
  readonly #options: NeighboursOptions;
  readonly #announcements: Announcements;
  readonly #dialled: TokenBucket;
  /** The neighbours by address and port, the last heard last. */
  readonly #neighbours = new Map<string, Neighbour>();
  /** Meetings by address, port and infohash, the last heard last. */
  readonly #meetings = new Map<string, Meeting>();
  #discovery: LocalDiscovery | undefined;
  #error: LanStatus["error"];
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(options: NeighboursOptions) {
    this.#options = options;
    const nowMs = options.clock.now();
    this.#announcements = new Announcements(nowMs);
    this.#dialled = new TokenBucket(DIALLED, nowMs);
  }

  /** State of local discovery. */
  get status(): LanStatus {
    const nowMs = this.#options.clock.now();
    const neighbours = [...this.#neighbours.values()].reverse()
      .filter(({ heardMs }) => isWithin(THERE_MS, heardMs, nowMs));
    return { neighbours, ...(this.#error && { error: this.#error }) };
  }

  /**
   * Announces a torrent now and each five minutes, until {@linkcode remove}.
   *
   * @param isDownload whether peers are wanted now, so that the announcement is repeated early
   */
  add(infoHashHex: string, isDownload = false): void {
    this.#announcements.add(infoHashHex, isDownload, this.#options.clock.now());
    this.#schedule();
  }

  /**
   * Notes that an address of the own network has dialled us by uTP, and can get no answer. If uTP is
   * spoken there, it is dialled for the torrents that were announced last.
   */
  noteUnanswered(address: HostPort): void {
    this.#discovery?.probe(address);
  }

  /** Ends the announcements of a torrent. */
  remove(infoHashHex: string): void {
    this.#announcements.remove(infoHashHex);
  }

  /** Opens new sockets and announces all torrents, because this machine's addresses have changed. */
  networkChanged(): void {
    if (!this.#discovery && !this.#error) return;
    this.#discovery?.close();
    this.#discovery = undefined;
    this.#error = undefined;
    this.#meetings.clear();
    this.#announcements.again();
    this.#schedule();
  }

  /** Ends local discovery. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#discovery?.close();
  }

  #schedule(): void {
    // After a failure, the timer is that of the next attempt.
    if (this.#isClosed || this.#error) return;
    const { clock } = this.#options;
    this.#timer?.cancel();
    const waitMs = this.#announcements.waitMs(clock.now());
    if (waitMs === undefined) return;
    // Torrents that are added in the same turn are announced together.
    this.#timer = clock.after(waitMs, () => {
      this.#announce();
      this.#schedule();
    });
  }

  #announce(): void {
    const infoHashesHex = this.#announcements.take(this.#options.clock.now());
    if (infoHashesHex.length === 0) return;
    this.#discovery ??= this.#discover();
    // A failure of the discovery is reported to `onClosed`, too.
    this.#discovery.announce(infoHashesHex).catch(() => {});
  }

  #discover(): LocalDiscovery {
    const { port, isTcpOnly, laterPort } = this.#options.port();
    return this.#options.gate().discover(
      port,
      (peers) => peers.forEach((peer) => this.#hear(peer)),
      ({ code, message }) => this.#fail({ code, message }),
      isTcpOnly,
      laterPort,
    );
  }

  #fail(error: LanStatus["error"]): void {
    this.#error = error;
    this.#discovery = undefined;
    this.#timer?.cancel();
    if (this.#isClosed) return;
    // The next gate starts when it is asked, and the launcher sets the pause before.
    const pauseMs = error?.code === "GATE_DIED" ? 0 : RETRY_MS;
    this.#timer = this.#options.clock.after(pauseMs, () => this.networkChanged());
  }

  #hear({ infoHashHex, host, port, isDialling }: HeardPeer): void {
    const nowMs = this.#options.clock.now();
    const key = `${host} ${port}`;
    setNewest(this.#neighbours, key, { host, port, heardMs: nowMs }, MAX_NEIGHBOURS);
    const before = this.#meetings.get(`${key} ${infoHashHex}`);
    const isKnown = before !== undefined && isWithin(AGAIN_MS, before.dialledMs, nowMs) &&
      !isWithin(BEGUN_MS, before.heardMs, nowMs);
    const isDialled = !isKnown && this.#dialled.take(nowMs);
    const dialledMs = isDialled ? nowMs : before?.dialledMs ?? -Infinity;
    setNewest(
      this.#meetings,
      `${key} ${infoHashHex}`,
      { heardMs: nowMs, dialledMs },
      MAX_MEETINGS,
    );
    if (!isDialled) return;
    const { clock, onNeighbour } = this.#options;
    const dial = () => !this.#isClosed && onNeighbour(infoHashHex, { host, port });
    dial();
    if (isDialling) { for (const pauseMs of CONTEST_MS) clock.after(pauseMs, dial); }
  }
}

/** Whether a time is less than `forMs` away. After the clock was set back, it is in the future. */
function isWithin(forMs: number, atMs: number, nowMs: number): boolean {
  return Math.abs(nowMs - atMs) < forMs;
}
