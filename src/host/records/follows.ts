/**
 * Following publishers: what each of them offers is read again and again, kept for `search`, and, if
 * the daemon is to be a mirror, downloaded and seeded.
 *
 * @module
 */

import { every, LibreseedError, type Timer, toHex } from "../../base/mod.ts";
import type { UnmirroredJson } from "../../control/mod.ts";
import {
  type CatalogContext,
  fetchContext,
  findRecord,
  getArchive,
  lookUpRecord,
  minimalOf,
  readList,
} from "../../fetching/mod.ts";
import { formatPublicKey } from "../../identity/mod.ts";
import {
  archiveFileName,
  type ArchiveLimits,
  type Catalog,
  type MinimalManifest,
} from "../../package/mod.ts";
import { announceSalt, manifestSalt } from "../../records/mod.ts";
import type { SeedDirectory, StateDatabase } from "../../store/mod.ts";

/** What following works with. */
export interface FollowContext extends CatalogContext {
  state: StateDatabase;
  onWarning: (message: string) => void;
}

/** How many records of one publisher are looked up at once. */
const LANES = 8;
const TICK_MS = 60_000;
/** How many packages that could not be mirrored are remembered, to be told of. */
const MAX_UNMIRRORED = 100;

/**
 * Reads what a publisher offers and keeps it, if it has changed since. What of a short list has no
 * record in the DHT is left out, and looked for the next time.
 *
 * @returns whether it had
 * @throws {HostError} `RECORD_NOT_FOUND` (kind `not-found`), `DHT_UNREACHABLE`,
 * `CATALOG_UNREACHABLE` (kind `network`)
 */
export async function refreshFollow(
  context: FollowContext,
  publicKey: Uint8Array,
): Promise<boolean> {
  const { operations, state, clock } = context;
  const what = `what ${formatPublicKey(publicKey)} publishes`;
  const key = { publicKey, salt: announceSalt(publicKey) };
  const { item } = await findRecord(operations, key, what, context);
  const before = state.follows.list()
    .find((follow) => toHex(follow.publicKey) === toHex(publicKey));
  // An old record that somebody put again is no news.
  if (before?.seq !== undefined && before.seq >= item.seq) {
    state.follows.touch(publicKey, clock.now());
    return false;
  }
  const list = await readList(context, publicKey, item);
  const { manifests, missing } = list.packages
    ? await fetchManifests(context, publicKey, list.packages)
    : { manifests: soundLines(context, publicKey, list.catalog), missing: 0 };
  // With some records not found yet, the list is as good as unread: it is read again the next time.
  const seq = missing === 0 ? list.item.seq : before?.seq;
  state.follows.settle(publicKey, seq, clock.now(), manifests);
  return true;
}

function soundLines(
  { onWarning }: FollowContext,
  publicKey: Uint8Array,
  { manifests, dropped }: Catalog,
): MinimalManifest[] {
  if (dropped.length > 0) {
    onWarning(
      `${dropped.length} lines of the catalog of ${
        formatPublicKey(publicKey)
      } were left out; the first: ${dropped[0]}`,
    );
  }
  return manifests;
}

async function fetchManifests(
  { operations, state, signal, onWarning }: FollowContext,
  publicKey: Uint8Array,
  packages: ReadonlyMap<string, readonly string[]>,
): Promise<{ manifests: MinimalManifest[]; missing: number }> {
  const known = new Map(
    state.follows.ofPublisher(publicKey).map((one) => [`${one.name}@${one.version}`, one]),
  );
  const wanted = [...packages].flatMap(([name, versions]) =>
    versions.map((version) => ({ name, version }))
  );
  const manifests: MinimalManifest[] = [];
  let missing = 0;
  const lane = async () => {
    for (let next = wanted.shift(); next; next = wanted.shift()) {
      const { name, version } = next;
      const before = known.get(`${name}@${version}`);
      if (before) {
        manifests.push(before);
        continue;
      }
      try {
        const key = { publicKey, salt: manifestSalt(name, version) };
        const lookup = await lookUpRecord(operations, key, signal);
        if (lookup.kind === "found") manifests.push(minimalOf(lookup.item, next));
        else missing++;
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof LibreseedError)) throw error;
        onWarning(`${name}@${version} was left out: ${error.message}`);
      }
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return { manifests, missing };
}

/** Options of {@linkcode FollowKeeper}. */
export interface FollowKeeperOptions extends Omit<FollowContext, "signal" | "timeoutMs"> {
  /** How long to wait for a publisher's list and archives, milliseconds; may change. */
  timeoutMs: () => number;
  seeds: SeedDirectory;
  limits: () => ArchiveLimits;
  intervalMs: () => number;
  /** Whether to download and seed everything that is offered. */
  mirror: () => boolean;
  /** The seed directory may grow to this many bytes by mirroring. */
  maxDiskBytes: () => number;
}

/** Follows publishers for as long as the daemon runs. */
export class FollowKeeper {
  readonly #options: FollowKeeperOptions;
  readonly #stopped = new AbortController();
  #timer: Timer | undefined;
  #working: Promise<void> | undefined;
  /** Whether somebody asked while it was working. */
  #again = false;
  #saidFull = false;
  /** The list of which all is here that may be, by publisher: its `seq` and the limit. */
  readonly #mirrored = new Map<string, string>();
  /** By name and version. */
  readonly #unmirrored = new Map<
    string,
    Pick<LibreseedError, "code" | "message" | "detail"> & { publisher: string }
  >();

  constructor(options: FollowKeeperOptions) {
    this.#options = options;
  }

  /**
   * What is to be mirrored and could not be had when it was tried last, the latest hundred; `undefined`
   * if there is nothing of that kind.
   */
  unmirrored(): UnmirroredJson[] | undefined {
    const followed = new Set(
      this.#options.state.follows.list().map(({ publicKey }) => formatPublicKey(publicKey)),
    );
    const told = [...this.#unmirrored].flatMap(([label, { publisher, code, message, detail }]) =>
      followed.has(publisher) ? [{ package: label, code, reason: detail.reason, message }] : []
    );
    return told.length > 0 ? told : undefined;
  }

  /** Begins; what is due is read at once. */
  start(): void {
    this.#timer = every(this.#options.clock, TICK_MS, () => this.#tick());
    this.#tick();
  }

  /** Sees now to what is due, or as soon as what is under way is done. */
  look(): void {
    this.#again = this.#working !== undefined;
    this.#tick();
  }

  /** Resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#timer?.cancel();
    await this.#working;
  }

  #tick(): void {
    if (this.#stopped.signal.aborted || this.#working) return;
    this.#working = this.#work().finally(() => {
      this.#working = undefined;
      if (!this.#again) return;
      this.#again = false;
      this.#tick();
    });
  }

  async #work(): Promise<void> {
    const { state, clock, intervalMs, mirror, onWarning, timeoutMs } = this.#options;
    const { signal } = this.#stopped;
    for (const { publicKey, checkedMs } of state.follows.list()) {
      if (signal.aborted) return;
      try {
        const nowMs = clock.now();
        // A time that is yet to come was noted before the clock was set back.
        const isDue = checkedMs === undefined || checkedMs > nowMs ||
          checkedMs + intervalMs() <= nowMs;
        if (isDue) {
          await refreshFollow({ ...this.#options, timeoutMs: timeoutMs(), signal }, publicKey);
          // Somebody may have removed what was mirrored.
          this.#mirrored.delete(toHex(publicKey));
        }
        if (mirror()) await this.#mirror(publicKey);
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof LibreseedError)) throw error;
        // Tried again at the next tick; a network that is away says so elsewhere.
        if (error.kind !== "network") onWarning(error.message);
      }
    }
  }

  async #mirror(publicKey: Uint8Array): Promise<void> {
    const { state, seeds, maxDiskBytes, onWarning } = this.#options;
    const keyHex = toHex(publicKey);
    const seq = state.follows.list().find((one) => toHex(one.publicKey) === keyHex)?.seq;
    const work = `${seq} ${maxDiskBytes()}`;
    // A list may be long; it is not gone through each minute for nothing.
    if (seq !== undefined && this.#mirrored.get(keyHex) === work) return;
    let isWhole = true;
    const entries = await seeds.list();
    // What lies there unsound is in the way of what belongs there, and is said elsewhere.
    const present = new Set(entries.flatMap((entry) => {
      if (entry.problem !== undefined) return [entry.fileName];
      return entry.minimal.pubkey === formatPublicKey(publicKey)
        ? [archiveFileName(entry.name, entry.version)]
        : [];
    }));
    let bytes = entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    for (const minimal of state.follows.ofPublisher(publicKey)) {
      if (this.#stopped.signal.aborted) return;
      if (present.has(archiveFileName(minimal.name, minimal.version))) continue;
      if (bytes + minimal.length > maxDiskBytes()) {
        if (!this.#saidFull) {
          onWarning(
            `not all that is followed is mirrored: ${maxDiskBytes()} bytes is the limit (--max-disk)`,
          );
        }
        this.#saidFull = true;
        continue;
      }
      if (await this.#fetch(minimal)) bytes += minimal.length;
      else isWhole = false;
    }
    if (isWhole) this.#mirrored.set(keyHex, work);
  }

  async #fetch(minimal: MinimalManifest): Promise<boolean> {
    const { clock, limits, timeoutMs, state, onWarning } = this.#options;
    const { signal } = this.#stopped;
    const finding = { clock, timeoutMs: timeoutMs(), signal };
    const context = fetchContext({ ...this.#options, limits: limits(), finding }, () => state);
    const label = `${minimal.name}@${minimal.version}`;
    try {
      await getArchive(context, { kind: "minimal", minimal });
      this.#unmirrored.delete(label);
      return true;
    } catch (error) {
      if (signal.aborted || !(error instanceof LibreseedError)) throw error;
      const { code, message, detail } = error;
      this.#unmirrored.set(label, { publisher: minimal.pubkey, code, message, detail });
      if (this.#unmirrored.size > MAX_UNMIRRORED) {
        this.#unmirrored.delete(this.#unmirrored.keys().next().value!);
      }
      if (error.kind !== "network") {
        onWarning(`${minimal.name}@${minimal.version} is not mirrored: ${error.message}`);
      }
      return false;
    }
  }
}
