/**
 * The dependency graph of one installation, with deduplication and the search for cycles.
 * `dependencies.ts` builds the graph. Pure functions: no files and no network.
 *
 * @module
 */

import semver from "semver";
import { isTagged, packageRef, type Requirement, satisfiesRange } from "../fetching/mod.ts";
import type { MinimalManifest } from "../package/mod.ts";

/** An edge of the dependency graph: a requirement, and the package that satisfies it. */
export interface GraphEdge {
  requirement: Requirement;
  /** The package that satisfies the requirement, in the form of {@linkcode packageRef}. */
  ref: string;
}

/** A node of the dependency graph: a package and its dependencies. */
export interface GraphNode {
  minimal: MinimalManifest;
  /** Edges to the dependencies of the package, sorted by name. */
  edges: GraphEdge[];
}

/** The dependency graph of one installation: packages, and the requirements that connect them. */
export interface Graph {
  /** Edges for the user's requirements, in the order of the request. */
  direct: GraphEdge[];
  /** Packages, keyed by {@linkcode packageRef}, in breadth-first order. */
  nodes: Map<string, GraphNode>;
}

/** Maximum number of dependency cycles that are listed for the user. */
const MAX_CYCLES = 10;

/**
 * Deduplicates a graph in place: keeps as few versions of each package as the ranges allow. If no
 * single version satisfies all ranges, several versions stay, and each requirement is assigned the
 * highest of these versions that satisfies the requirement. Unreachable packages are removed.
 *
 * A requirement of the user keeps the version that was found for it, so that a dependency cannot
 * downgrade a package that the user asked for.
 */
export function deduplicate(graph: Graph): void {
  for (;;) {
    dropUnreachable(graph);
    let changed = false;
    for (const edges of edgesByPackage(graph).values()) {
      const nodes = [...new Set(edges.map(({ ref }) => ref))].map((ref) => graph.nodes.get(ref)!);
      const versions = nodes.map(({ minimal }) => minimal).sort(highestFirst);
      const asked = greedyCover(edges.filter((edge) => graph.direct.includes(edge)), versions);
      const cover = greedyCover(edges, versions, asked);
      for (const edge of edges) {
        const among = graph.direct.includes(edge) ? asked : cover;
        const best = among.find((minimal) => isSatisfied(edge, minimal))!;
        changed ||= edge.ref !== packageRef(best);
        edge.ref = packageRef(best);
      }
    }
    if (!changed) return;
  }
}

/** Removes packages that cannot be reached from the user's requirements. */
export function dropUnreachable(graph: Graph): void {
  const reached = new Set<string>();
  const pending = graph.direct.map(({ ref }) => ref);
  for (let ref; (ref = pending.pop()) !== undefined;) {
    if (reached.has(ref)) continue;
    reached.add(ref);
    for (const edge of graph.nodes.get(ref)!.edges) pending.push(edge.ref);
  }
  for (const ref of graph.nodes.keys()) if (!reached.has(ref)) graph.nodes.delete(ref);
}

/**
 * Finds dependency cycles by depth-first search. Each cycle is listed once, as `a@1.0.0 → b@1.0.0 →
 * a@1.0.0`; at most 10 are listed.
 */
export function cyclesOf(graph: Graph): string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  for (const start of graph.nodes.keys()) {
    // The path of the depth-first search, from a requested package to the current one. `rest`
    // contains the edges of a package that the search has not followed yet.
    const path: { ref: string; rest: GraphEdge[] }[] = [];
    const onPath = new Map<string, number>();
    const enter = (ref: string) => {
      onPath.set(ref, path.length);
      path.push({ ref, rest: [...graph.nodes.get(ref)!.edges] });
    };
    if (!done.has(start)) enter(start);
    for (let last; (last = path.at(-1)) !== undefined;) {
      const next = last.rest.shift()?.ref;
      if (next === undefined) {
        done.add(last.ref);
        onPath.delete(last.ref);
        path.pop();
      } else if (onPath.has(next)) {
        const cycle = [...path.slice(onPath.get(next)!).map(({ ref }) => ref), next];
        cycles.push(cycle.map((ref) => label(graph.nodes.get(ref)!.minimal)).join(" → "));
        if (cycles.length === MAX_CYCLES) return cycles;
      } else if (!done.has(next)) enter(next);
    }
  }
  return cycles;
}

/**
 * Lists the packages that have several versions in the graph, for messages: `hello 1.0.0, 2.0.0`.
 */
export function sideBySide(graph: Graph): string[] {
  const versions = new Map<string, MinimalManifest[]>();
  for (const { minimal } of graph.nodes.values()) {
    versions.set(minimal.name, [...versions.get(minimal.name) ?? [], minimal]);
  }
  return [...versions].filter(([, several]) => several.length > 1).map(([name, several]) => {
    const publishers = new Set(several.map(({ pubkey }) => pubkey)).size;
    const list = several.sort(highestFirst).map(({ version, pubkey }) =>
      publishers > 1 ? `${version} of ${pubkey}` : version
    );
    return `${name} ${list.join(", ")}`;
  });
}

/**
 * Returns the packages whose publishers are pinned: packages that the user requested, and
 * dependencies required by bare name. A dependency required by name and key is not pinned, because
 * the author of the dependent package chose that key, not the user. Sorted by ascending version.
 */
export function foundByBareName(graph: Graph): MinimalManifest[] {
  const needed = [...graph.nodes.values()].flatMap(({ edges }) =>
    edges.filter(({ requirement }) => requirement.publisher === undefined)
  );
  const refs = new Set([...graph.direct, ...needed].map(({ ref }) => ref));
  return [...refs].map((ref) => graph.nodes.get(ref)!.minimal).sort(highestFirst).reverse();
}

/** Formats a package as `NAME@VERSION`, for messages. */
export function label({ name, version }: { name: string; version: string }): string {
  return `${name}@${version}`;
}

/** Comparison function for sorting: by descending version, then by ascending publisher key. */
export function highestFirst(a: MinimalManifest, b: MinimalManifest): number {
  return semver.rcompare(a.version, b.version) || (a.pubkey < b.pubkey ? -1 : 1);
}

/**
 * Whether a version satisfies an edge. For a tag, that is only the version that was found for it.
 */
function isSatisfied(
  { requirement: { range }, ref }: GraphEdge,
  minimal: MinimalManifest,
): boolean {
  return isTagged(range) ? ref === packageRef(minimal) : satisfiesRange(minimal.version, range);
}

function edgesByPackage(graph: Graph): Map<string, GraphEdge[]> {
  const groups = new Map<string, GraphEdge[]>();
  const add = (edge: GraphEdge) => {
    const { pubkey, name } = graph.nodes.get(edge.ref)!.minimal;
    const key = `${pubkey}/${name}`;
    const group = groups.get(key);
    if (group) group.push(edge);
    else groups.set(key, [edge]);
  };
  for (const edge of graph.direct) add(edge);
  for (const { edges } of graph.nodes.values()) for (const edge of edges) add(edge);
  return groups;
}

/**
 * Returns a small set of versions that together satisfy all edges (greedy set cover). The set
 * starts with `chosen`. Each step adds the version that satisfies the largest number of the
 * remaining edges; on a tie, the highest version.
 *
 * @param versions the available versions, sorted by descending version
 * @returns the set, sorted by descending version
 */
function greedyCover(
  edges: readonly GraphEdge[],
  versions: readonly MinimalManifest[],
  chosen: readonly MinimalManifest[] = [],
): MinimalManifest[] {
  const cover = [...chosen];
  const satisfied = (edge: GraphEdge) => cover.some((minimal) => isSatisfied(edge, minimal));
  for (let left = edges.filter((edge) => !satisfied(edge)); left.length > 0;) {
    let best: MinimalManifest | undefined;
    let most = 0;
    for (const minimal of versions) {
      const count = left.filter((edge) => isSatisfied(edge, minimal));
      if (count.length > most) [best, most] = [minimal, count.length];
    }
    cover.push(best!);
    left = left.filter((edge) => !satisfied(edge));
  }
  return cover.sort(highestFirst);
}
