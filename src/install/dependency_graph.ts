/**
 * The packages of one installation and which needs which. Finding them is `dependencies.ts`'s
 * business; here nothing is looked up.
 *
 * @module
 */

import semver from "semver";
import { fits, packageRef, type Requirement } from "../fetching/mod.ts";
import type { MinimalManifest } from "../package/mod.ts";

/** What one package, or the user, asks for, and the package that it got. */
export interface GraphEdge {
  requirement: Requirement;
  /** See {@linkcode packageRef}. */
  ref: string;
}

/** A package of an installation. */
export interface GraphNode {
  minimal: MinimalManifest;
  /** What it depends on, in the order of the names. */
  edges: GraphEdge[];
}

/** The packages of one installation. */
export interface Graph {
  /** What the user asked for, in that order. */
  direct: GraphEdge[];
  /** By {@linkcode packageRef}, breadth first. */
  nodes: Map<string, GraphNode>;
}

/** More cycles than this tell nobody anything. */
const MAX_CYCLES = 10;

/**
 * Leaves as few versions of each publisher's package as the ranges allow: one, if it satisfies all of
 * them; else some side by side, each requirement getting the highest of them that satisfies it. What
 * nobody needs any more is dropped. What the user asked for stays as it was found: no package can have
 * the user get an older version of another.
 */
export function settle(graph: Graph): void {
  for (;;) {
    dropUnreachable(graph);
    let changed = false;
    for (const edges of edgesByPackage(graph).values()) {
      const nodes = [...new Set(edges.map(({ ref }) => ref))].map((ref) => graph.nodes.get(ref)!);
      const versions = nodes.map(({ minimal }) => minimal).sort(highestFirst);
      const asked = fewest(edges.filter((edge) => graph.direct.includes(edge)), versions);
      const cover = fewest(edges, versions, asked);
      for (const edge of edges) {
        const among = graph.direct.includes(edge) ? asked : cover;
        const best = among.find(({ version }) => fits(version, edge.requirement.range))!;
        changed ||= edge.ref !== packageRef(best);
        edge.ref = packageRef(best);
      }
    }
    if (!changed) return;
  }
}

/** Removes the packages that can be reached from nothing that the user asked for. */
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

/** Circles of packages that need each other, each written once as `a@1.0.0 → b@1.0.0 → a@1.0.0`. */
export function cyclesOf(graph: Graph): string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  for (const start of graph.nodes.keys()) {
    // The way from `start`, with the edges of each package that are still to be followed.
    const way: { ref: string; rest: GraphEdge[] }[] = [];
    const onWay = new Map<string, number>();
    const enter = (ref: string) => {
      onWay.set(ref, way.length);
      way.push({ ref, rest: [...graph.nodes.get(ref)!.edges] });
    };
    if (!done.has(start)) enter(start);
    for (let last; (last = way.at(-1)) !== undefined;) {
      const next = last.rest.shift()?.ref;
      if (next === undefined) {
        done.add(last.ref);
        onWay.delete(last.ref);
        way.pop();
      } else if (onWay.has(next)) {
        const circle = [...way.slice(onWay.get(next)!).map(({ ref }) => ref), next];
        cycles.push(circle.map((ref) => label(graph.nodes.get(ref)!.minimal)).join(" → "));
        if (cycles.length === MAX_CYCLES) return cycles;
      } else if (!done.has(next)) enter(next);
    }
  }
  return cycles;
}

/** Packages of which several are installed side by side: `hello 1.0.0, 2.0.0`, for people. */
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
 * The packages whose publishers the user settled: those that were asked for, and those that are needed
 * by their name alone. A package that names another's publisher speaks for itself, not for the user.
 * Of several versions the highest comes last.
 */
export function settledByName(graph: Graph): MinimalManifest[] {
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

/** For sorting: the highest version first. */
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
 * Few of the versions that together satisfy all edges: those that are `chosen` already, and again and
 * again the one that satisfies most of those left, the highest of several. Returned with the highest
 * first, as `versions` have to be.
 */
function fewest(
  edges: readonly GraphEdge[],
  versions: readonly MinimalManifest[],
  chosen: readonly MinimalManifest[] = [],
): MinimalManifest[] {
  const cover = [...chosen];
  const satisfied = ({ requirement }: GraphEdge) =>
    cover.some(({ version }) => fits(version, requirement.range));
  for (let left = edges.filter((edge) => !satisfied(edge)); left.length > 0;) {
    let best: MinimalManifest | undefined;
    let most = 0;
    for (const minimal of versions) {
      const count = left.filter(({ requirement }) => fits(minimal.version, requirement.range));
      if (count.length > most) [best, most] = [minimal, count.length];
    }
    cover.push(best!);
    left = left.filter((edge) => !satisfied(edge));
  }
  return cover.sort(highestFirst);
}
