/**
 * Reads the descriptions of followed packages from the beginnings of their archives, for `search`. The
 * work is bounded: few archives are looked at in a minute, and only their first pieces are fetched.
 *
 * @module
 */

import { type Clock, every, LibreseedError, type Timer, toHex } from "../../base/mod.ts";
import { type FetchContext, fetchManifest } from "../../fetching/mod.ts";
import { type ArchiveLimits, isNewerVersion } from "../../package/mod.ts";
import type { DescribedVersion, Follow, StateDatabase } from "../../store/mod.ts";

const TICK_MS = 60_000;
/** Maximum number of archives that are fetched from in a minute, and of those that are looked at. */
const [MAX_FETCHED, MAX_READ] = [5, 100];
/** Maximum length of a manifest that is read for its description (bytes). That of 3,000 files is shorter. */
const MAX_MANIFEST_BYTES = 256 * 1024;
/** Time after which an archive is looked at again that could not be fetched, or not be read (ms). */
const [FETCH_AGAIN_MS, READ_AGAIN_MS] = [60 * 60_000, 24 * 60 * 60_000];
/** Number of listed packages that are read from the state at a time. */
const LISTED_AT_ONCE = 1_000;

/** Options of {@linkcode FollowedDescriptions}. */
export interface FollowedDescriptionsOptions
  extends Pick<FetchContext, "operations" | "seeds" | "trust"> {
  state: Pick<StateDatabase, "descriptions" | "follows">;
  clock: Clock;
  limits: () => ArchiveLimits;
  /** Returns the time limit for fetching from an archive (ms). A reload of the settings may change it. */
  timeoutMs: () => number;
  onWarning: (message: string) => void;
}

/** Keeps the descriptions of followed packages up to date while the daemon runs. */
export class FollowedDescriptions {
  readonly #options: FollowedDescriptionsOptions;
  readonly #stopped = new AbortController();
  /** The lists whose packages are noted, by the publisher's key (hex). */
  readonly #noted = new Map<string, string>();
  #timer: Timer | undefined;
  #reading: Promise<void> | undefined;

  constructor(options: FollowedDescriptionsOptions) {
    this.#options = options;
  }

  /** Starts to look each minute. */
  start(): void {
    this.#timer = every(this.#options.clock, TICK_MS, () => this.look());
  }

  /** Ends the reading. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#timer?.cancel();
    await this.#reading;
  }

  /** Looks which lists of packages have changed, and reads what is due, unless that goes on already. */
  look(): void {
    if (this.#stopped.signal.aborted || !this.#timer || this.#reading) return;
    this.#reading = this.#read()
      .catch((error: Error) => {
        if (this.#stopped.signal.aborted) return;
        this.#options.onWarning(`descriptions of packages were not read: ${error.message}`);
      })
      .finally(() => this.#reading = undefined);
  }

  async #read(): Promise<void> {
    const { state: { descriptions }, clock } = this.#options;
    this.#noteChanges();
    let fetched = 0;
    for (let read = 0; read < MAX_READ && fetched < MAX_FETCHED; read++) {
      const next = descriptions.due(clock.now());
      if (!next || this.#stopped.signal.aborted) return;
      if (await this.#readOne(next)) fetched++;
    }
  }

  #noteChanges(): void {
    const { follows, descriptions } = this.#options.state;
    for (const follow of follows.list()) {
      const [keyHex, lists] = listsOf(follow);
      const before = this.#noted.get(keyHex);
      // After a start, only packages without a row show that a list was not noted.
      const isNoted = before === undefined
        ? !descriptions.lacks(follow.publicKey)
        : before === lists;
      if (!isNoted) this.#note(follow.publicKey);
      this.#noted.set(keyHex, lists);
    }
  }

  /** Notes the newest followed version of each package of a publisher. */
  #note(publicKey: Uint8Array): void {
    const { follows, descriptions } = this.#options.state;
    const newest = new Map<string, string>();
    for (const batch of follows.listed(publicKey, LISTED_AT_ONCE)) {
      for (const { name, version } of batch) {
        const before = newest.get(name);
        if (before === undefined || isNewerVersion(version, before)) newest.set(name, version);
      }
    }
    descriptions.want(publicKey, newest);
  }

  /** Reads one description. Returns whether that took the network. */
  async #readOne(wanted: DescribedVersion): Promise<boolean> {
    const { state: { descriptions, follows }, clock } = this.#options;
    const minimal = follows.manifest(wanted.publicKey, wanted);
    if (!minimal) {
      // The list has changed since, and its packages will be noted.
      descriptions.postpone(wanted, clock.now() + READ_AGAIN_MS);
      return false;
    }
    const usual = this.#options.limits();
    const maxManifestBytes = Math.min(usual.maxManifestBytes, MAX_MANIFEST_BYTES);
    const limits = { ...usual, maxManifestBytes };
    const { signal } = this.#stopped;
    const finding = { clock, timeoutMs: this.#options.timeoutMs(), signal };
    try {
      const context = { ...this.#options, limits, finding };
      const { read, fetchedBytes } = await fetchManifest(context, { minimal });
      descriptions.settle(wanted, read.description);
      return fetchedBytes > 0;
    } catch (error) {
      if (this.#stopped.signal.aborted || !(error instanceof LibreseedError)) throw error;
      // Mirrors and commands tell what is wrong with an archive.
      const againMs = error.kind === "network" ? FETCH_AGAIN_MS : READ_AGAIN_MS;
      descriptions.postpone(wanted, clock.now() + againMs);
      return true;
    }
  }
}

/** Returns the key of a followed publisher (hex), and its stored lists and what is followed of them, as text. */
function listsOf({ publicKey, lists, scopes }: Follow): [keyHex: string, lists: string] {
  return [
    toHex(publicKey),
    JSON.stringify([lists.map(({ key, seq }) => [toHex(key), seq]), scopes]),
  ];
}
