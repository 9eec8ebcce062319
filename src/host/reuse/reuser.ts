/**
 * Decides which downloads reuse members of other archives, and of which archives.
 *
 * Peers see which pieces a download does not ask for, and a publisher can put the hashes of anybody's
 * members into a list. So a download tells peers which of these members are on this machine. The daemon
 * uses archives that it seeds, which it gives to anybody who asks. Another host seeds nothing; it uses
 * archives of the publisher whose archive it downloads. docs/security.md says what remains.
 *
 * @module
 */

import { basename } from "node:path";
import type { DownloadProgress } from "../../engine/mod.ts";
import { formatPublicKey } from "../../identity/mod.ts";
import { parseMinimal } from "../../package/mod.ts";
import { isUnchanged, stampOf, type StateDatabase } from "../../store/mod.ts";
import { MemberIndex } from "./member_index.ts";
import type { Usable } from "./plan.ts";
import { Reuse, type ReuseOptions, type ReusingWorker } from "./reuse.ts";

/** Options of {@linkcode Reuser}. */
export interface ReuserOptions {
  state: StateDatabase;
  worker: ReusingWorker;
  /** Absolute path of the seed directory, as in the paths of verified archives. */
  directory: string;
  /** Whether the setting `reuse` is on. */
  isOn: () => boolean;
  /** Whether an archive is seeded, by its file name; absent in a host that seeds nothing. */
  isSeeded?: (fileName: string) => boolean;
}

/** A download that may reuse members. */
export interface ReusingDownload extends Pick<ReuseOptions, "infoHashHex" | "path" | "onCopied"> {
  /** Length of the archive in bytes, if known. */
  lengthBytes?: number;
  /** Identity of the archive's publisher, 32 bytes, if known. */
  publisher?: Uint8Array;
}

/**
 * Minimum length of an archive that is worth the wait for its beginning, in bytes: four of the shortest
 * pieces.
 */
const MIN_ARCHIVE_BYTES = 64 * 1024;

/** Begins the reuse of downloads. */
export class Reuser {
  readonly #options: ReuserOptions;
  readonly #index: MemberIndex;
  readonly #filling = new AbortController();
  /** Number of bytes that complete downloads have reused. */
  reusedBytes = 0;

  constructor(options: ReuserOptions) {
    this.#options = options;
    this.#index = new MemberIndex(options.state, options.directory);
  }

  /**
   * Reads the lists of archives that are not in the index yet. Errors of the state database are ignored:
   * without the index, downloads fetch all.
   */
  async fill(): Promise<void> {
    if (this.#options.isOn()) await this.#index.fill(this.#filling.signal).catch(() => {});
  }

  /** Counts what a complete download has reused. */
  add({ reusedBytes }: Pick<DownloadProgress, "reusedBytes">): void {
    this.reusedBytes += reusedBytes;
  }

  /** Ends the work in the background. */
  stop(): void {
    this.#filling.abort();
  }

  /**
   * Begins the reuse of a download, before the engine's thread has its order. Returns `undefined` if it is
   * not worth while: then the download waits for nothing.
   */
  begin(download: ReusingDownload): Reuse | undefined {
    const { isOn, isSeeded, worker } = this.#options;
    const { lengthBytes = Infinity, publisher } = download;
    if (!isOn() || lengthBytes < MIN_ARCHIVE_BYTES || !(isSeeded || publisher)) return undefined;
    if (!this.#hasMembers()) return undefined;
    const pubkey = publisher && formatPublicKey(publisher);
    return new Reuse({
      ...download,
      worker,
      index: this.#index,
      mayUse: (path) => this.#mayUse(path, pubkey),
    });
  }

  #hasMembers(): boolean {
    try {
      return !this.#index.isEmpty;
    } catch {
      // The state database tells its errors where it is needed.
      return false;
    }
  }

  /** An archive may be used if it is unchanged since it was verified, and may show to peers that it is here. */
  #mayUse(path: string, pubkey: string | undefined): Usable {
    const { state: { verifiedFiles }, isSeeded } = this.#options;
    const known = verifiedFiles.seed(path);
    const stamp = known && stampOf(path);
    if (!stamp || !isUnchanged(stamp, known)) return undefined;
    if (isSeeded && !isSeeded(basename(path))) return undefined;
    const manifest = verifiedFiles.manifest(path);
    const isOwn = manifest !== undefined && parseMinimal(manifest).pubkey === pubkey;
    return isOwn ? "own" : isSeeded && "other";
  }
}
