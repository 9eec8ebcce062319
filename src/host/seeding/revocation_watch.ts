/**
 * Stops seeding what a revoked key has signed, as soon as this home knows of the revocation, and forgets its
 * records, so that they are announced no more. What the publisher lists as good stays.
 *
 * @module
 */

import { basename } from "node:path";
import { every, LibreseedError, type Timer, toHex } from "../../base/mod.ts";
import { type CatalogContext, checkAccepted } from "../../fetching/mod.ts";
import type { StateDatabase } from "../../store/mod.ts";
import type { Revocation, Trust } from "../../trust/mod.ts";
import type { KeptRecords } from "../records/mod.ts";
import type { WorkerHandle } from "../thread/mod.ts";
import type { Packages } from "./packages.ts";

/** Interval between two checks (ms), which fetch a list of good archives again. */
const TICK_MS = 60_000;
/** Interval between two looks whether a process of the home has learned something about keys (ms). */
const LEARNED_MS = 2_000;
/** Pause before a list of good archives that could not be fetched is fetched again (ms). */
const FETCH_AGAIN_MS = 50 * 60_000;

/** Options of {@linkcode RevocationWatch}. */
export interface RevocationWatchOptions extends Omit<CatalogContext, "signal" | "timeoutMs"> {
  /** Returns the time limit for fetching a list of good archives (ms). */
  timeoutMs: () => number;
  trust: Trust;
  state: Pick<StateDatabase, "verifiedFiles" | "identities">;
  packages: Pick<Packages, "entry" | "has" | "refuse" | "add">;
  records: Pick<KeptRecords, "forget">;
  worker: Pick<WorkerHandle, "forgetRecord">;
  onNotice: (message: string) => void;
  onWarning: (message: string) => void;
}

/** Checks periodically whether a revoked key has signed what this home seeds. */
export class RevocationWatch {
  readonly #options: RevocationWatchOptions;
  readonly #stopped = new AbortController();
  /** Time of the last attempt to fetch a list of good archives (Unix ms), by root (hex). */
  readonly #fetchedMs = new Map<string, number>();
  /** File names of the refused archives whose records are forgotten. */
  readonly #refused = new Set<string>();
  #timers: Timer[] = [];
  /** Length of `trust.log` at the last check, bytes. Each process that learns something adds to it. */
  #logBytes: number | undefined;
  #working: Promise<void> | undefined;

  constructor(options: RevocationWatchOptions) {
    this.#options = options;
  }

  /** Starts the periodic checks. The first one runs at once. */
  start(): void {
    const { clock } = this.#options;
    this.#timers = [
      every(clock, TICK_MS, () => this.look()),
      every(clock, LEARNED_MS, () => this.#lookIfLearned()),
    ];
    this.look();
  }

  /** Checks now. */
  look(): void {
    if (this.#stopped.signal.aborted) return;
    this.#working ??= this.#check().catch((error) => {
      if (!this.#stopped.signal.aborted) this.#options.onWarning((error as Error).message);
    }).finally(() => this.#working = undefined);
  }

  /** Stops the checks. The promise resolves when the running check has ended. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    for (const timer of this.#timers) timer.cancel();
    await this.#working;
  }

  #lookIfLearned(): void {
    try {
      if (this.#options.state.identities.logBytes !== this.#logBytes) this.look();
    } catch {
      // The next check says why the database cannot be read.
    }
  }

  async #check(): Promise<void> {
    const { trust, state } = this.#options;
    this.#logBytes = state.identities.logBytes;
    for (const revocation of trust.revocations()) {
      for (const path of state.verifiedFiles.ofKey(revocation.key)) {
        if (this.#stopped.signal.aborted) return;
        await this.#checkArchive(path, revocation);
      }
    }
  }

  async #checkArchive(path: string, { root }: Revocation): Promise<void> {
    const { packages, records, worker, onNotice } = this.#options;
    const fileName = basename(path);
    const entry = await packages.entry(fileName).catch(() => undefined);
    if (!entry || entry.problem !== undefined) return;
    const { name, version, minimal } = entry;
    const problem = await this.#problemOf(root, minimal);
    const isSeeded = packages.has(fileName);
    if (!problem) {
      this.#refused.delete(fileName);
      if (!isSeeded) await packages.add(fileName);
      return;
    }
    // The directory watcher may have refused the archive before. It leaves the records as they are.
    if (!isSeeded && this.#refused.has(fileName)) return;
    if (isSeeded) await packages.refuse(fileName, problem.message);
    for (const target of records.forget(name, version, minimal.pubkey)) {
      await worker.forgetRecord(target);
    }
    this.#refused.add(fileName);
    if (isSeeded) onNotice(`${fileName} is not seeded any more: ${problem.message}`);
  }

  async #problemOf(
    root: Uint8Array,
    minimal: Parameters<Trust["accepts"]>[0],
  ): Promise<LibreseedError | undefined> {
    const { trust, clock, timeoutMs } = this.#options;
    const nowMs = clock.now();
    const sinceMs = nowMs - (this.#fetchedMs.get(toHex(root)) ?? -Infinity);
    const mayFetch = sinceMs < 0 || sinceMs >= FETCH_AGAIN_MS;
    try {
      if (!mayFetch || !trust.missingGoodList(root)) {
        trust.check(minimal, minimal.archiveSha256);
        return undefined;
      }
      this.#fetchedMs.set(toHex(root), nowMs);
      const { signal } = this.#stopped;
      const options = { ...this.#options, timeoutMs: timeoutMs(), signal };
      await checkAccepted(options, minimal, minimal.archiveSha256, options);
    } catch (error) {
      this.#stopped.signal.throwIfAborted();
      if (error instanceof LibreseedError && error.kind === "verification") return error;
      throw error;
    }
  }
}
