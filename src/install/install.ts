/**
 * Installing: find what is needed, fetch and verify it, unpack it beside the store, and only when all
 * of it is there put it in its place. Nothing in a package is run. Runs in the command's process.
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
import { graphOfLock, readLockFile } from "./lock_file.ts";
import { lockedKey, requireLockFile, saveToLock } from "./project_lock.ts";

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

/** Archives that are fetched at a time. */
const MAX_FETCHING = 4;

/**
 * Installs packages with all that they depend on. When it rejects, nothing that was asked for is in
 * the store that was not there before; what it depends on may be, each package whole, if the disk
 * failed at the very end. An exact version of a settled publisher that is here with its dependencies
 * takes no network.
 *
 * @throws {InstallError} see {@linkcode resolveGraph}; `INSTALL_TOO_LARGE`
 * @throws {PackageError} whichever step of the verification chain failed, with the package's name
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
 * Installs what a lock file holds, and nothing else: no range is resolved. What the packages say that
 * they depend on has to be what the lock file says. A lock file comes with a project, from whoever
 * writes it; so where it says whose package a bare name is, the user's own pins are asked as well.
 *
 * @param requirements those of its requirements that are wanted; all, if there are none
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
  const mayMean = (requirement: Requirement, got: MinimalManifest) =>
    checkLocked(context, lockPath, requirement, got);
  for (const { requirement, ref } of graph.direct) {
    mayMean(requirement, graph.nodes.get(ref)!.minimal);
  }
  await using work = await Installation.begin(context, force);
  await eachLimited(graph.nodes.values(), MAX_FETCHING, context.signal, async (node, signal) => {
    compareWithLock(node, graph, await work.load(node.minimal, signal), mayMean);
  });
  // First: nothing would keep the packages of a lock file that the store does not know of.
  await context.store.roots.add(lockPath);
  return await work.finish(graph, false);
}
