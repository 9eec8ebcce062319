/**
 * Installs packages with their dependencies: resolves, fetches, verifies and unpacks each package
 * in a temporary place, and moves all of them into the store at the end. Never runs code of a
 * package. Runs in the command's thread, not in the daemon.
 *
 * @module
 */

import { eachLimited } from "../base/mod.ts";
import type { Requirement } from "../fetching/mod.ts";
import type { MinimalManifest } from "../package/mod.ts";
import type { InstallContext, Installed } from "./context.ts";
import { graphBounds, resolveGraph } from "./dependencies.ts";
import { InstallError } from "./errors.ts";
import { Installation } from "./installation.ts";
import { checkLocked, compareWithLock } from "./lock_agreement.ts";
import { readLockFile } from "./lock_file.ts";
import { graphOfLock } from "./lock_graph.ts";
import { lockedKey, requireLockFile, saveToLock } from "./project_lock.ts";

/** A request to install packages: the requirements and the options of `libreseed install`. */
export interface InstallRequest {
  requirements: readonly Requirement[];
  /** Whether `store prune` keeps the requested packages even if no lock file refers to them. */
  direct: boolean;
  /** Whether to unpack packages again that are already in the store. */
  force?: boolean;
  /**
   * Path of the project's lock file. The installed packages are added to it. A dependency keeps the
   * version in the lock file if that version satisfies the range.
   */
  lockPath?: string;
  /** Path of the temporary file beside the lock file; default: a new random name. */
  stagingPath?: string;
}

/** Maximum number of locked packages whose archives are fetched concurrently. */
const MAX_FETCHING = 4;

/**
 * Installs packages with all their dependencies.
 *
 * If the installation fails, it adds none of the requested packages to the store. Only if the disk
 * fails while packages are moved into the store, some complete dependencies may stay there.
 *
 * The network is not used for an exact version with a known publisher (pinned, or named by key) if
 * the package and its dependencies are already stored.
 *
 * @throws {InstallError} see {@linkcode resolveGraph}; `INSTALL_TOO_LARGE`
 * @throws {PackageError} the failed step of the verification chain, with the package's name
 * @throws {StoreError} `PACKAGE_CHANGED` (kind `verification`), `DIRECTORY_BUSY`, and disk errors
 */
export async function install(
  context: InstallContext,
  { requirements, direct, force = false, lockPath, stagingPath }: InstallRequest,
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
  if (lockPath !== undefined) {
    await saveToLock(context.store, { lockPath, stagingPath }, graph, context.signal);
  }
  return installed;
}

/**
 * Installs exactly the packages of a lock file; no range is resolved. The lock file must agree with
 * the dependencies in each package's signed manifest. The user's pins are checked too, because the
 * author of a lock file could put another publisher's package under a bare name.
 *
 * @param requirements the requirements of the lock file to install; if empty, all of them
 * @throws {InstallError} `LOCK_MISSING`, `NOT_IN_LOCK` (kind `not-found`), `LOCK_INVALID`,
 * `LOCK_MISMATCH`, `PUBLISHER_CHANGED` (kind `verification`), `TOO_MANY_PACKAGES`,
 * `INSTALL_TOO_LARGE`, and the errors of {@linkcode install}
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
  // Register the lock file as a root before its packages enter the store: `store prune` removes
  // packages that no registered root refers to.
  await context.store.roots.add(lockPath);
  return await work.finish(graph, false);
}
