/**
 * Downloads pieces from web seeds (BEP 19) where peers send none, or send slowly. A web seed is asked
 * for a run of pieces by one range request, and each piece is verified before the torrent gets it.
 * Without metadata, the `.torrent` beside the archive is fetched. A web seed that fails is not asked
 * again by this download. One that only stopped sending is asked again after some time.
 *
 * Connections are not made here: `fetchRange` makes them, through the gate.
 *
 * @module
 */

import { type Clock, webSeedFile } from "../../base/mod.ts";
import {
  countReceived,
  downloadLimitOf,
  hasIdlePeer,
  isUntouched,
  missingRanges,
  setMetadata,
  takePiece,
  type Torrent,
  waitForDownloadLimit,
} from "../libraries/mod.ts";
import { Filling, Untrue } from "./web_filling.ts";
import { nextRun, type Run, segmentsOf } from "./web_runs.ts";
import { fetchMetadata } from "./web_metadata.ts";
import { type FetchRange, HandedOver, NoProgress, Stalled } from "./web_transfer.ts";

/** State of one web seed of a download. */
export interface WebSeedStatus {
  url: string;
  /** Bytes of verified pieces that it has sent. */
  receivedBytes: number;
  /** Reason why it sends nothing, a sentence; absent while it is used or may be used. */
  problem?: string;
}

/** A web seed that is sending now. */
export interface BusyWebSeed {
  url: string;
  /** Bytes of verified pieces that it has sent. */
  receivedBytes: number;
  /** Mean speed since the running transfer began, in bytes a second. */
  downloadSpeed: number;
}

/** Dependencies of {@linkcode WebSeeds}. */
export interface WebSeedsOptions {
  clock: Clock;
  fetchRange: FetchRange;
  /** Called with the number of bytes after each part that came from a web seed. */
  onBytes(bytes: number): void;
  /** Infohash of the torrent, 40 hexadecimal digits. */
  infoHashHex: string;
  /** Name of the archive's file in a directory, as long as the metadata do not tell it. */
  fileName?: string;
  /** Whether a piece is wanted. Default: all are. */
  isWanted?: (index: number) => boolean;
}

/** Time over which the speed of the peers is measured, and before web seeds are first used (ms). */
const PATIENCE_MS = 5_000;
/**
 * Speed of all peers together below which web seeds are used too, and of a web seed below which idle
 * peers get the piece that it is sending, bytes a second.
 */
const SLOW_BYTES_PER_SECOND = 256 * 1024;
/**
 * Time for which one web seed alone is asked for the `.torrent` (ms). A server that sends it as slowly as
 * it may would otherwise hold the others up for half an hour.
 */
const METADATA_ALONE_MS = 15_000;
/** Pause before a web seed that has sent something before it failed is asked again (ms). */
const AGAIN_MS = 1_000;
/** Pause before a web seed that stopped sending is asked again (ms). */
const STALLED_MS = 120_000;

interface Seed {
  url: string;
  receivedBytes: number;
  problem?: string;
  /** Whether the server sends only whole files. What is not wanted of them is dropped. */
  isWhole?: boolean;
  /** The reason why its `.torrent` was not fetched. It may have the archive all the same. */
  torrentProblem?: string;
  run?: Run;
  /** The piece that it is sending, since when, and how many bytes of it were missing then. */
  sending?: { filling: Filling; sinceMs: number; bytes: number };
  progress?: NoProgress;
  /** Whether a transfer is under way, and when the last one began. */
  isBusy: boolean;
  begunMs: number;
  /** Bytes that the transfer has brought, also of pieces that are not verified yet. */
  runBytes: number;
  notBeforeMs: number;
  /** Time when its problem is forgotten, because it only stopped sending; else infinity (Unix ms). */
  stalledUntilMs: number;
}

/** The web seeds of one download. A server that sends only whole files is used, too, from the beginning. */
export class WebSeeds {
  readonly #torrent: Torrent;
  readonly #options: WebSeedsOptions;
  readonly #seeds: Seed[] = [];
  readonly #ended = new AbortController();
  #begunMs: number;
  /** Bytes that web seeds have sent, of all that the torrent has received. */
  #webBytes = 0;
  /** Pieces that web seeds fill, until they are verified or given up. */
  readonly #taken = new Set<number>();
  /** Pieces that were left to peers. Web seeds get them again only if all peers are silent. */
  readonly #handedOver = new Set<number>();
  /** Samples of the bytes that peers have sent, oldest first. */
  #samples: { atMs: number; bytes: number }[] = [];

  constructor(torrent: Torrent, options: WebSeedsOptions) {
    this.#torrent = torrent;
    this.#options = options;
    this.#begunMs = options.clock.now();
    torrent.on("verified", (index: number) => this.#taken.delete(index));
    torrent.once("done", () => this.close());
    torrent.once("close", () => this.close());
  }

  /** Adds web seeds by their URLs. A URL that is there already is left out. */
  add(urls: readonly string[]): void {
    for (const url of urls) {
      if (this.#seeds.some((seed) => seed.url === url)) continue;
      this.#seeds.push({
        ...{ url, receivedBytes: 0, isBusy: false, begunMs: 0, runBytes: 0, notBeforeMs: 0 },
        stalledUntilMs: Infinity,
      });
    }
  }

  /** States of all web seeds, in the order in which they were added. */
  statuses(): WebSeedStatus[] {
    return this.#seeds.map(({ url, receivedBytes, problem, torrentProblem }) => {
      const why = problem ?? (this.#torrent.ready ? undefined : torrentProblem);
      return { url, receivedBytes, ...(why !== undefined && { problem: why }) };
    });
  }

  /** The web seeds that are sending now. */
  busy(): BusyWebSeed[] {
    const nowMs = this.#options.clock.now();
    return this.#seeds.filter(({ run }) => run).map((
      { url, receivedBytes, begunMs, runBytes },
    ) => ({
      ...{ url, receivedBytes },
      downloadSpeed: Math.round(runBytes * 1_000 / Math.max(nowMs - begunMs, 1)),
    }));
  }

  /** Starts the wait for the peers anew, because they were asked for nothing meanwhile. */
  waitAgain(): void {
    if (this.#torrent.numPeers === 0) return;
    this.#begunMs = this.#options.clock.now();
    this.#samples = [];
  }

  /** Lets a piece be asked for again, after what was sent of it was discarded. */
  release(index: number): void {
    this.#taken.delete(index);
  }

  /** Begins transfers where they are needed. To be called a few times a second. */
  update(): void {
    if (this.#ended.signal.aborted) return;
    this.#handOver();
    if (!this.#arePeersSlow()) return;
    const nowMs = this.#options.clock.now();
    for (const seed of this.#seeds) {
      if (seed.isBusy || nowMs < seed.notBeforeMs) continue;
      if (nowMs >= seed.stalledUntilMs) {
        seed.stalledUntilMs = Infinity;
        seed.problem = seed.torrentProblem = undefined;
      }
      if (seed.problem !== undefined) continue;
      if (this.#torrent.ready) this.#beginRun(seed);
      else if (this.#needsMetadata() && seed.torrentProblem === undefined) {
        this.#beginMetadata(seed);
      }
    }
  }

  /** Ends all transfers. */
  close(): void {
    this.#ended.abort();
  }

  /**
   * Leaves the piece that a slow web seed is sending to a peer that has it, and has nothing else to
   * send. A web seed that is just fast enough to be kept would otherwise take minutes for a piece.
   */
  #handOver(): void {
    const nowMs = this.#options.clock.now();
    for (const { sending, progress } of this.#seeds) {
      if (!sending || nowMs - sending.sinceMs < PATIENCE_MS) continue;
      const { filling, sinceMs, bytes } = sending;
      const speed = (bytes - filling.missingBytes) * 1_000 / (nowMs - sinceMs);
      const isSlow = speed < this.#slow &&
        filling.missingBytes > speed * PATIENCE_MS / 1_000;
      const { index } = filling;
      if (!isSlow || this.#handedOver.has(index) || !hasIdlePeer(this.#torrent, index)) continue;
      this.#handedOver.add(index);
      this.waitAgain();
      progress!.abort(new HandedOver());
    }
  }

  /** Whether peers have sent little in the last seconds. */
  #arePeersSlow(): boolean {
    const nowMs = this.#options.clock.now();
    const bytes = (this.#torrent.received ?? 0) - this.#webBytes;
    this.#samples.push({ atMs: nowMs, bytes });
    while (this.#samples.length > 1 && this.#samples[1]!.atMs <= nowMs - PATIENCE_MS) {
      this.#samples.shift();
    }
    if (nowMs - this.#begunMs < PATIENCE_MS) return false;
    const [oldest] = this.#samples;
    const seconds = Math.max(nowMs - oldest!.atMs, 1) / 1_000;
    return bytes - oldest!.bytes < this.#slow * seconds;
  }

  /** Speed below which a sender is slow, bytes a second. One that fills half of our own limit is not. */
  get #slow(): number {
    return Math.min(SLOW_BYTES_PER_SECOND, downloadLimitOf(this.#torrent) / 2);
  }

  /** Whether no peer has sent a byte in the last seconds. */
  get #arePeersSilent(): boolean {
    return this.#samples[0]!.bytes === this.#samples.at(-1)!.bytes;
  }

  #needsMetadata(): boolean {
    const nowMs = this.#options.clock.now();
    // One web seed at a time is asked, unless it is slow: the `.torrent` is small.
    return this.#lacksMetadata &&
      !this.#seeds.some(({ isBusy, begunMs }) =>
        isBusy && Math.abs(nowMs - begunMs) < METADATA_ALONE_MS
      );
  }

  get #lacksMetadata(): boolean {
    const { pieces, infoHash } = this.#torrent;
    return (pieces?.length ?? 0) === 0 && infoHash !== undefined;
  }

  #beginMetadata(seed: Seed): void {
    const { fileName, infoHashHex, fetchRange } = this.#options;
    void this.#work(seed, async (progress) => {
      try {
        const order = { webSeed: seed.url, fileName, infoHashHex };
        const bytes = await fetchMetadata(fetchRange, order, progress);
        // A peer or another web seed may have been faster.
        if (this.#lacksMetadata) await setMetadata(this.#torrent, bytes);
      } catch (error) {
        seed.torrentProblem = (error as Error).message;
      }
    });
  }

  #beginRun(seed: Seed): void {
    const others = this.#seeds.flatMap(({ run }) => run ?? []);
    const count = this.#torrent.pieces!.length;
    const run = seed.isWhole ? this.#span(count) : this.#nextRun(count, others);
    if (!run) return;
    seed.run = run;
    void this.#work(seed, async (progress) => {
      const before = seed.receivedBytes;
      try {
        await this.#fetchRun(seed, run, progress);
      } catch (error) {
        if (this.#ended.signal.aborted || seed.progress?.signal.reason instanceof HandedOver) {
          return;
        }
        const { code, message } = error as Error & { code?: string };
        if (code === "RANGES_UNSUPPORTED" && !seed.isWhole) seed.isWhole = true;
        // A web seed that has sent pieces may have been interrupted only.
        else if (seed.receivedBytes > before && !(error instanceof Untrue)) {
          seed.notBeforeMs = this.#options.clock.now() + AGAIN_MS;
        } else seed.problem = message;
      } finally {
        seed.run = undefined;
      }
    });
  }

  async #work(seed: Seed, transfer: (progress: NoProgress) => Promise<void>): Promise<void> {
    seed.isBusy = true;
    seed.begunMs = this.#options.clock.now();
    seed.runBytes = 0;
    const progress = seed.progress = new NoProgress(this.#options.clock, this.#ended.signal);
    try {
      await transfer(progress);
    } finally {
      progress.end();
      if (progress.signal.reason instanceof Stalled) {
        seed.stalledUntilMs = this.#options.clock.now() + STALLED_MS;
      }
      seed.isBusy = false;
    }
  }

  /** Fetches pieces, until the run ends or a peer has taken the next piece. */
  async #fetchRun(seed: Seed, run: Run, progress: NoProgress): Promise<void> {
    const torrent = this.#torrent;
    const { pieceLength, length } = torrent;
    let filling: Filling | undefined;
    const missing = (index: number) => missingRanges(torrent, index);
    try {
      const segments = segmentsOf(run, pieceLength, missing);
      for (const { startBytes, endBytes } of segments) {
        const url = webSeedFile(seed.url, torrent.name);
        const order = { url, first: startBytes, last: endBytes - 1 };
        const range = await this.#options.fetchRange(order, progress.signal);
        if (range.totalBytes !== undefined && range.totalBytes !== length) {
          throw new Untrue(`Its file has ${range.totalBytes} bytes, and the archive has ${length}`);
        }
        let position = startBytes;
        for await (const bytes of progress.watch(range.body)) {
          await this.#count(bytes.length);
          seed.runBytes += bytes.length;
          let at = 0;
          while (at < bytes.length && position < endBytes) {
            filling ??= this.#take(seed, run);
            // The piece may have been begun anew, and lack bytes that were not asked for.
            if (!filling || filling.position < position) return;
            const taken = filling.take(bytes.subarray(at), position);
            at += taken;
            position += taken;
            if (!filling.isFull) continue;
            seed.receivedBytes += filling.receivedBytes;
            filling = seed.sending = undefined;
          }
          if (at < bytes.length) break;
        }
        if (position < endBytes) throw new Error("It sent fewer bytes than it was asked for");
      }
    } finally {
      seed.sending = undefined;
      if (filling) {
        filling.discard();
        this.#taken.delete(filling.index);
      }
    }
  }

  /** Counts bytes that a web seed has sent, and waits until the download limit lets them pass. */
  async #count(bytes: number): Promise<void> {
    await waitForDownloadLimit(this.#torrent, bytes);
    this.#webBytes += bytes;
    this.#options.onBytes(bytes);
    countReceived(this.#torrent, bytes);
  }

  /** Whether a piece is missing and nobody sends it; a piece of silent peers is taken from them. */
  #isFree(index: number, isEndgame = false): boolean {
    if (this.#taken.has(index) || this.#torrent.pieces?.[index] === null) return false;
    if (this.#options.isWanted?.(index) === false) return false;
    if (this.#handedOver.has(index)) return this.#arePeersSilent;
    return isUntouched(this.#torrent, index) || isEndgame || this.#arePeersSilent;
  }

  /** Returns a run of pieces; of pieces that slow peers send, once no other piece is missing. */
  #nextRun(count: number, others: readonly Run[]): Run | undefined {
    const run = nextRun(count, (index) => this.#isFree(index), others);
    if (run) return run;
    const endgame = nextRun(count, (index) => this.#isFree(index, true), others);
    return endgame && { ...endgame, isEndgame: true };
  }

  /** Returns a run of all pieces up to the last free one, of a file that is sent whole. */
  #span(count: number): Run | undefined {
    for (let end = count; end > 0; end--) {
      if (this.#isFree(end - 1)) return { next: 0, end, isWhole: true };
    }
    return undefined;
  }

  /** Takes the next piece of a run; `undefined` at its end, or if the piece is no longer free. */
  #take(seed: Seed, run: Run): Filling | undefined {
    const torrent = this.#torrent;
    while (run.isWhole && run.next < run.end && !this.#isFree(run.next)) run.next++;
    if (torrent.destroyed || run.next >= run.end) return undefined;
    const index = run.next;
    if (!this.#isFree(index, run.isEndgame)) return undefined;
    run.next++;
    this.#taken.add(index);
    const filling = new Filling(takePiece(torrent, index), index, index * torrent.pieceLength);
    const sinceMs = this.#options.clock.now();
    seed.sending = { filling, sinceMs, bytes: filling.missingBytes };
    return filling;
  }
}
