/**
 * Installs packages with their dependencies: resolve, fetch, verify, unpack beside the store, and move
 * into place once everything is there. Never runs code of a package. Runs in the command's process.
 *
 * @module
 */

import { eachLimited } from "../base/mod.ts";
import type { Requirement } from "../fetching/mod.ts";
import type { MinimalManifest } from "../package/mod.ts";
import { graphBounds, resolveGraph } from "./dependencies.ts";
import { InstallError } from "./errors.ts";
import { Installation, type InstallContext, type Installed } from "./installation.ts";
import { checkLocked, compareWithLock } from "./lock_agreement.ts";
import { readLockFile } from "./lock_file.ts";
import { graphOfLock } from "./lock_graph.ts";
import { lockedKey, requireLockFile, saveToLock } from "./project_lock.ts";

/** Packages to install. */
export interface InstallRequest {
  requirements: readonly Requirement[];
  /** Whether `store prune` keeps the packages although no lock file refers to them. */
  direct: boolean;
  /** Unpack packages again that the store has already. */
  force?: boolean;
  /**
   * Path of the project's lock file, to which the packages are added. A dependency keeps its locked
   * version if that satisfies the range.
   */
  lockPath?: string;
}

/** Archives fetched concurrently. */
const MAX_FETCHING = 4;

/**
 * Installs packages with all their dependencies. After a rejection the store has no requested package
 * that it did not have before; it may have dependencies, each complete, if the disk failed at the very
 * end. An exact version whose publisher is pinned or named needs no network if it and its dependencies
 * are stored.
 *
 * @throws {InstallError} see {@linkcode resolveGraph}; `INSTALL_TOO_LARGE`
 * @throws {PackageError} the failed step of the verification chain, with the package's name
 * @throws {StoreError} `PACKAGE_CHANGED` (kind `verification`), `DIRECTORY_BUSY`, those of the disk
 */
export async function install(
  context: InstallContext,
  { requirements, direct, force = false, lockPath }: InstallRequest,
): Promise<Installed> {
  const lock = lockPath === undefined ? undefined : await readLockFile(lockPath, context.signal);
  await using work = await Installation.begin(context, force);
  const locked = [...lock?.packages.values() ?? []].map(({ minimal }) => minimal);
  const graph = await resolveGraph(requirements, {
    resolve: (wanted, signal) => work.resolve(wanted, signal, locked),
    load: (minimal, signal) => work.load(minimal, signal),
    known: (wanted, parent) => work.known(wanted, parent, parent ? locked : []),
  }, { signal: context.signal });
  const installed = await work.finish(graph, direct);
  if (lockPath !== undefined) await saveToLock(context.store, lockPath, graph, context.signal);
  return installed;
}

/**
 * Installs exactly the packages of a lock file, without resolving a range. The dependencies in each
 * package's signed manifest have to agree with the lock file. The project's author writes the lock file
 * and could put another publisher's package under a bare name, so the user's pins are checked too.
 *
 * @param requirements requirements of the lock file to install; all of them if empty
 * @throws {InstallError} `LOCK_MISSING`, `NOT_IN_LOCK` (kind `not-found`), `LOCK_INVALID`,
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
    throw new InstallError(
      "verification",
      "TOO_MANY_PACKAGES",
      `The lock file holds ${graph.nodes.size} packages, more than the ${maxPackages} that one installation may have`,
    );
  }
  const checkAllowed = (requirement: Requirement, got: MinimalManifest) =>
    checkLocked(context, lockPath, requirement, got);
  for (const { requirement, ref } of graph.direct) {
    checkAllowed(requirement, graph.nodes.get(ref)!.minimal);
  }
  await using work = await Installation.begin(context, force);
  await eachLimited(graph.nodes.values(), MAX_FETCHING, context.signal, async (node, signal) => {
    compareWithLock(node, graph, await work.load(node.minimal, signal), checkAllowed);
  });
  // Register the lock file first: `store prune` removes packages without a registered root.
  await context.store.roots.add(lockPath);
  return await work.finish(graph, false);
}
