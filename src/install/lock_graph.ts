/**
 * Between a lock file and the graph of an installation: reads one as the other, adds an installation,
 * takes a requirement out. Touches no file.
 *
 * @module
 */

import { requirementKey } from "../fetching/mod.ts";
import { dropUnreachable, type Graph } from "./dependency_graph.ts";
import type { LockFile } from "./lock_file.ts";

/** The graph of some requirements of a lock file, all by default. */
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
 * A lock file with the packages of an installation, which replace those of the same requirements.
 * Packages that no requirement leads to any more are removed.
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

/** A lock file without one requirement and without the packages that only it needed. */
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
