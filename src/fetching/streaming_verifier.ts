/**
 * Verifies an archive during its download, so that little work is left after the last piece. A failure in
 * this verifier is not reported: the caller then verifies the complete file and reports errors itself.
 *
 * @module
 */

import type { DownloadProgress } from "../engine/mod.ts";
import { type ArrivingOptions, type DownloadedArchive, verifyArriving } from "../package/mod.ts";

type Options = Omit<ArrivingOptions, "arrived" | "onStep">;
type Step = Parameters<NonNullable<ArrivingOptions["onStep"]>>[0];

/** Result of a verification during the download, and the verification steps that were done. */
export interface StreamedVerification {
  verified: DownloadedArchive;
  steps: readonly Step[];
}

/** Verifies one archive while the archive is being downloaded. */
export class StreamingVerifier {
  readonly #options: Options;
  readonly #ended = new AbortController();
  readonly #steps: Step[] = [];
  readonly #verified: Promise<DownloadedArchive | undefined>;
  #readyBytes = 0;
  #moreCame = Promise.withResolvers<void>();

  /**
   * @param options `archivePath`: path of the incomplete download in the seed directory of this command
   */
  constructor(options: Options) {
    this.#options = options;
    const { signal } = options;
    this.#verified = verifyArriving({
      ...options,
      signal: signal ? AbortSignal.any([signal, this.#ended.signal]) : this.#ended.signal,
      arrived: (bytes) => this.#arrived(bytes),
      onStep: (step) => this.#steps.push(step),
    }).catch(() => undefined);
  }

  /** Continues the verification up to `readyBytes`: all bytes before this offset have been downloaded. */
  advance({ readyBytes = 0 }: Pick<DownloadProgress, "readyBytes">): void {
    if (readyBytes <= this.#readyBytes) return;
    this.#readyBytes = readyBytes;
    this.#wake();
  }

  /**
   * Finishes the verification after the download is complete.
   *
   * @returns `undefined` if the verification failed, so that the caller has to verify the file at `path`
   * itself
   */
  async finish(path: string): Promise<StreamedVerification | undefined> {
    this.advance({ readyBytes: this.#options.minimal.length });
    const verified = await this.#verified;
    if (!verified) return undefined;
    try {
      // The daemon may have another seed directory than this command. The verified file is then not the
      // file at `path`.
      if (await Deno.realPath(path) !== await Deno.realPath(verified.archivePath)) return undefined;
    } catch {
      return undefined;
    }
    return { verified: { ...verified, archivePath: path }, steps: this.#steps };
  }

  /** Aborts the verification after a failed download, and closes the file. */
  async abandon(): Promise<void> {
    this.#ended.abort();
    this.#wake();
    await this.#verified;
  }

  #wake(): void {
    this.#moreCame.resolve();
    this.#moreCame = Promise.withResolvers();
  }

  async #arrived(bytes: number): Promise<number> {
    while (this.#readyBytes <= bytes) {
      await this.#moreCame.promise;
      this.#ended.signal.throwIfAborted();
    }
    return this.#readyBytes;
  }
}
