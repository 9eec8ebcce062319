/**
 * Verifies an archive while it downloads, so that little work is left after the last piece. Any failure
 * here only discards the result: the caller then verifies the complete file, and reports that error.
 *
 * @module
 */

import type { DownloadProgress } from "../engine/mod.ts";
import { type ArrivingOptions, type VerifiedArchive, verifyArriving } from "../package/mod.ts";

type Options = Omit<ArrivingOptions, "arrived" | "onStep">;
type Step = Parameters<NonNullable<ArrivingOptions["onStep"]>>[0];

/** Result of a verification during the download, with the steps that it took. */
export interface StreamedVerification {
  verified: VerifiedArchive;
  steps: readonly Step[];
}

/** Verification of one download in progress. */
export class StreamingVerifier {
  readonly #options: Options;
  readonly #ended = new AbortController();
  readonly #steps: Step[] = [];
  readonly #verified: Promise<VerifiedArchive | undefined>;
  #readyBytes = 0;
  #moreCame = Promise.withResolvers<void>();

  /** @param options `archivePath`: path of the incomplete download */
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

  /** Verifies on, up to the bytes that are complete from the start of the file. */
  advance({ readyBytes = 0 }: Pick<DownloadProgress, "readyBytes">): void {
    if (readyBytes <= this.#readyBytes) return;
    this.#readyBytes = readyBytes;
    this.#wake();
  }

  /**
   * Ends the verification of a complete download.
   *
   * @returns `undefined` if the caller has to verify the file at `path`
   */
  async finish(path: string): Promise<StreamedVerification | undefined> {
    this.advance({ readyBytes: this.#options.minimal.length });
    const verified = await this.#verified;
    if (!verified) return undefined;
    try {
      // The daemon that downloads may use another seed directory than this command.
      if (await Deno.realPath(path) !== await Deno.realPath(verified.archivePath)) return undefined;
    } catch {
      return undefined;
    }
    return { verified: { ...verified, archivePath: path }, steps: this.#steps };
  }

  /** Stops the verification of a failed download, and closes the file. */
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
