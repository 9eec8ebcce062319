/**
 * Upgrades packages with their dependencies: those of a project's lock file, or those that were installed
 * by name. An upgrade is complete, or it changes nothing: all packages are verified before the first one
 * comes into the store, and the lock file is replaced at the end, in one step.
 *
 * @module
 */

import semver from "semver";
import { LibreseedError } from "../base/mod.ts";
import { packageRef, type Requirement, satisfiesRange } from "../fetching/mod.ts";
import type { MinimalManifest } from "../package/mod.ts";
import { resolveGraph } from "./dependencies.ts";
import type { Graph } from "./dependency_graph.ts";
import type { InstallContext, Installed } from "./context.ts";
import { Installation } from "./installation.ts";
import { checkLocked } from "./lock_agreement.ts";
import { type Held, type Newest, upgradeRequirement } from "./outdated.ts";
import { requireLockFile, type SavedLock, saveToLock } from "./project_lock.ts";

/** A package that an upgrade has replaced by a newer version. */
export interface Upgraded {
  minimal: MinimalManifest;
  /** The version that was held before. */
  before: string;
}

/** The outcome of an upgrade. */
export interface UpgradeOutcome {
  /** The requested packages whose version is another one now. */
  upgraded: Upgraded[];
  installed: Installed;
}

/** Options of an upgrade. */
export interface UpgradeOptions {
  /** Whether to go beyond the ranges. */
  beyond: boolean;
  /** Whether a package may stay; not if its key is revoked. Default: each may. */
  accepts?: (minimal: MinimalManifest) => boolean;
}

/**
 * Upgrades requirements of a lock file, and all their dependencies, to the highest versions that the
 * ranges allow. The publisher of a requirement stays the one that is locked.
 *
 * @param held the requirements to upgrade, as `newestOf` describes them
 * @param options `beyond`: the lock file gets the range `^VERSION` where the range does not allow the latest
 * @throws {InstallError} `PUBLISHER_CHANGED` (kind `verification`) if a bare name is pinned to another
 * publisher, `LOCK_MISSING`, `LOCK_INVALID`, and the errors of `install`
 */
export async function upgradeLocked(
  context: InstallContext,
  saved: SavedLock,
  held: readonly Newest[],
  options: UpgradeOptions,
): Promise<UpgradeOutcome> {
  const lock = await requireLockFile(saved.lockPath);
  for (const { requirement, minimal } of held) {
    checkLocked(context, saved.lockPath, requirement, minimal);
  }
  const locked = [...lock.packages.values()].map(({ minimal }) => minimal);
  await using work = await Installation.begin(context, false);
  const graph = await resolve(work, context, held, options, locked);
  const installed = await work.finish(graph, false);
  await saveToLock(context.store, saved, graph, context.signal);
  return { upgraded: differences(held, graph), installed };
}

/**
 * Upgrades packages that were installed by name, and all their dependencies. The version before is no
 * longer marked as installed by name, so `store prune` removes it once nothing else needs it.
 *
 * @param held the packages to upgrade, as `newestOf` describes them
 * @param options `beyond`: beyond `^VERSION`
 * @throws the errors of `install`
 */
export async function upgradeInstalled(
  context: InstallContext,
  held: readonly Newest[],
  options: UpgradeOptions,
): Promise<UpgradeOutcome> {
  await using work = await Installation.begin(context, false);
  const graph = await resolve(work, context, held, options, held.map(({ minimal }) => minimal));
  const installed = await work.finish(graph, true);
  const kept = new Set(graph.direct.map(({ ref }) => ref));
  for (const { entry, minimal } of held) {
    if (entry && !kept.has(packageRef(minimal))) await context.store.setDirect(entry, false);
  }
  return { upgraded: differences(held, graph), installed };
}

/**
 * Resolves the requirements anew, without regard to the versions that are locked or in the store, except
 * that none becomes lower.
 *
 * @param had the packages that are there
 */
async function resolve(
  work: Installation,
  { signal }: InstallContext,
  held: readonly Newest[],
  { beyond, accepts = () => true }: UpgradeOptions,
  had: readonly MinimalManifest[],
): Promise<Graph> {
  const locked = had.filter(accepts);
  const requirements = held.map((one) => upgradeRequirement(one, beyond));
  // A requirement of the lock file may have a bare name, whose publisher the lock file tells.
  const publishers = new Map(
    held.map(({ minimal }, at) => [requirements[at]!, minimal.pubkey]),
  );
  const meant = requirements.map((one) => ({ ...one, publisher: publishers.get(one)! }));
  const graph = await resolveGraph(meant, {
    resolve: (wanted, signal) => upgraded(work, wanted, signal, locked),
    load: (minimal, signal) => work.load(minimal, signal),
    known: (wanted) => work.known(wanted, undefined, []),
  }, { signal });
  const direct = graph.direct.map((edge, at) => ({ ...edge, requirement: requirements[at]! }));
  return { ...graph, direct };
}

/**
 * Finds the version that an upgrade installs. The locked version stays in place of a lower one, because
 * the list of a publisher may be an old one, and where all versions in the range are yanked.
 */
async function upgraded(
  work: Installation,
  wanted: Requirement,
  signal: AbortSignal,
  locked: readonly MinimalManifest[],
): Promise<MinimalManifest> {
  try {
    const minimal = await work.resolve(wanted, signal, locked);
    const higher = highestLocked(wanted, minimal.pubkey, locked);
    return higher && semver.gt(higher.version, minimal.version) ? higher : minimal;
  } catch (error) {
    const { yanked, publisher } = error instanceof LibreseedError ? error.detail : {};
    const held = Array.isArray(yanked) && highestLocked(wanted, String(publisher), locked);
    if (!held) throw error;
    return held;
  }
}

function highestLocked(
  wanted: Requirement,
  publisher: string,
  locked: readonly MinimalManifest[],
): MinimalManifest | undefined {
  const [highest] = locked.filter(({ name, pubkey, version }) =>
    name === wanted.name && pubkey === publisher && satisfiesRange(version, wanted.range)
  ).sort((a, b) => semver.rcompare(a.version, b.version));
  return highest;
}

function differences(held: readonly Held[], { direct, nodes }: Graph): Upgraded[] {
  return held.flatMap(({ minimal: { version: before } }, at) => {
    const { minimal } = nodes.get(direct[at]!.ref)!;
    return minimal.version === before ? [] : [{ minimal, before }];
  });
}
