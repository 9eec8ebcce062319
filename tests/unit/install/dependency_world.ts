/**
 * Packages that depend on each other, for the tests of resolution.
 *
 * @module
 */

import semver from "semver";
import { LibreseedError } from "../../../src/base/mod.ts";
import { parseRequirement } from "../../../src/fetching/requirement.ts";
import { type GraphSource, resolveGraph } from "../../../src/install/dependencies.ts";
import { type Graph } from "../../../src/install/dependency_graph.ts";
import type { MinimalManifest } from "../../../src/package/mod.ts";
import { alice, aliceKey, mallory, malloryKey, signed } from "./support.ts";

/** Dependencies of each package by `NAME@VERSION`; the prefix `M:` makes mallory the publisher. */
export type World = Record<string, Record<string, string>>;

/** Finds packages in a {@linkcode World}, and notes what it was asked for. */
export class FakeSource implements GraphSource {
  resolved: string[] = [];
  loaded: string[] = [];
  readonly #packages = new Map<MinimalManifest, Record<string, string>>();

  constructor(world: World) {
    for (const [key, dependencies] of Object.entries(world)) {
      const spec = key.replace(/^M:/, "");
      const at = spec.indexOf("@", 1);
      const signer = key.startsWith("M:") ? mallory : alice;
      this.#packages.set(signed(spec.slice(0, at), spec.slice(at + 1), signer), dependencies);
    }
  }

  resolve(wanted: { publisher?: string; name: string; range?: string }): Promise<MinimalManifest> {
    const { publisher = aliceKey, name, range = "*" } = wanted;
    this.resolved.push(`${name}@${range}`);
    const [best] = [...this.#packages.keys()].filter((one) =>
      one.pubkey === publisher && one.name === name && semver.satisfies(one.version, range)
    ).sort((a, b) => semver.rcompare(a.version, b.version));
    if (best) return Promise.resolve(best);
    return Promise.reject(new LibreseedError("not-found", "NOT_THERE", `no ${name}@${range}`));
  }

  load(minimal: MinimalManifest): Promise<Record<string, string>> {
    this.loaded.push(`${minimal.name}@${minimal.version}`);
    return Promise.resolve(this.#packages.get(minimal) ?? {});
  }

  known(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
}

/** Resolves requirements of the user, such as `app@^1`. */
export function graphOf(world: World, ...specs: string[]): Promise<Graph> {
  return resolveGraph(specs.map(parseRequirement), new FakeSource(world));
}

/** Lists the edges of a dependency graph as `a@1.0.0 > b@1.0.0`, and the packages without edges. */
export function edgesOf(graph: Graph): string[] {
  const name = (ref: string) => {
    const { minimal } = graph.nodes.get(ref)!;
    return `${minimal.pubkey === malloryKey ? "M:" : ""}${minimal.name}@${minimal.version}`;
  };
  return [...graph.nodes].flatMap(([ref, { edges }]) =>
    edges.length > 0 ? edges.map((edge) => `${name(ref)} > ${name(edge.ref)}`) : [name(ref)]
  ).sort();
}
