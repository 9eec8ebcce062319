/**
 * Downloads pieces from web seeds (BEP 19) where peers send none, or send slowly. A web seed is asked
 * for a run of pieces by one range request, and each piece is verified before the torrent gets it.
 * Without metadata, the `.torrent` beside the archive is fetched. A web seed that fails is not asked
 * again by this download.
 *
 * Connections are not made here: `fetchRange` makes them, through the gate.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { type Clock, webSeedFile } from "../../base/mod.ts";
import {
  BLOCK_BYTES,
  countReceived,
  downloadLimitOf,
  isUntouched,
  missingRanges,
  setMetadata,
  type TakenPiece,
  takePiece,
  type Torrent,
  waitForDownloadLimit,
} from "../libraries/mod.ts";
import { nextRun, type Run, segmentsOf } from "./web_runs.ts";
import { fetchMetadata } from "./web_metadata.ts";
import { type FetchRange, NoProgress } from "./web_transfer.ts";

/** State of one web seed of a download. */
export interface WebSeedStatus {
  url: string;
  /** Bytes of verified pieces that it has sent. */
  receivedBytes: number;
  /** Reason why it sends nothing, a sentence; absent while it is used or may be used. */
  problem?: string;
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
/** Speed of all peers together below which web seeds are used too, bytes a second. */
const SLOW_BYTES_PER_SECOND = 256 * 1024;
/**
 * Time for which one web seed alone is asked for the `.torrent` (ms). A server that sends it as slowly as
 * it may would otherwise hold the others up for half an hour.
 */
const METADATA_ALONE_MS = 15_000;
/** Pause before a web seed that has sent something before it failed is asked again (ms). */
const AGAIN_MS = 1_000;

interface Seed {
  url: string;
  receivedBytes: number;
  problem?: string;
  /** The reason why its `.torrent` was not fetched. It may have the archive all the same. */
  torrentProblem?: string;
  run?: Run;
  /** Whether a transfer is under way, and when the last one began. */
  isBusy: boolean;
  begunMs: number;
  notBeforeMs: number;
}

/** The web seeds of one download. */
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
      this.#seeds.push({ url, receivedBytes: 0, isBusy: false, begunMs: 0, notBeforeMs: 0 });
    }
  }

  /** States of all web seeds, in the order in which they were added. */
  statuses(): WebSeedStatus[] {
    return this.#seeds.map(({ url, receivedBytes, problem, torrentProblem }) => {
      const why = problem ?? (this.#torrent.ready ? undefined : torrentProblem);
      return { url, receivedBytes, ...(why !== undefined && { problem: why }) };
    });
  }

  /** Waits again for what peers send, because they were asked for nothing meanwhile. */
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
    if (this.#ended.signal.aborted || !this.#arePeersSlow()) return;
    const nowMs = this.#options.clock.now();
    for (const seed of this.#seeds) {
      if (seed.isBusy || seed.problem !== undefined || nowMs < seed.notBeforeMs) continue;
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
    // Peers that fill half of our own limit are not slow.
    const slow = Math.min(SLOW_BYTES_PER_SECOND, downloadLimitOf(this.#torrent) / 2);
    return bytes - oldest!.bytes < slow * seconds;
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
    const run = nextRun(count, (index) => this.#isFree(index), others) ??
      this.#endgame(count, others);
    if (!run) return;
    seed.run = run;
    void this.#work(seed, async (progress) => {
      const before = seed.receivedBytes;
      try {
        await this.#fetchRun(seed, run, progress);
      } catch (error) {
        if (this.#ended.signal.aborted) return;
        // A web seed that has sent pieces may have been interrupted only.
        if (seed.receivedBytes === before || error instanceof Untrue) {
          seed.problem = (error as Error).message;
        } else seed.notBeforeMs = this.#options.clock.now() + AGAIN_MS;
      } finally {
        seed.run = undefined;
      }
    });
  }

  async #work(seed: Seed, transfer: (progress: NoProgress) => Promise<void>): Promise<void> {
    seed.isBusy = true;
    seed.begunMs = this.#options.clock.now();
    const progress = new NoProgress(this.#options.clock, this.#ended.signal);
    try {
      await transfer(progress);
    } finally {
      progress.end();
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
      for (const { startBytes, endBytes } of segmentsOf(run, pieceLength, missing)) {
        const url = webSeedFile(seed.url, torrent.name);
        const order = { url, first: startBytes, last: endBytes - 1 };
        const range = await this.#options.fetchRange(order, progress.signal);
        if (range.totalBytes !== undefined && range.totalBytes !== length) {
          throw new Untrue(`Its file has ${range.totalBytes} bytes, and the archive has ${length}`);
        }
        let position = startBytes;
        for await (const bytes of progress.watch(range.body)) {
          await this.#count(bytes.length);
          let at = 0;
          while (at < bytes.length && position < endBytes) {
            filling ??= this.#take(run);
            // The piece may have been begun anew, and lack bytes that were not asked for.
            if (!filling || filling.position < position) return;
            const taken = filling.take(bytes.subarray(at), position);
            at += taken;
            position += taken;
            if (!filling.isFull) continue;
            seed.receivedBytes += filling.receivedBytes;
            filling = undefined;
          }
          if (at < bytes.length) break;
        }
        if (position < endBytes) throw new Error("It sent fewer bytes than it was asked for");
      }
    } finally {
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
    return isUntouched(this.#torrent, index) || isEndgame || this.#arePeersSilent;
  }

  /** Returns a run of pieces that slow peers send, once no other piece is missing. */
  #endgame(count: number, others: readonly Run[]): Run | undefined {
    const run = nextRun(count, (index) => this.#isFree(index, true), others);
    return run && { ...run, isEndgame: true };
  }

  /** Takes the next piece of a run; `undefined` at its end, or if the piece is no longer free. */
  #take(run: Run): Filling | undefined {
    const torrent = this.#torrent;
    if (torrent.destroyed || run.next >= run.end) return undefined;
    const index = run.next;
    if (!this.#isFree(index, run.isEndgame)) return undefined;
    run.next++;
    this.#taken.add(index);
    return new Filling(takePiece(torrent, index), index, index * torrent.pieceLength);
  }
}

/** The error of a web seed that has sent other bytes than the archive's. It is not asked again. */
class Untrue extends Error {}

/** A piece whose bytes arrive from a web seed in order. */
class Filling {
  readonly index: number;
  readonly #piece: TakenPiece;
  /** Position of the piece in the archive. */
  readonly #pieceAt: number;
  readonly #hash = createHash("sha1");
  readonly #bytes = new Uint8Array(BLOCK_BYTES);
  /** Number of ranges that were handed to the torrent, and of bytes of the next one. */
  #ranges = 0;
  #filled = 0;
  #receivedBytes = 0;

  constructor(piece: TakenPiece, index: number, pieceAt: number) {
    this.#piece = piece;
    this.index = index;
    this.#pieceAt = pieceAt;
  }

  /** Whether all ranges were handed to the torrent. */
  get isFull(): boolean {
    return this.#ranges === this.#piece.ranges.length;
  }

  /** Bytes that were handed to the torrent. */
  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** Position in the archive of the next byte that the piece needs. */
  get position(): number {
    return this.#pieceAt + this.#piece.ranges[this.#ranges]!.startBytes + this.#filled;
  }

  /**
   * Takes bytes, up to the end of the present range, or drops those before it. Returns how many.
   *
   * @param at position of the bytes in the archive, at most {@linkcode position}
   * @throws {Untrue} if the whole piece has come from the web seed and is wrong. Its last block is not handed
   * in then, since the torrent would suspect its peers
   */
  take(bytes: Uint8Array, at: number): number {
    if (at < this.position) return Math.min(bytes.length, this.position - at);
    const { startBytes, endBytes } = this.#piece.ranges[this.#ranges]!;
    const rangeBytes = endBytes - startBytes;
    const taken = bytes.subarray(0, rangeBytes - this.#filled);
    this.#bytes.set(taken, this.#filled);
    this.#hash.update(taken);
    this.#filled += taken.length;
    if (this.#filled < rangeBytes) return taken.length;
    this.#ranges++;
    const { sha1Hex } = this.#piece;
    if (this.isFull && sha1Hex !== undefined && this.#hash.digest("hex") !== sha1Hex) {
      throw new Untrue(`It sent other bytes than the archive's (piece ${this.index})`);
    }
    this.#piece.deliver(this.#bytes.subarray(0, rangeBytes));
    this.#receivedBytes += rangeBytes;
    this.#filled = 0;
    return taken.length;
  }

  discard(): void {
    this.#piece.discard();
  }
}
