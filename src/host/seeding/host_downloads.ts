/**
 * All downloads of a host: of whole archives, of their beginnings, and of ranges of bytes.
 *
 * @module
 */

import type { Operations } from "../../control/mod.ts";
import { Reuser, type ReuserOptions } from "../reuse/mod.ts";
import type { WorkerHandle } from "../thread/mod.ts";
import { Downloads, type ObservedDownload } from "./downloads.ts";
import { PrefixDownloads } from "./prefix_downloads.ts";
import { RangeReads, type RangeReadsOptions } from "./range_reads.ts";

/** Options of {@linkcode HostDownloads}. */
export interface HostDownloadsOptions extends RangeReadsOptions, ReuserOptions {
  worker:
    & Pick<WorkerHandle, "download" | "addSources" | "widen" | "want">
    & ReuserOptions["worker"];
}

/** The downloads of one host, as the operations that begin them. */
export class HostDownloads {
  readonly #whole: Downloads;
  readonly #prefixes: PrefixDownloads;
  readonly #ranges: RangeReads;
  readonly #reuser: Reuser;

  constructor(options: HostDownloadsOptions) {
    const { worker, seedDirectory } = options;
    this.#reuser = new Reuser(options);
    this.#whole = new Downloads(worker, seedDirectory, this.#reuser);
    this.#prefixes = new PrefixDownloads(worker, seedDirectory, this.#whole);
    this.#ranges = new RangeReads(options);
  }

  download: Operations["download"] = (...call) => this.#whole.start(...call);
  downloadPrefix: Operations["downloadPrefix"] = (...call) => this.#prefixes.start(...call);
  widenPrefix: Operations["widenPrefix"] = (request) => this.#prefixes.widen(request);
  wantRange: Operations["wantRange"] = (...call) => this.#prefixes.want(...call);
  readRanges: Operations["readRanges"] = (...call) => this.#ranges.read(...call);

  /** Returns the running downloads of whole archives. */
  running(): ObservedDownload[] {
    return this.#whole.running();
  }

  /** Sets what is called at the end of each download of a whole archive; `undefined` for nothing. */
  set onEnd(tell: ((ended: ObservedDownload) => void) | undefined) {
    this.#whole.onEnd = tell;
  }

  /** Number of bytes that complete downloads have copied from other archives. */
  get reusedBytes(): number {
    return this.#reuser.reusedBytes;
  }

  /** Reads the lists of archives whose members are not in the index yet. */
  async fillIndex(): Promise<void> {
    await this.#reuser.fill();
  }

  /** Closes the torrents that stay open for a while after a read. */
  async stop(): Promise<void> {
    this.#reuser.stop();
    await this.#ranges.stop();
  }
}
