/**
 * Checks a lock file against signed manifests and against the user's pins. A lock file is part of a
 * project and may come from anybody. It may choose versions, but the user's pins decide which
 * publishers are trusted.
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";
import {
  formatRequirement,
  packageRef,
  type Requirement,
  satisfiesRange,
} from "../fetching/mod.ts";
import type { MinimalManifest } from "../package/mod.ts";
import { requirementsOf } from "./dependencies.ts";
import { type Graph, type GraphNode, label } from "./dependency_graph.ts";
import { InstallError } from "./errors.ts";

/**
 * Refuses a package in the lock file if its bare name is pinned to another publisher. A requirement
 * with a publisher's key needs no pin.
 *
 * @throws {InstallError} `PUBLISHER_CHANGED` (kind `verification`)
 */
export function checkLocked(
  { checkPublisher }: { checkPublisher?: (name: string, publisher: string) => void },
  lockPath: string,
  { name, publisher }: Requirement,
  { pubkey }: MinimalManifest,
): void {
  if (publisher !== undefined) return;
  try {
    checkPublisher?.(name, pubkey);
  } catch (cause) {
    if (!(cause instanceof LibreseedError)) throw cause;
    const { kind, code, message, detail } = cause;
    throw new InstallError(kind, code, `${lockPath} is not installed: ${message}`, {
      cause,
      detail: { ...detail, path: lockPath },
    });
  }
}

/**
 * Refuses a lock file that contradicts the signed manifest of one of its packages.
 *
 * @param dependencies a range for each `[KEY/]NAME`, from the manifest
 * @param checkAllowed throws if the user's pins forbid the locked package for a requirement
 * @throws {InstallError} `LOCK_MISMATCH` (kind `verification`), and errors of `checkAllowed`
 */
export function compareWithLock(
  { minimal, edges }: GraphNode,
  graph: Graph,
  dependencies: Readonly<Record<string, string>>,
  checkAllowed: (requirement: Requirement, got: MinimalManifest) => void,
): void {
  const locked = new Map(edges.map(({ requirement, ref }) => [requirement.name, ref]));
  const mismatch = (why: string) =>
    new InstallError(
      "verification",
      "LOCK_MISMATCH",
      `The lock file does not agree with the manifest of ${label(minimal)}: ${why}. ` +
        "`libreseed install --save` writes it anew",
    );
  for (const requirement of requirementsOf(minimal, dependencies)) {
    const { publisher, name, range } = requirement;
    const ref = locked.get(name);
    locked.delete(name);
    if (ref === undefined) throw mismatch(`it needs ${name}, which has no locked package`);
    const got = graph.nodes.get(ref)!.minimal;
    if (
      !satisfiesRange(got.version, range) || (publisher !== undefined && publisher !== got.pubkey)
    ) {
      throw mismatch(`it needs ${formatRequirement(requirement)}; ${packageRef(got)} is locked`);
    }
    checkAllowed(requirement, got);
  }
  const [extra] = locked.keys();
  if (extra !== undefined) throw mismatch(`it does not need ${extra}`);
}
