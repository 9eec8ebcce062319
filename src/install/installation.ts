/**
 * One installation on its way: what it has found, fetched and unpacked beside the store, and how all
 * of it gets its place. Which packages are needed is decided by `install.ts`.
 *
 * @module
 */

import semver from "semver";
import { LibreseedError } from "../base/mod.ts";
import {
  type Asked,
  askedAs,
  fits,
  haveHighest,
  isExact,
  isUnseeded,
  packageRef,
  type Requirement,
  type SkippedVersion,
} from "../fetching/mod.ts";
import type { PublisherChoice, ResolvedByName } from "../names/mod.ts";
import type { ArchiveLimits, MinimalManifest } from "../package/mod.ts";
import {
  packageId,
  type PackageName,
  type PackageStore,
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
import { InstallError } from "./errors.ts";

/** Dependencies of an installation. */
export interface InstallContext {
  store: PackageStore;
  limits: ArchiveLimits;
  signal?: AbortSignal;
  /**
   * Finds a package in the DHT, by the rules of trust if it is asked for without a publisher.
   *
   * @param without versions that could not be had
   */
  resolve: (
    wanted: Requirement,
    signal: AbortSignal,
    without: ReadonlySet<string>,
  ) => Promise<FoundPackage>;
  /** Sees that the archive is here, and returns its path. */
  fetch: (minimal: MinimalManifest, signal: AbortSignal) => Promise<string>;
  /** The signed manifest of a package whose archive is here, though it may not be in the store. */
  held?: (name: PackageName) => Promise<MinimalManifest | undefined>;
  /** The publisher that a name means, as `ed25519:BASE64`, if that is settled without the network. */
  pinned?: (name: string) => string | undefined;
  /**
   * Refuses a publisher, as `ed25519:BASE64`, whose package a bare name may not mean here. Throws what
   * `checkPin` throws.
   */
  checkPublisher?: (name: string, publisher: string) => void;
  /** Hears each step, for people. */
  onStep?: (message: string) => void;
  /** Hears of a version that could not be had, and was passed over. */
  onSkipped?: (message: string) => void;
}

/** A package as the DHT has it. */
export type FoundPackage = Pick<ResolvedByName, "minimal" | "skipped" | "chosen">;

/** A package that is in the store now. */
export interface InstalledPackage {
  minimal: MinimalManifest;
  /** Absolute path of its tree. */
  path: string;
  /** Whether it was there before. */
  present: boolean;
  /** How many packages it depends on itself. */
  dependencies: number;
  /** How its publisher's list gave it; `exact` if it did not. */
  asked: Asked;
  /** Higher versions that fit, and could not be had. */
  skipped: SkippedVersion[];
  /** How its publisher was chosen among several, if it was. */
  chosen?: PublisherChoice;
}

/** An installation. */
export interface Installed {
  /** The requirements, in the order of the request. */
  direct: InstalledPackage[];
  /** All of it, what was asked for included. */
  packages: InstalledPackage[];
  graph: Graph;
}

/** One installation on its way. Disposing of it removes what is not in its place. */
export class Installation implements AsyncDisposable {
  readonly #context: InstallContext;
  readonly #force: boolean;
  readonly #lock: Disposable;
  readonly #staged = new Map<string, StagedPackage>();
  readonly #present = new Map<string, StoredPackage>();
  /** Those whose place is taken by something damaged. */
  readonly #damaged = new Set<string>();
  readonly #loading = new Map<string, Promise<Readonly<Record<string, string>>>>();
  /** Packages that the network gave, by `KEY/NAME@VERSION`. */
  readonly #found = new Map<string, Pick<InstalledPackage, "asked" | "skipped" | "chosen">>();
  /** One archive is unpacked at a time: it takes a processor, and the bounds stay exact. */
  #unpacking: Promise<unknown> = Promise.resolve();
  #archiveBytes = 0;
  #unpackedBytes = 0;

  private constructor(context: InstallContext, force: boolean, lock: Disposable) {
    this.#context = context;
    this.#force = force;
    this.#lock = lock;
  }

  /** Waits for the right to add packages. Throws `DIRECTORY_BUSY` and those of the disk. */
  static async begin(context: InstallContext, force: boolean): Promise<Installation> {
    await context.store.ensure();
    return new Installation(context, force, await context.store.lock("add", context.signal));
  }

  /**
   * Finds a package, and makes sure of it: the highest version that fits and can be had. Where there is
   * a lock file, never one below that which it holds.
   */
  async resolve(
    wanted: Requirement,
    signal: AbortSignal,
    locked: readonly MinimalManifest[],
  ): Promise<MinimalManifest> {
    const { resolve, onSkipped } = this.#context;
    const { range } = wanted;
    const { found, skipped } = await haveHighest({
      range,
      resolve: async (without) => {
        const found = await resolve(wanted, signal, without);
        if (without.size + found.skipped.length > 0) refuseBelow(locked, found.minimal, wanted);
        return found;
      },
      // Any other failure is met again when it is loaded, and told with its version then.
      have: ({ minimal }) =>
        this.load(minimal, signal).catch((error) => {
          if (isUnseeded(error)) throw error;
        }),
      onSkipped,
    });
    const { minimal, chosen } = found;
    const ref = packageRef(minimal);
    const before = this.#found.get(ref);
    const asked = before?.asked === "newest" ? "newest" : askedAs(range);
    this.#found.set(ref, { asked, skipped, chosen: chosen ?? before?.chosen });
    return minimal;
  }

  /** Makes sure of a package, in the store or beside it, and tells what it depends on. */
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
    const { fetch, onStep, limits } = this.#context;
    const ref = packageRef(minimal);
    const there = await this.#stored(minimal);
    if (there) {
      onStep?.(`${label(minimal)} is in the store already`);
      this.#present.set(ref, there.entry);
      return there.dependencies;
    }
    this.#archiveBytes += minimal.length;
    // An archive does not unpack to less than its own length.
    if (this.#archiveBytes > limits.maxUnpackedBytes) throw this.#tooLarge();
    const archivePath = await fetch(minimal, signal).catch((error) => {
      this.#archiveBytes -= minimal.length;
      throw error;
    });
    const staged = await this.#inTurn(() => this.#stage(minimal, archivePath, signal));
    this.#staged.set(ref, staged);
    return staged.full.dependencies ?? {};
  }

  /** A package that will do without the network; see `GraphSource.known`. */
  async known(
    wanted: Requirement,
    parent: MinimalManifest | undefined,
    locked: readonly MinimalManifest[],
  ): Promise<MinimalManifest | undefined> {
    const { held, pinned, store } = this.#context;
    const publisher = wanted.publisher ?? pinned?.(wanted.name);
    const willDo = ({ pubkey, name, version }: MinimalManifest) =>
      name === wanted.name && fits(version, wanted.range) &&
      (publisher === undefined || publisher === pubkey);
    if (publisher !== undefined && isExact(wanted)) {
      const exactly = { pubkey: publisher, name: wanted.name, version: wanted.range! };
      const entry = await store.find(exactly);
      const minimal = entry?.problem === undefined ? entry?.minimal : undefined;
      const here = minimal ?? await held?.(exactly);
      if (here) return here;
    }
    if (!parent) return undefined;
    const candidates = locked.filter(willDo).filter((one) => this.#mayBe(wanted, one))
      .sort(highestFirst);
    // Of two publishers in the lock file, nothing says whose is meant.
    const isClear = new Set(candidates.map(({ pubkey }) => pubkey)).size === 1;
    if (isClear) return candidates[0];
    const stored = this.#present.get(packageRef(parent));
    const id = stored && (await readLinks(stored.directory)).get(wanted.name);
    const entry = id === undefined ? undefined : await store.find(id);
    if (!entry || entry.problem !== undefined) return undefined;
    return willDo(entry.minimal) && this.#mayBe(wanted, entry.minimal) ? entry.minimal : undefined;
  }

  /** Whether the pins let a package be what is wanted. */
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

  /** Puts everything in its place, what was asked for last. */
  async finish(graph: Graph, direct: boolean): Promise<Installed> {
    const { onStep, signal, store } = this.#context;
    for (const cycle of cyclesOf(graph)) onStep?.(`these need each other: ${cycle}`);
    for (const several of sideBySide(graph)) onStep?.(`side by side: ${several}`);
    const asked = new Set(graph.direct.map(({ ref }) => ref));
    const installed = new Map<string, InstalledPackage>();
    for (const [ref, node] of [...graph.nodes].sort(([a], [b]) => +asked.has(a) - +asked.has(b))) {
      signal?.throwIfAborted();
      const { minimal, edges } = node;
      const present = this.#present.get(ref);
      await this.#settle(node, graph, direct && asked.has(ref));
      installed.set(ref, {
        minimal,
        path: store.treePath(minimal),
        present: present !== undefined,
        dependencies: edges.length,
        ...this.#found.get(ref) ?? { asked: "exact", skipped: [] },
      });
    }
    return {
      direct: graph.direct.map(({ ref }) => installed.get(ref)!),
      packages: [...graph.nodes.keys()].map((ref) => installed.get(ref)!),
      graph,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#unpacking.catch(() => {});
    for (const staged of this.#staged.values()) await staged[Symbol.asyncDispose]();
    this.#lock[Symbol.dispose]();
  }

  /** Commits one package, or gives one that is there its links and mark. */
  async #settle({ minimal, edges }: GraphNode, graph: Graph, direct: boolean): Promise<void> {
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

  /** The package in the store; `undefined` if it is not there or is to be unpacked anew. */
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
    const { store, limits, onStep } = this.#context;
    signal.throwIfAborted();
    onStep?.(`unpacking ${label(minimal)}`);
    const leftBytes = limits.maxUnpackedBytes - this.#unpackedBytes;
    try {
      const own = { ...limits, maxUnpackedBytes: leftBytes };
      const staged = await store.stage(minimal, archivePath, { limits: own, signal });
      this.#unpackedBytes += staged.unpackedBytes;
      return staged;
    } catch (error) {
      const isOurBound = error instanceof LibreseedError && error.code === "UNPACKED_TOO_LARGE" &&
        this.#unpackedBytes > 0;
      throw isOurBound ? this.#tooLarge(error) : error;
    }
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
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
 * Refuses a version that would take the place of one that cannot be had, and is lower than the one
 * that is locked.
 *
 * @throws {InstallError} `NO_PEERS` (kind `network`); the caller names the version that cannot be had
 */
function refuseBelow(
  locked: readonly MinimalManifest[],
  { name, pubkey, version }: MinimalManifest,
  { range }: Requirement,
): void {
  const higher = locked.find((one) =>
    one.name === name && one.pubkey === pubkey && fits(one.version, range) &&
    semver.gt(one.version, version)
  );
  if (!higher) return;
  throw new InstallError(
    "network",
    "NO_PEERS",
    `${label(higher)} is locked, and no version from there on can be had now`,
  );
}
