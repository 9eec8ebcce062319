/**
 * Converts between a lock file and a dependency graph, and adds or removes requirements of a lock
 * file. Pure functions: no file is read or written.
 *
 * @module
 */

import { requirementKey } from "../fetching/mod.ts";
import { dropUnreachable, type Graph } from "./dependency_graph.ts";
import type { LockFile } from "./lock_file.ts";

/**
 * Builds the dependency graph for some requirements of a lock file; by default, for all of them.
 */
export function graphOfLock(
  { packages, requirements }: LockFile,
  wanted: Iterable<string> = requirements.keys(),
): Graph {
  const graph: Graph = {
    direct: [...wanted].map((key) => ({ ...requirements.get(key)! })),
    nodes: new Map(),
  };
  for (const [ref, { minimal, dependencies }] of packages) {
    const edges = [...dependencies].sort().map(([name, ref]) => ({ requirement: { name }, ref }));
    graph.nodes.set(ref, { minimal, edges });
  }
  dropUnreachable(graph);
  return graph;
}

/**
 * Returns a lock file with the packages of an installation added. The new packages replace the
 * packages that were locked for the same requirements. Packages that no requirement needs any more
 * are removed.
 */
export function lockWith(lock: LockFile | undefined, graph: Graph): LockFile {
  const requirements = new Map(lock?.requirements);
  for (const { requirement, ref } of graph.direct) {
    requirements.set(requirementKey(requirement), { requirement, ref });
  }
  const packages = new Map(lock?.packages);
  for (const [ref, { minimal, edges }] of graph.nodes) {
    const dependencies = new Map(edges.map(({ requirement, ref }) => [requirement.name, ref]));
    packages.set(ref, { minimal, dependencies });
  }
  return pruned({ packages, requirements });
}

/**
 * Returns a lock file without one requirement, and without the packages that only this requirement
 * needed.
 */
export function lockWithout(lock: LockFile, key: string): LockFile {
  const requirements = new Map(lock.requirements);
  requirements.delete(key);
  return pruned({ packages: lock.packages, requirements });
}

function pruned(lock: LockFile): LockFile {
  const { nodes } = graphOfLock(lock);
  const packages = new Map([...lock.packages].filter(([ref]) => nodes.has(ref)));
  return { ...lock, packages };
}
