/**
 * Follows publishers while the daemon runs: reads the lists of their packages periodically. If the
 * setting `mirror` is on, downloads and seeds the listed packages.
 *
 * @module
 */

import { delay, every, fromHex, LibreseedError, type Timer, toHex } from "../../base/mod.ts";
import type { LeftJson, UnmirroredJson } from "../../control/mod.ts";
import { fetchContext, getArchive, mayBeFollowed } from "../../fetching/mod.ts";
import { formatPublicKey } from "../../identity/mod.ts";
import { archiveFileName, type ArchiveLimits, type MinimalManifest } from "../../package/mod.ts";
import { isTaken, type SeedDirectory, stampOf } from "../../store/mod.ts";
import { type FollowContext, refreshFollow } from "./follow_refresh.ts";
import type { FollowedDescriptions } from "./followed_descriptions.ts";
import { MirrorSpace, type MirrorSpaceOptions } from "./mirror_space.ts";

const TICK_MS = 60_000;
/** Number of listed packages that are compared with the seeded ones before other tasks may run. */
const CHECKED_AT_ONCE = 1_000;
/** Maximum number of packages that failed to be mirrored and whose errors are kept for `status`. */
const MAX_UNMIRRORED = 100;

/** Options of {@linkcode FollowKeeper}. */
export interface FollowKeeperOptions extends Omit<FollowContext, "signal" | "timeoutMs"> {
  /**
   * Returns the time limit for fetching a publisher's list or an archive (ms). A reload of the settings
   * may change the limit.
   */
  timeoutMs: () => number;
  seeds: SeedDirectory;
  /**
   * Returns the infohash of the archive that is seeded under a file name. The files of other archives are
   * looked at one by one.
   */
  seedOf?: (fileName: string) => string | undefined;
  limits: () => ArchiveLimits;
  intervalMs: () => number;
  /** Whether to mirror: to download and seed all that is followed. */
  mirror: () => boolean;
  /**
   * Maximum size of the seed directory (bytes). Mirrored packages leave, and packages are not mirrored, when
   * they would exceed it.
   */
  maxDiskBytes: () => number;
  uploading: MirrorSpaceOptions["uploading"];
  evict: MirrorSpaceOptions["evict"];
  /** Reads descriptions of the followed packages, after each check: a mirror has the archives then. */
  descriptions?: Pick<FollowedDescriptions, "start" | "stop" | "look">;
  onNotice: (message: string) => void;
}

/** Reads the lists of followed publishers periodically, and mirrors their packages. */
export class FollowKeeper {
  readonly #options: FollowKeeperOptions;
  readonly #space: MirrorSpace;
  /** The disk limit for which room was made last, bytes. */
  #limitBytes: number | undefined;
  readonly #stopped = new AbortController();
  #timer: Timer | undefined;
  #working: Promise<void> | undefined;
  /**
   * Whether `look` was called during a running check. If so, another check starts after the running
   * check.
   */
  #again = false;
  #saidFull = false;
  /** Public keys (hex) of the publishers of whom packages are left out because the disk limit is reached. */
  readonly #leftOut = new Set<string>();
  /**
   * Lists whose packages are all mirrored: for each publisher's public key (hex), the `seq` of each list
   * and the disk limit at the time of mirroring.
   */
  readonly #mirrored = new Map<string, string>();
  /** Errors of packages that failed to be mirrored, by `NAME@VERSION`. */
  readonly #unmirrored = new Map<
    string,
    Pick<LibreseedError, "code" | "message" | "detail"> & { minimal: MinimalManifest }
  >();

  constructor(options: FollowKeeperOptions) {
    this.#options = options;
    this.#space = new MirrorSpace(options);
  }

  /**
   * Lists packages that failed to be mirrored at the last attempt, up to a hundred. Returns `undefined`
   * if there are none.
   */
  unmirrored(): UnmirroredJson[] | undefined {
    const scopes = new Map(
      this.#options.state.follows.list().map((one) => [formatPublicKey(one.publicKey), one.scopes]),
    );
    const told = [...this.#unmirrored].flatMap(([label, { minimal, code, message, detail }]) =>
      mayBeFollowed(scopes.get(minimal.pubkey) ?? [], minimal)
        ? [{ package: label, code, reason: detail.reason, message }]
        : []
    );
    return told.length > 0 ? told : undefined;
  }

  /** The mirrored archives that have left to make room; `undefined` if none has. */
  get left(): LeftJson[] | undefined {
    return this.#space.left;
  }

  /** Whether packages are not mirrored because the disk limit (`max-disk`) is reached. */
  get isFull(): boolean {
    return this.#options.mirror() &&
      this.#options.state.follows.list().some((one) => this.#leftOut.has(toHex(one.publicKey)));
  }

  /** Starts the periodic checks. The first check runs at once. */
  start(): void {
    this.#timer = every(this.#options.clock, TICK_MS, () => this.#tick());
    this.#options.descriptions?.start();
    this.#tick();
  }

  /**
   * Checks now which publishers' lists are due, and reads the due lists. If a check is running, another
   * check starts after it.
   */
  look(): void {
    this.#again = this.#working !== undefined;
    this.#tick();
  }

  /** Stops the checks. The promise resolves when the running check has ended. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#timer?.cancel();
    await Promise.all([this.#working, this.#options.descriptions?.stop()]);
  }

  #tick(): void {
    if (this.#stopped.signal.aborted || this.#working) return;
    this.#working = this.#work().finally(() => {
      this.#working = undefined;
      this.#options.descriptions?.look();
      if (!this.#again) return;
      this.#again = false;
      this.#tick();
    });
  }

  async #work(): Promise<void> {
    const { state, clock, intervalMs, mirror, onWarning, timeoutMs } = this.#options;
    const { signal } = this.#stopped;
    if (mirror()) await this.#keepLimit();
    for (const { publicKey, checkedMs } of state.follows.list()) {
      if (signal.aborted) return;
      try {
        const nowMs = clock.now();
        // If the time of the last check lies in the future, the clock was set back after that check. The
        // list then counts as due.
        const isDue = checkedMs === undefined || checkedMs > nowMs ||
          checkedMs + intervalMs() <= nowMs;
        if (isDue) {
          await refreshFollow({ ...this.#options, timeoutMs: timeoutMs(), signal }, publicKey);
          // A user may have removed mirrored packages since the last check, so the mirror counts as
          // incomplete.
          this.#mirrored.delete(toHex(publicKey));
        }
        if (mirror()) await this.#mirror(publicKey);
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof LibreseedError)) throw error;
        // The next periodic check reads the list again. Network errors are not reported here, because the
        // DHT watch reports them.
        if (error.kind !== "network") onWarning(error.message);
      }
    }
  }

  /** Makes room when the disk limit is lower than before, and after a start. */
  async #keepLimit(): Promise<void> {
    const { seeds, maxDiskBytes } = this.#options;
    const limitBytes = maxDiskBytes();
    if (this.#limitBytes === limitBytes) return;
    if (this.#space.hasMirrored) await this.#space.free(sizeOf(seeds) - limitBytes);
    this.#limitBytes = limitBytes;
  }

  async #mirror(publicKey: Uint8Array): Promise<void> {
    const { state, maxDiskBytes } = this.#options;
    const keyHex = toHex(publicKey);
    const lists = state.follows.list().find((one) => toHex(one.publicKey) === keyHex)?.lists ?? [];
    const seqs = lists.map(({ key, seq }) => `${toHex(key)} ${seq}`);
    const work = [...seqs, maxDiskBytes()].join(" ");
    // A completely mirrored list is skipped, since comparing a long list with the files each minute is
    // expensive.
    if (lists.length > 0 && this.#mirrored.get(keyHex) === work) return;
    let isWhole = true;
    this.#leftOut.delete(keyHex);
    const standingOf = this.#space.standings();
    // The newest versions come first, so that older ones are not fetched only to leave again.
    for (const isForNewest of [true, false]) {
      for await (const minimal of this.#missing(publicKey)) {
        const { rank, isNewest } = standingOf(minimal);
        // Copies that were mirrored before stay as long as there is room: a lock file may name the version.
        if (rank === "yanked" || isNewest !== isForNewest) continue;
        if (!await this.#take(minimal, keyHex)) isWhole = false;
      }
    }
    if (isWhole) this.#mirrored.set(keyHex, work);
  }

  /**
   * Mirrors a package, if there is room or it is wanted more than others that leave. These leave when it has
   * been fetched, so that nothing leaves for a package that cannot be had. Until then the directory may
   * exceed its limit by this one package.
   *
   * @returns whether all is done that can be done now
   */
  async #take(minimal: MinimalManifest, publisherHex: string): Promise<boolean> {
    const { seeds, maxDiskBytes, onWarning } = this.#options;
    const bytes = sizeOf(seeds);
    const overBytes = () => bytes + minimal.length - maxDiskBytes();
    const isWorth = overBytes() <= 0 ||
      minimal.length <= maxDiskBytes() && await this.#space.hasRoomFor(minimal, overBytes());
    if (!isWorth) {
      if (!this.#saidFull) {
        onWarning(
          `not all packages of followed publishers are mirrored: the limit is ${maxDiskBytes()} bytes (--max-disk)`,
        );
      }
      this.#saidFull = true;
      this.#leftOut.add(publisherHex);
      return true;
    }
    let isFetched = await this.#fetch(minimal);
    const { code } = this.#unmirrored.get(labelOf(minimal)) ?? {};
    if (!isFetched && code === "DISK_FULL" && await this.#space.free(overBytes()) > 0) {
      isFetched = await this.#fetch(minimal);
    }
    if (isFetched) await this.#space.free(sizeOf(seeds) - maxDiskBytes(), minimal);
    return isFetched;
  }

  /** Yields the listed packages of a publisher that are not in the seed directory. */
  async *#missing(publicKey: Uint8Array): AsyncGenerator<MinimalManifest> {
    const { state, seeds, seedOf, clock } = this.#options;
    for (const listed of state.follows.listed(publicKey, CHECKED_AT_ONCE)) {
      for (const { name, version, infoHashHex } of listed) {
        if (this.#stopped.signal.aborted) return;
        if (seedOf?.(archiveFileName(name, version)) === infoHashHex) continue;
        const minimal = state.follows.manifest(publicKey, { name, version });
        // A followed list that changes meanwhile is checked again.
        if (minimal && !await isTaken(seeds.path, minimal)) yield minimal;
      }
      await delay(clock, 0, this.#stopped.signal).catch(() => {});
    }
  }

  async #fetch(minimal: MinimalManifest): Promise<boolean> {
    const { clock, limits, timeoutMs, state, seeds, onWarning } = this.#options;
    const { signal } = this.#stopped;
    const finding = { clock, timeoutMs: timeoutMs(), signal };
    const given = { ...this.#options, limits: limits(), finding, onHad: () => {} };
    const context = fetchContext(given, () => state);
    const label = labelOf(minimal);
    const infoHash = fromHex(minimal.btih)!;
    // Noted before the archive is there: after a kill in between, it is known not to be the user's.
    state.mirrored.hold(infoHash, clock.now());
    // A user's command that has put it there since it was found missing may have ended.
    if (await isTaken(seeds.path, minimal)) {
      state.mirrored.claim(infoHash);
      return true;
    }
    try {
      await getArchive(context, { kind: "minimal", minimal });
      this.#unmirrored.delete(label);
      return true;
    } catch (error) {
      if (!await isTaken(seeds.path, minimal)) state.mirrored.leave(infoHash);
      if (signal.aborted || !(error instanceof LibreseedError)) throw error;
      const { code, message, detail } = error;
      this.#unmirrored.set(label, { minimal, code, message, detail });
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

/** Adds up the sizes of the archives of a seed directory, bytes. */
function sizeOf(seeds: SeedDirectory): number {
  return seeds.fileNames().reduce(
    (sum, fileName) => sum + (stampOf(seeds.paths(fileName).archivePath)?.sizeBytes ?? 0),
    0,
  );
}

/** Returns the name of a package in messages: `NAME@VERSION`. */
function labelOf({ name, version }: MinimalManifest): string {
  return `${name}@${version}`;
}
