/**
 * The reuse of one download. The engine fetches the archive's beginning and waits; the host reads the list
 * of members there, copies the members that other archives have into the download's file, and offers what
 * it has copied. The engine checks the pieces, and fetches the rest.
 *
 * If anything fails here, the engine gets an empty offer, and fetches all.
 *
 * @module
 */

import type { DownloadProgress } from "../../engine/mod.ts";
import { type MemberList, readMemberList } from "../../package/mod.ts";
import type { WorkerHandle } from "../thread/mod.ts";
import { copyRuns } from "./copy_members.ts";
import { type MemberIndex, readAt } from "./member_index.ts";
import { planRuns, type Usable } from "./plan.ts";

/** The methods of the worker handle that a reuse calls. */
export type ReusingWorker = Pick<WorkerHandle, "wantBeginning" | "offerReused">;

/** Options of {@linkcode Reuse}. */
export interface ReuseOptions {
  worker: ReusingWorker;
  index: MemberIndex;
  infoHashHex: string;
  /** Absolute path of the download's file. */
  path: string;
  /** Tells whether members of an archive may be used. */
  mayUse: (path: string) => Usable;
  /** Called with the number of bytes that are copied so far. */
  onCopied: (bytes: number) => void;
}

/** Expected number of bytes of an archive for each byte of its list: an entry of 24 bytes for 20 KB. */
const BYTES_FOR_LISTED = 800;

/** Maximum length of a list in bytes: 128 parts of 512 entries of 24 bytes, with their headers. */
const MAX_LIST_BYTES = 128 * (18 + 512 * 24 + 10);

/** The reuse of one download, until its offer to the engine. */
export class Reuse {
  readonly #options: ReuseOptions;
  readonly #stopped = new AbortController();
  /** Resolves with the list of members; with `undefined` if there is none to be used. */
  readonly #listed = Promise.withResolvers<MemberList | undefined>();
  readonly #ended: Promise<void>;
  #neededBytes = 1;
  #readyBytes = 0;
  #lengthBytes = 0;
  #reading: Promise<void> | undefined;
  /** Whether members are being copied, of which the engine's progress does not know yet. */
  isCopying = false;

  /** Begins when the engine's thread has the order. */
  constructor(options: ReuseOptions) {
    this.#options = options;
    this.#ended = this.#run();
  }

  /** Checks whether enough of the archive's beginning has arrived to read the list. */
  advance({ readyBytes, lengthBytes }: Pick<DownloadProgress, "readyBytes" | "lengthBytes">): void {
    if (this.#lengthBytes === 0 && lengthBytes > 0) {
      this.#lengthBytes = lengthBytes;
      this.#want(Math.ceil(lengthBytes / BYTES_FOR_LISTED));
    }
    this.#readyBytes = Math.max(this.#readyBytes, readyBytes);
    this.#look();
  }

  /** Ends the reuse. Resolves when nothing is written to the file any more. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#listed.resolve(undefined);
    await this.#ended;
  }

  #want(wantedBytes: number): void {
    const { worker, infoHashHex } = this.#options;
    // If the engine's thread has died, the download rejects.
    worker.wantBeginning(infoHashHex, wantedBytes).catch(() => {});
  }

  #look(): void {
    if (this.#reading || this.#readyBytes < this.#neededBytes) return;
    this.#reading = this.#read().catch(() => this.#listed.resolve(undefined)).finally(() => {
      this.#reading = undefined;
      this.#look();
    });
  }

  /** Reads the list from the verified beginning, and wants more of it if the list goes on. */
  async #read(): Promise<void> {
    const lengthBytes = this.#lengthBytes;
    const file = await Deno.open(this.#options.path);
    try {
      const readyBytes = Math.min(this.#readyBytes, MAX_LIST_BYTES, lengthBytes);
      const beginning = new Uint8Array(readyBytes);
      const count = await readAt(file, 0, beginning);
      const found = readMemberList(beginning.subarray(0, count), lengthBytes);
      if (!found || "list" in found) this.#settle(found?.list);
      else if (found.neededBytes <= readyBytes) this.#settle(undefined);
      else this.#want(this.#neededBytes = found.neededBytes);
    } finally {
      file.close();
    }
  }

  #settle(list: MemberList | undefined): void {
    this.#neededBytes = Infinity;
    this.#listed.resolve(list);
  }

  async #run(): Promise<void> {
    const { worker, infoHashHex } = this.#options;
    const list = await this.#listed.promise;
    this.isCopying = true;
    const ranges = list ? await this.#copy(list).catch(() => []) : [];
    this.isCopying = false;
    // The worker resolves when it has checked the ranges. Nothing is written to the file any more.
    if (!this.#stopped.signal.aborted) {
      worker.offerReused(infoHashHex, ranges).catch(() => {});
    }
  }

  async #copy(list: MemberList) {
    const { index, path, mayUse, onCopied } = this.#options;
    const { signal } = this.#stopped;
    // Before the offer, the engine requests no bytes beyond these, and their pieces are verified.
    const readyBytes = this.#readyBytes;
    await index.fill(signal).catch(() => {});
    const find = (hash: Uint8Array) => index.find(hash);
    const runs = await planRuns({ list, readyBytes, find, mayUse, signal });
    return await copyRuns({ runs, targetPath: path, readyBytes, onCopied, signal });
  }
}
