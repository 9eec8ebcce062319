/**
 * The graph of one installation: packages and their dependencies, deduplication, cycles.
 * `dependencies.ts` builds it; nothing here uses the network.
 *
 * @module
 */

import semver from "semver";
import { packageRef, type Requirement, satisfiesRange } from "../fetching/mod.ts";
import type { MinimalManifest } from "../package/mod.ts";

/** A requirement of a package or of the user, and the package that satisfies it. */
export interface GraphEdge {
  requirement: Requirement;
  /** See {@linkcode packageRef}. */
  ref: string;
}

/** A package of an installation. */
export interface GraphNode {
  minimal: MinimalManifest;
  /** Its dependencies, sorted by name. */
  edges: GraphEdge[];
}

/** The packages of one installation. */
export interface Graph {
  /** Requirements of the user, in the order of the request. */
  direct: GraphEdge[];
  /** By {@linkcode packageRef}, breadth first. */
  nodes: Map<string, GraphNode>;
}

/** Most cycles that are reported. */
const MAX_CYCLES = 10;

/**
 * Keeps as few versions of each package as the ranges allow: one if it satisfies every range, else
 * several side by side, where each requirement gets the highest version that satisfies it. Unreachable
 * packages are removed. Requirements of the user keep the version that was found, so a dependency cannot
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
        const best = among.find(({ version }) => satisfiesRange(version, edge.requirement.range))!;
        changed ||= edge.ref !== packageRef(best);
        edge.ref = packageRef(best);
      }
    }
    if (!changed) return;
  }
}

/** Removes the packages that no requirement of the user leads to. */
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

/** Dependency cycles, each written once as `a@1.0.0 → b@1.0.0 → a@1.0.0`; depth-first search. */
export function cyclesOf(graph: Graph): string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  for (const start of graph.nodes.keys()) {
    // The path from `start`, with the edges of each package that are still to be followed.
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

/** Packages with several versions in the graph, for people: `hello 1.0.0, 2.0.0`. */
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
 * The packages whose publishers get pinned: those the user asked for, and dependencies required by their
 * bare name. A dependency required with its key pins nothing, since its dependent chose the key and not
 * the user. Sorted by ascending version.
 */
export function foundByBareName(graph: Graph): MinimalManifest[] {
  const needed = [...graph.nodes.values()].flatMap(({ edges }) =>
    edges.filter(({ requirement }) => requirement.publisher === undefined)
  );
  const refs = new Set([...graph.direct, ...needed].map(({ ref }) => ref));
  return [...refs].map((ref) => graph.nodes.get(ref)!.minimal).sort(highestFirst).reverse();
}

/** `NAME@VERSION`, for people. */
export function label({ name, version }: { name: string; version: string }): string {
  return `${name}@${version}`;
}

/** Sort order: descending version, then ascending publisher. */
export function highestFirst(a: MinimalManifest, b: MinimalManifest): number {
  return semver.rcompare(a.version, b.version) || (a.pubkey < b.pubkey ? -1 : 1);
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
 * A small set of versions that satisfies every edge, by greedy set cover: starts with `chosen`, then
 * repeatedly adds the version that satisfies most of the remaining edges, the highest on a tie.
 *
 * @param versions sorted by descending version, as the result is
 */
function greedyCover(
  edges: readonly GraphEdge[],
  versions: readonly MinimalManifest[],
  chosen: readonly MinimalManifest[] = [],
): MinimalManifest[] {
  const cover = [...chosen];
  const satisfied = ({ requirement }: GraphEdge) =>
    cover.some(({ version }) => satisfiesRange(version, requirement.range));
  for (let left = edges.filter((edge) => !satisfied(edge)); left.length > 0;) {
    let best: MinimalManifest | undefined;
    let most = 0;
    for (const minimal of versions) {
      const count = left.filter(({ requirement }) =>
        satisfiesRange(minimal.version, requirement.range)
      );
      if (count.length > most) [best, most] = [minimal, count.length];
    }
    cover.push(best!);
    left = left.filter((edge) => !satisfied(edge));
  }
  return cover.sort(highestFirst);
}
