/**
 * Verifies an archive behind its download, so that it is verified soon after its last piece has come.
 * Whatever goes wrong here is left to the verification of the whole, which names it.
 *
 * @module
 */

import type { DownloadProgress } from "../engine/mod.ts";
import { type ArrivingOptions, type VerifiedArchive, verifyArriving } from "../package/mod.ts";

type Options = Omit<ArrivingOptions, "arrived" | "onStep">;
type Step = Parameters<NonNullable<ArrivingOptions["onStep"]>>[0];

/** An archive that was verified on its way, and by which steps. */
export interface VerifiedOnItsWay {
  verified: VerifiedArchive;
  steps: readonly Step[];
}

/** The verification of one download. */
export class VerifyBehind {
  readonly #options: Options;
  readonly #ended = new AbortController();
  readonly #steps: Step[] = [];
  readonly #verified: Promise<VerifiedArchive | undefined>;
  #readyBytes = 0;
  #moreCame = Promise.withResolvers<void>();

  /** @param options `archivePath` is where the download lies while it is not complete */
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

  /** Takes note of what has come. */
  tell({ readyBytes = 0 }: Pick<DownloadProgress, "readyBytes">): void {
    if (readyBytes <= this.#readyBytes) return;
    this.#readyBytes = readyBytes;
    this.#wake();
  }

  /** The download is complete, and lies at `path`. Resolves with `undefined` if that has to be verified. */
  async finish(path: string): Promise<VerifiedOnItsWay | undefined> {
    this.tell({ readyBytes: this.#options.minimal.length });
    const verified = await this.#verified;
    if (!verified) return undefined;
    try {
      // The daemon that downloads may have another seed directory.
      if (await Deno.realPath(path) !== await Deno.realPath(verified.archivePath)) return undefined;
    } catch {
      return undefined;
    }
    return { verified: { ...verified, archivePath: path }, steps: this.#steps };
  }

  /** There will be no more. */
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
