/**
 * Installing: find what is needed, fetch and verify it, unpack it beside the store, and only when all
 * of it is there put it in its place. Nothing in a package is run. Runs in the command's process.
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";
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
import { graphBounds, resolveGraph } from "./dependencies.ts";
import {
  cyclesOf,
  type Graph,
  type GraphNode,
  highestFirst,
  label,
  sideBySide,
} from "./dependency_graph.ts";
import { eachLimited } from "./each_limited.ts";
import { DaemonError } from "./errors.ts";
import { checkLocked, compareWithLock } from "./lock_agreement.ts";
import { graphOfLock, readLockFile } from "./lock_file.ts";
import { lockedKey, requireLockFile, saveToLock } from "./project_lock.ts";
import { fits, isExact, packageRef, type Requirement } from "./requirement.ts";

/** What installing works with. */
export interface InstallContext {
  store: PackageStore;
  limits: ArchiveLimits;
  signal?: AbortSignal;
  /** Finds a package in the DHT, by the rules of trust if it is asked for without a publisher. */
  resolve: (wanted: Requirement, signal: AbortSignal) => Promise<MinimalManifest>;
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
}

/** What to install. */
export interface InstallRequest {
  requirements: readonly Requirement[];
  /** Whether `store prune` shall keep it though no lock file refers to it. */
  direct: boolean;
  /** Unpack anew what is in the store already. */
  force?: boolean;
  /**
   * The project's lock file, which gets what was asked for. What it holds already is kept to where it
   * satisfies what others need.
   */
  lockPath?: string;
}

/** A package that is in the store now. */
export interface InstalledPackage {
  minimal: MinimalManifest;
  /** Absolute path of its tree. */
  path: string;
  /** Whether it was there before. */
  present: boolean;
  /** How many packages it depends on itself. */
  dependencies: number;
}

/** An installation. */
export interface Installed {
  /** What was asked for, in that order. */
  direct: InstalledPackage[];
  /** All of it, what was asked for included. */
  packages: InstalledPackage[];
  graph: Graph;
}

/** Archives that are fetched at a time. */
const MAX_FETCHING = 4;

/**
 * Installs packages with all that they depend on. When it rejects, nothing that was asked for is in
 * the store that was not there before; what it depends on may be, each package whole, if the disk
 * failed at the very end. An exact version of a settled publisher that is here with its dependencies
 * takes no network.
 *
 * @throws {DaemonError} see {@linkcode resolveGraph}; `INSTALL_TOO_LARGE`
 * @throws {PackageError} whichever step of the verification chain failed, with the package's name
 * @throws {StoreError} `PACKAGE_CHANGED` (kind `verification`), `DIRECTORY_BUSY`, those of the disk
 */
export async function install(
  context: InstallContext,
  { requirements, direct, force = false, lockPath }: InstallRequest,
): Promise<Installed> {
  const lock = lockPath === undefined ? undefined : await readLockFile(lockPath);
  await using work = await Installation.begin(context, force);
  const locked = [...lock?.packages.values() ?? []].map(({ minimal }) => minimal);
  const graph = await resolveGraph(requirements, {
    resolve: context.resolve,
    load: (minimal, signal) => work.load(minimal, signal),
    known: (wanted, parent) => work.known(wanted, parent, parent ? locked : []),
  }, { signal: context.signal });
  const installed = await work.finish(graph, direct);
  if (lockPath !== undefined) await saveToLock(context.store, lockPath, graph, context.signal);
  return installed;
}

/**
 * Installs what a lock file holds, and nothing else: no range is resolved. What the packages say that
 * they depend on has to be what the lock file says. A lock file comes with a project, from whoever
 * writes it; so where it says whose package a bare name is, the user's own pins are asked as well.
 *
 * @param requirements those of its requirements that are wanted; all, if there are none
 * @throws {DaemonError} `LOCK_MISSING`, `NOT_IN_LOCK` (kind `not-found`), `LOCK_INVALID`,
 * `LOCK_MISMATCH`, `PUBLISHER_CHANGED` (kind `verification`), `TOO_MANY_PACKAGES`,
 * `INSTALL_TOO_LARGE`, and what {@linkcode install} throws
 */
export async function installLocked(
  context: InstallContext,
  lockPath: string,
  requirements: readonly Requirement[] = [],
  { force = false }: { force?: boolean } = {},
): Promise<Installed> {
  const lock = await requireLockFile(lockPath);
  const keys = requirements.map((requirement) => lockedKey(lock, requirement, lockPath));
  const graph = graphOfLock(lock, keys.length > 0 ? new Set(keys) : undefined);
  const { maxPackages } = graphBounds;
  if (graph.nodes.size > maxPackages) {
    throw new DaemonError(
      "verification",
      "TOO_MANY_PACKAGES",
      `The lock file holds ${graph.nodes.size} packages, more than the ${maxPackages} that one installation may have`,
    );
  }
  const mayMean = (requirement: Requirement, got: MinimalManifest) =>
    checkLocked(context, lockPath, requirement, got);
  for (const { requirement, ref } of graph.direct) {
    mayMean(requirement, graph.nodes.get(ref)!.minimal);
  }
  await using work = await Installation.begin(context, force);
  await eachLimited(graph.nodes.values(), MAX_FETCHING, context.signal, async (node, signal) => {
    compareWithLock(node, graph, await work.load(node.minimal, signal), mayMean);
  });
  const installed = await work.finish(graph, false);
  await context.store.roots.add(lockPath);
  return installed;
}

/** One installation on its way. Disposing of it removes what is not in its place. */
class Installation implements AsyncDisposable {
  readonly #context: InstallContext;
  readonly #force: boolean;
  readonly #lock: Disposable;
  readonly #staged = new Map<string, StagedPackage>();
  readonly #present = new Map<string, StoredPackage>();
  /** Those whose place is taken by something damaged. */
  readonly #damaged = new Set<string>();
  /** One archive is unpacked at a time: it takes a processor, and the bounds stay exact. */
  #unpacking: Promise<unknown> = Promise.resolve();
  #archiveBytes = 0;
  #unpackedBytes = 0;

  private constructor(context: InstallContext, force: boolean, lock: Disposable) {
    this.#context = context;
    this.#force = force;
    this.#lock = lock;
  }

  static async begin(context: InstallContext, force: boolean): Promise<Installation> {
    await context.store.ensure();
    return new Installation(context, force, await context.store.lock("add", context.signal));
  }

  /** Makes sure of a package, in the store or beside it, and tells what it depends on. */
  async load(
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
    const archivePath = await fetch(minimal, signal);
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

  #tooLarge(cause?: unknown): DaemonError {
    const { maxUnpackedBytes } = this.#context.limits;
    return new DaemonError(
      "verification",
      "INSTALL_TOO_LARGE",
      `All that is needed has more than ${maxUnpackedBytes} bytes together. Nothing was installed. ` +
        "`--max-unpacked-size` sets the limit",
      { cause, detail: { maxUnpackedBytes } },
    );
  }
}
