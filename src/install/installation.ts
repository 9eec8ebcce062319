/**
 * The steps of one installation: finds and fetches packages, unpacks them in a temporary place, and
 * moves them into the store at the end. `install.ts` decides which packages are needed.
 *
 * @module
 */

import semver from "semver";
import { eachLimited, formatBytes, formatCount, LibreseedError } from "../base/mod.ts";
import {
  flagsOfVersion,
  getHighestAvailable,
  isExact,
  isUnseeded,
  packageRef,
  rangeKind,
  type Requirement,
  satisfiesRange,
  warningsOf,
} from "../fetching/mod.ts";
import type { MinimalManifest } from "../package/mod.ts";
import {
  packageId,
  readLinks,
  readStoredManifest,
  refuseOther,
  type StagedPackage,
  type StoredPackage,
  StoreError,
} from "../store/mod.ts";
import {
  cyclesOf,
  type Graph,
  type GraphNode,
  highestFirst,
  label,
  sideBySide,
} from "./dependency_graph.ts";
import type { Fetched, InstallContext, Installed, InstalledPackage } from "./context.ts";
import { InstallError } from "./errors.ts";

/** The counts of an archive that was in the seed directory already. */
const NOTHING_FETCHED = { reusedBytes: 0, fetchedBytes: 0 };
/** Maximum number of packages whose flags are read concurrently. */
const MAX_READING_FLAGS = 4;

/**
 * One installation in progress. Disposing of it deletes the unpacked packages that were not moved
 * into the store, and releases the store's lock.
 */
export class Installation implements AsyncDisposable {
  readonly #context: InstallContext;
  readonly #force: boolean;
  readonly #lock: Disposable;
  readonly #staged = new Map<string, StagedPackage>();
  readonly #present = new Map<string, StoredPackage>();
  /** Reused and fetched bytes of the archives, keyed by `KEY/NAME@VERSION`. */
  readonly #counts = new Map<string, NonNullable<Fetched["counts"]>>();
  /** Stored packages (`KEY/NAME@VERSION`) to replace: damaged, or to be unpacked again. */
  readonly #damaged = new Set<string>();
  readonly #loading = new Map<string, Promise<Readonly<Record<string, string>>>>();
  /** Packages found in the DHT, keyed by `KEY/NAME@VERSION`. */
  readonly #found = new Map<
    string,
    Pick<InstalledPackage, "asked" | "skipped" | "chosen" | "flags">
  >();
  /** Last job of the unpacking queue; one archive at a time makes the size limit exact. */
  #unpacking: Promise<unknown> = Promise.resolve();
  #archiveBytes = 0;
  #unpackedBytes = 0;

  private constructor(context: InstallContext, force: boolean, lock: Disposable) {
    this.#context = context;
    this.#force = force;
    this.#lock = lock;
  }

  /**
   * Starts an installation. Waits for the store's lock for adding packages.
   *
   * @throws {StoreError} `DIRECTORY_BUSY`, and disk errors
   */
  static async begin(context: InstallContext, force: boolean): Promise<Installation> {
    await context.store.ensure();
    return new Installation(context, force, await context.store.lock("add", context.signal));
  }

  /**
   * Finds and loads the highest available version that satisfies the range. If a version is
   * unavailable, the next lower one is tried, but never a version below the one in the lock file.
   */
  async resolve(
    wanted: Requirement,
    signal: AbortSignal,
    locked: readonly MinimalManifest[],
  ): Promise<MinimalManifest> {
    const { resolve, onSkipped } = this.#context;
    const { range } = wanted;
    const { found, skipped } = await getHighestAvailable({
      range,
      resolve: async (without) => {
        const found = await resolve(wanted, signal, without);
        if (without.size + found.skipped.length > 0) {
          const binding = locked.filter(({ version }) => !found.flags.yanked.has(version));
          refuseBelow(binding, found.minimal, wanted);
        }
        return found;
      },
      // Only if the archive is unavailable, a lower version is tried. Any other error is ignored
      // here; a later call of `load` for the same package throws the error again.
      get: ({ minimal }) =>
        this.load(minimal, signal).catch((error) => {
          if (isUnseeded(error)) throw error;
        }),
      onSkipped,
    });
    const { minimal, chosen } = found;
    const ref = packageRef(minimal);
    const before = this.#found.get(ref);
    const asked = before?.asked === "newest" ? "newest" : rangeKind(range);
    const flags = flagsOfVersion(found.flags, minimal.version);
    this.#found.set(ref, { asked, skipped, chosen: chosen ?? before?.chosen, flags });
    return minimal;
  }

  /**
   * Fetches a package and unpacks it in a temporary place, unless it is in the store. Resolves to
   * its dependencies: a range for each `[KEY/]NAME`.
   */
  load(minimal: MinimalManifest, signal: AbortSignal): Promise<Readonly<Record<string, string>>> {
    const ref = packageRef(minimal);
    let loading = this.#loading.get(ref);
    if (!loading) {
      loading = this.#load(minimal, signal);
      this.#loading.set(ref, loading);
      loading.catch((error) => isUnseeded(error) && this.#loading.delete(ref));
    }
    return loading;
  }

  async #load(
    minimal: MinimalManifest,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, string>>> {
    const { accept, fetch, onStep, limits } = this.#context;
    const ref = packageRef(minimal);
    await accept?.(minimal, signal);
    const there = await this.#stored(minimal);
    if (there) {
      onStep?.(`${label(minimal)} is in the store already`);
      this.#present.set(ref, there.entry);
      return there.dependencies;
    }
    this.#archiveBytes += minimal.length;
    // A compressed archive is practically never larger than its contents, so an archive above the
    // limit for contents is refused before the download.
    if (this.#archiveBytes > limits.maxUnpackedBytes) throw this.#tooLarge();
    const { archivePath, counts } = await fetch(minimal, signal).catch((error) => {
      this.#archiveBytes -= minimal.length;
      throw error;
    });
    if (counts) this.#counts.set(ref, counts);
    const staged = await this.#unpackInTurn(() => this.#stage(minimal, archivePath, signal));
    this.#staged.set(ref, staged);
    return staged.full.dependencies ?? {};
  }

  /**
   * Returns a package that satisfies the requirement without using the network; `undefined` if
   * there is none. Implements `GraphSource.known`.
   */
  async known(
    wanted: Requirement,
    parent: MinimalManifest | undefined,
    locked: readonly MinimalManifest[],
  ): Promise<MinimalManifest | undefined> {
    const { held, pinned, store } = this.#context;
    const publisher = wanted.publisher ?? pinned?.(wanted.name);
    const satisfies = ({ pubkey, name, version }: MinimalManifest) =>
      name === wanted.name && satisfiesRange(version, wanted.range) &&
      (publisher === undefined || publisher === pubkey);
    if (publisher !== undefined && isExact(wanted)) {
      const exactly = { pubkey: publisher, name: wanted.name, version: wanted.range! };
      const entry = await store.find(exactly);
      const minimal = entry?.problem === undefined ? entry?.minimal : undefined;
      const here = minimal ?? await held?.(exactly);
      if (here) return here;
    }
    if (!parent) return undefined;
    const candidates = locked.filter(satisfies).filter((one) => this.#mayBe(wanted, one))
      .sort(highestFirst);
    // A bare name is ambiguous if the lock file has packages of two publishers under it.
    const isClear = new Set(candidates.map(({ pubkey }) => pubkey)).size === 1;
    if (isClear) return candidates[0];
    const stored = this.#present.get(packageRef(parent));
    const id = stored && (await readLinks(stored.directory)).get(wanted.name);
    const entry = id === undefined ? undefined : await store.find(id);
    if (!entry || entry.problem !== undefined) return undefined;
    return satisfies(entry.minimal) && this.#mayBe(wanted, entry.minimal)
      ? entry.minimal
      : undefined;
  }

  /** Whether the user's pins allow this publisher for the requirement. */
  #mayBe({ publisher, name }: Requirement, { pubkey }: MinimalManifest): boolean {
    if (publisher !== undefined) return true;
    try {
      this.#context.checkPublisher?.(name, pubkey);
      return true;
    } catch (error) {
      if (error instanceof LibreseedError) return false;
      throw error;
    }
  }

  /** Moves all packages into the store, dependencies before the requested packages. */
  async finish(graph: Graph, direct: boolean): Promise<Installed> {
    const { onStep, signal, store } = this.#context;
    for (const cycle of cyclesOf(graph)) onStep?.(`dependency cycle: ${cycle}`);
    for (const several of sideBySide(graph)) onStep?.(`side by side: ${several}`);
    const asked = new Set(graph.direct.map(({ ref }) => ref));
    const installed = new Map<string, InstalledPackage>();
    await this.#readFlags(graph);
    for (const [ref, node] of [...graph.nodes].sort(([a], [b]) => +asked.has(a) - +asked.has(b))) {
      signal?.throwIfAborted();
      const { minimal, edges } = node;
      const present = this.#present.get(ref);
      await this.#commit(node, graph, direct && asked.has(ref));
      installed.set(ref, {
        minimal,
        path: store.treePath(minimal),
        present: present !== undefined,
        ...this.#counts.get(ref) ?? NOTHING_FETCHED,
        dependencies: edges.length,
        ...this.#found.get(ref)!,
      });
    }
    return {
      direct: graph.direct.map(({ ref }) => installed.get(ref)!),
      packages: [...graph.nodes.keys()].map((ref) => installed.get(ref)!),
      graph,
    };
  }

  /**
   * Reads the flags of the packages that were found without the DHT, and tells of each package that is
   * yanked or deprecated.
   */
  async #readFlags({ nodes }: Graph): Promise<void> {
    const { flagsOf, onFlagged, signal } = this.#context;
    await eachLimited(nodes, MAX_READING_FLAGS, signal, async ([ref, { minimal }], signal) => {
      if (this.#found.has(ref)) return;
      const flags = flagsOf ? flagsOfVersion(await flagsOf(minimal, signal), minimal.version) : {};
      this.#found.set(ref, { asked: "exact", skipped: [], flags });
    });
    for (const [ref, { minimal }] of nodes) {
      for (const warning of warningsOf(minimal, this.#found.get(ref)!.flags)) onFlagged?.(warning);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#unpacking.catch(() => {});
    for (const staged of this.#staged.values()) await staged[Symbol.asyncDispose]();
    this.#lock[Symbol.dispose]();
  }

  /**
   * Moves one package into the store. If the package is there already, only its links to
   * dependencies and its mark as a requested package are updated.
   */
  async #commit({ minimal, edges }: GraphNode, graph: Graph, direct: boolean): Promise<void> {
    const { store } = this.#context;
    const links = new Map(edges.map(({ requirement, ref }) => [
      requirement.name,
      packageId(graph.nodes.get(ref)!.minimal),
    ]));
    const present = this.#present.get(packageRef(minimal));
    if (!present) {
      const ref = packageRef(minimal);
      const replace = this.#damaged.has(ref);
      await this.#staged.get(ref)!.commit({ links, direct, replace });
      return;
    }
    await store.relink(present, links);
    if (direct && !present.direct) await store.setDirect(present, true);
  }

  /** Finds a package in the store that is neither damaged nor to be unpacked again. */
  async #stored(minimal: MinimalManifest) {
    const { store, limits, onStep } = this.#context;
    const entry = await store.find(minimal);
    if (!entry) return undefined;
    let problem = entry.problem;
    if (entry.problem === undefined) {
      refuseOther(entry, minimal);
      try {
        const { dependencies = {} } = await readStoredManifest(entry, limits);
        if (!this.#force) return { entry, dependencies };
      } catch (error) {
        if (!(error instanceof StoreError) || error.code !== "PACKAGE_DAMAGED") throw error;
        problem = error.message;
      }
    }
    onStep?.(problem ?? `${label(minimal)} is in the store already, and is unpacked anew`);
    this.#damaged.add(packageRef(minimal));
    return undefined;
  }

  async #stage(
    minimal: MinimalManifest,
    archivePath: string,
    signal: AbortSignal,
  ): Promise<StagedPackage> {
    const { store, limits, startThread, onStep } = this.#context;
    signal.throwIfAborted();
    onStep?.(`unpacking ${label(minimal)}`);
    const leftBytes = limits.maxUnpackedBytes - this.#unpackedBytes;
    try {
      const own = { ...limits, maxUnpackedBytes: leftBytes };
      const options = { limits: own, startThread, signal };
      const staged = await store.stage(minimal, archivePath, options);
      this.#unpackedBytes += staged.unpackedBytes;
      const { files, bytes } = staged.linked;
      if (files > 0) {
        onStep?.(
          `${label(minimal)}: ${formatCount(files, "file")} (${formatBytes(bytes)}) linked to ` +
            "files that the store has",
        );
      }
      return staged;
    } catch (error) {
      const isOurBound = error instanceof LibreseedError && error.code === "UNPACKED_TOO_LARGE" &&
        this.#unpackedBytes > 0;
      throw isOurBound ? this.#tooLarge(error) : error;
    }
  }

  /** Runs an unpacking job after all jobs that were queued before. */
  async #unpackInTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#unpacking.then(work, work);
    this.#unpacking = mine.catch(() => {});
    return await mine;
  }

  #tooLarge(cause?: unknown): InstallError {
    const { maxUnpackedBytes } = this.#context.limits;
    return new InstallError(
      "verification",
      "INSTALL_TOO_LARGE",
      `All that is needed has more than ${maxUnpackedBytes} bytes together. Nothing was installed. ` +
        "`--max-unpacked-size` sets the limit",
      { cause, detail: { maxUnpackedBytes } },
    );
  }
}

/**
 * Refuses a version below the one in the lock file as a replacement for an unavailable version.
 *
 * @throws {InstallError} `NO_PEERS` (kind `network`); the caller adds the unavailable version to
 * the message
 */
function refuseBelow(
  locked: readonly MinimalManifest[],
  { name, pubkey, version }: MinimalManifest,
  { range }: Requirement,
): void {
  const higher = locked.find((one) =>
    one.name === name && one.pubkey === pubkey && satisfiesRange(one.version, range) &&
    semver.gt(one.version, version)
  );
  if (!higher) return;
  throw new InstallError(
    "network",
    "NO_PEERS",
    `${label(higher)} is locked, and no peer has this version or a higher one now`,
  );
}
