/**
 * Resolution of dependencies: versions, cycles, conflicts, and dependency bombs (exponentially
 * growing dependencies).
 *
 * @module
 */

import assert from "node:assert/strict";
import semver from "semver";
import { LibreseedError } from "../../../src/base/mod.ts";
import { parseRequirement } from "../../../src/fetching/requirement.ts";
import {
  type GraphBounds,
  graphBounds,
  type GraphSource,
  requirementsOf,
  resolveGraph,
} from "../../../src/install/dependencies.ts";
import {
  cyclesOf,
  foundByBareName,
  type Graph,
  sideBySide,
} from "../../../src/install/dependency_graph.ts";
import type { MinimalManifest } from "../../../src/package/mod.ts";
import { alice, aliceKey, failure, mallory, malloryKey, signed } from "./support.ts";

/** Dependencies of each package by `NAME@VERSION`; the prefix `M:` makes mallory the publisher. */
type World = Record<string, Record<string, string>>;

class FakeSource implements GraphSource {
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

function graphOf(world: World, ...specs: string[]): Promise<Graph> {
  return resolveGraph(specs.map(parseRequirement), new FakeSource(world));
}

/** Lists the edges of a dependency graph as `a@1.0.0 > b@1.0.0`, and the packages without edges. */
function edgesOf(graph: Graph): string[] {
  const name = (ref: string) => {
    const { minimal } = graph.nodes.get(ref)!;
    return `${minimal.pubkey === malloryKey ? "M:" : ""}${minimal.name}@${minimal.version}`;
  };
  return [...graph.nodes].flatMap(([ref, { edges }]) =>
    edges.length > 0 ? edges.map((edge) => `${name(ref)} > ${name(edge.ref)}`) : [name(ref)]
  ).sort();
}

Deno.test("resolution takes the highest version that satisfies the range, with its dependencies", async () => {
  const graph = await graphOf({
    "a@1.0.0": {},
    "a@1.4.0": { b: "~2.1" },
    "a@2.0.0": {},
    "b@2.1.0": {},
    "b@2.1.9": { "@s/c": "*" },
    "b@2.2.0": {},
    "@s/c@0.1.0": {},
  }, "a@^1");
  assert.deepEqual(edgesOf(graph), ["@s/c@0.1.0", "a@1.4.0 > b@2.1.9", "b@2.1.9 > @s/c@0.1.0"]);
});

Deno.test("one version is chosen if it satisfies all ranges, in whatever order they were resolved", async () => {
  const world: World = {
    "a@1.0.0": { x: "^1" },
    "b@1.0.0": { x: "~1.2" },
    "x@1.2.9": {},
    "x@1.5.0": { "only-new": "*" },
    "only-new@1.0.0": {},
  };
  const expected = ["a@1.0.0 > x@1.2.9", "b@1.0.0 > x@1.2.9", "x@1.2.9"];
  for (const order of [["a", "b"], ["b", "a"]]) {
    const graph = await graphOf(world, ...order);
    assert.deepEqual(edgesOf(graph), expected);
    assert.deepEqual(sideBySide(graph), []);
  }
});

Deno.test("a dependency cannot downgrade a package that the user asked for", async () => {
  const world: World = {
    "a@1.0.0": {},
    "a@2.0.0": {},
    "old-fashioned@1.0.0": { a: "<2", b: "*" },
    "b@1.0.0": { a: "*" },
  };
  for (const order of [["a", "old-fashioned"], ["old-fashioned", "a"]]) {
    const graph = await graphOf(world, ...order);
    const direct = graph.direct.map(({ ref }) => graph.nodes.get(ref)!.minimal.version);
    assert.deepEqual(direct, order[0] === "a" ? ["2.0.0", "1.0.0"] : ["1.0.0", "2.0.0"]);
    assert.deepEqual(edgesOf(graph).filter((edge) => edge.includes("> a")), [
      "b@1.0.0 > a@2.0.0",
      "old-fashioned@1.0.0 > a@1.0.0",
    ]);
  }
});

Deno.test("ranges that exclude each other get as few versions side by side as possible", async () => {
  const graph = await graphOf(
    {
      "a@1.0.0": { x: "^1" },
      "b@1.0.0": { x: "^2" },
      "c@1.0.0": { x: "1.0.0 || 2.0.0" },
      "x@1.0.0": {},
      "x@1.1.0": {},
      "x@2.0.0": {},
      "x@2.3.0": {},
    },
    "a",
    "b",
    "c",
  );
  // Version 2.0.0 of x satisfies the requirements of both b and c, so version 2.3.0 is not needed.
  assert.deepEqual(edgesOf(graph).filter((edge) => edge.includes(">")), [
    "a@1.0.0 > x@1.1.0",
    "b@1.0.0 > x@2.0.0",
    "c@1.0.0 > x@2.0.0",
  ]);
  assert.deepEqual(sideBySide(graph), ["x 2.0.0, 1.1.0"]);
});

Deno.test("a dependency cycle is no error and is reported once", async () => {
  const graph = await graphOf(
    {
      "a@1.0.0": { b: "*" },
      "b@1.0.0": { c: "*" },
      "c@1.0.0": { a: "^1" },
      "self@1.0.0": { self: "*" },
    },
    "a",
    "self",
  );
  assert.equal(graph.nodes.size, 4);
  assert.deepEqual(cyclesOf(graph), [
    "a@1.0.0 → b@1.0.0 → c@1.0.0 → a@1.0.0",
    "self@1.0.0 → self@1.0.0",
  ]);
});

Deno.test("two paths to one package are not reported as a cycle", async () => {
  const graph = await graphOf({
    "a@1.0.0": { b: "*", c: "*" },
    "b@1.0.0": { d: "*" },
    "c@1.0.0": { d: "*" },
    "d@1.0.0": {},
  }, "a");
  assert.deepEqual(cyclesOf(graph), []);
});

Deno.test("a cycle that needs an older version of itself gets both versions side by side", async () => {
  const graph = await graphOf({
    "a@1.0.0": { b: "*" },
    "a@2.0.0": { b: "*" },
    "b@1.0.0": { a: "^1" },
  }, "a");
  assert.deepEqual(edgesOf(graph), ["a@1.0.0 > b@1.0.0", "a@2.0.0 > b@1.0.0", "b@1.0.0 > a@1.0.0"]);
  assert.deepEqual(cyclesOf(graph), ["b@1.0.0 → a@1.0.0 → b@1.0.0"]);
});

Deno.test("the error for a missing dependency names its dependent", async () => {
  const world = { "root@1.0.0": { a: "*" }, "a@1.2.0": { gone: "^3" } };
  const error = await failure(graphOf(world, "root"), "DEPENDENCY_NOT_FOUND");
  assert.equal(error.kind, "not-found");
  assert.match(
    error.message,
    /^gone@\^3, which a@1\.2\.0 \(for root@1\.0\.0\) needs: no gone@\^3$/,
  );
  assert.deepEqual([error.detail.wanted, error.detail.neededBy], ["gone@^3", "a@1.2.0"]);
  assert.equal((await failure(graphOf(world, "nobody"), "NOT_THERE")).message, "no nobody@*");
});

Deno.test("two requirements of the user for one package have to agree on a version", async () => {
  const world = { "a@1.2.0": {}, "a@1.9.0": {}, "a@2.0.0": {} };
  const same = await graphOf(world, "a@^1", "a@~1.2");
  assert.deepEqual(edgesOf(same), ["a@1.2.0"]);
  assert.equal(same.direct.length, 2);

  const source = new FakeSource(world);
  const specs = ["a@^1", "a@2.0.0"].map(parseRequirement);
  const error = await failure(resolveGraph(specs, source), "CONFLICT");
  assert.match(error.message, /a is both \^1 and 2\.0\.0/);
  assert.deepEqual(source.resolved, []);
});

Deno.test("two overlapping ranges conflict if no published version satisfies both", async () => {
  const world = { "a@1.0.0": {}, "a@3.0.0": {} };
  const error = await failure(graphOf(world, "a@1 || 2", "a@2 || 3"), "CONFLICT");
  assert.equal(error.kind, "usage");
});

Deno.test("a bare name means one publisher throughout the graph, a key means its own", async () => {
  const world: World = {
    "a@1.0.0": { x: "^1" },
    "b@1.0.0": { [`${malloryKey}/x`]: "^1" },
    "c@1.0.0": { x: "^1" },
    "x@1.0.0": {},
    "M:x@1.7.0": {},
  };
  const graph = await graphOf(world, "b", "a", "c");
  assert.deepEqual(edgesOf(graph).filter((edge) => edge.includes(">")), [
    "a@1.0.0 > x@1.0.0",
    "b@1.0.0 > M:x@1.7.0",
    "c@1.0.0 > x@1.0.0",
  ]);
  assert.deepEqual(sideBySide(graph), [`x 1.7.0 of ${malloryKey}, 1.0.0 of ${aliceKey}`]);
  // The first requirement without a key determined the publisher. Packages of other publishers no
  // longer satisfy the name.
  const later = {
    ...world,
    "a@1.0.0": { x: "^1", d: "*" },
    "d@1.0.0": { x: "^9" },
    "M:x@9.0.0": {},
  };
  await failure(graphOf(later, "a"), "DEPENDENCY_NOT_FOUND");
});

Deno.test("a dependency pins a publisher only if it is required by its bare name", async () => {
  const graph = await graphOf(
    {
      "a@1.0.0": { [`${malloryKey}/evil`]: "*", x: "^1", y: "*" },
      "y@1.0.0": { x: "^2" },
      "M:evil@1.0.0": {},
      "M:b@1.0.0": {},
      "x@1.1.0": {},
      "x@2.0.0": {},
    },
    "a",
    `${malloryKey}/b`,
  );
  const names = foundByBareName(graph).map(({ name, version }) => `${name}@${version}`);
  assert.deepEqual(names.slice().sort(), ["a@1.0.0", "b@1.0.0", "x@1.1.0", "x@2.0.0", "y@1.0.0"]);
  assert.ok(names.indexOf("x@1.1.0") < names.indexOf("x@2.0.0"));
});

Deno.test("a resolved package has to match the requirement and be signed by its publisher", async () => {
  const forged = { ...signed("a", "1.5.0"), length: 2 };
  const answers = [
    signed("b", "1.5.0"),
    signed("a", "2.0.0"),
    forged,
    signed("a", "1.5.0", mallory),
  ];
  for (const answer of answers) {
    const source = new FakeSource({});
    source.resolve = () => Promise.resolve(answer);
    const wanted = [{ publisher: aliceKey, name: "a", range: "^1" }];
    const error = await failure(resolveGraph(wanted, source), "RECORD_INVALID");
    assert.equal(error.kind, "verification");
    assert.deepEqual(source.loaded, []);
  }
});

Deno.test("a prerelease satisfies only a range that names it, or `*`", async () => {
  const prerelease = signed("a", "1.0.0-rc.1");
  /**
   * Makes a source of packages that is hostile: for any range of `a`, the source returns a
   * prerelease.
   */
  const sourceOf = (world: World) => {
    const source = new FakeSource(world);
    const usual = source.resolve.bind(source);
    source.resolve = (wanted) => wanted.name === "a" ? Promise.resolve(prerelease) : usual(wanted);
    return source;
  };
  const good = sourceOf({ "b@1.0.0": { a: "*" }, "c@1.0.0": { a: ">=1.0.0-rc.0" } });
  assert.equal((await resolveGraph([{ name: "b" }, { name: "c" }], good)).nodes.size, 3);
  const bad = sourceOf({ "b@1.0.0": { a: "^1" } });
  const error = await failure(resolveGraph([{ name: "b" }], bad), "RECORD_INVALID");
  assert.match(error.message, /^a@\^1, which b@1\.0\.0 needs: .* got .*a@1\.0\.0-rc\.1$/);
});

/** Makes a package with `width` dependencies, each of which has `width` dependencies of its own. */
function bomb(width: number): World {
  const world: World = { "bomb@1.0.0": {} };
  for (let i = 0; i < width; i++) {
    world["bomb@1.0.0"]![`p${i}`] = "*";
    world[`p${i}@1.0.0`] = {};
    for (let j = 0; j < width; j++) {
      world[`p${i}@1.0.0`]![`p${i}-${j}`] = "*";
      world[`p${i}-${j}@1.0.0`] = {};
    }
  }
  return world;
}

Deno.test("a dependency bomb of 10,000 packages is refused before their lookup", async () => {
  const source = new FakeSource(bomb(100));
  const error = await failure(
    resolveGraph([{ name: "bomb" }], source),
    "TOO_MANY_PACKAGES",
  );
  assert.equal(error.kind, "verification");
  assert.match(error.message, /more than 1000 packages/);
  // Only the bomb and its 100 direct dependencies were resolved. None of the 10,000 packages below
  // was resolved.
  assert.deepEqual([source.resolved.length, source.loaded.length], [101, 101]);
});

Deno.test("the limit of packages is allowed, one more is refused", async () => {
  const world = bomb(10);
  const bounds: GraphBounds = { ...graphBounds, maxPackages: 111 };
  const source = () => new FakeSource(world);
  assert.equal((await resolveGraph([{ name: "bomb" }], source(), { bounds })).nodes.size, 111);
  const fewer = { bounds: { ...bounds, maxPackages: 110 } };
  await failure(resolveGraph([{ name: "bomb" }], source(), fewer), "TOO_MANY_PACKAGES");
});

Deno.test("a dependency bomb of versions of one package is refused", async () => {
  const world: World = {};
  for (let i = 0; i < 1_200; i++) world[`v@1.0.${i}`] = { v: `1.0.${i + 1}` };
  const bounds = { ...graphBounds, maxDepth: 5_000 };
  const source = new FakeSource(world);
  const graph = resolveGraph([{ name: "v", range: "1.0.0" }], source, { bounds });
  await failure(graph, "TOO_MANY_PACKAGES");
  assert.equal(source.loaded.length, 1_000);
});

Deno.test("a chain of 64 dependencies is allowed, a longer one is refused", async () => {
  const chain = (length: number) => {
    const world: World = { [`c${length}@1.0.0`]: {} };
    for (let i = 0; i < length; i++) world[`c${i}@1.0.0`] = { [`c${i + 1}`]: "*" };
    return world;
  };
  assert.equal((await graphOf(chain(64), "c0")).nodes.size, 65);
  const error = await failure(graphOf(chain(65), "c0"), "DEPENDENCIES_TOO_DEEP");
  assert.match(error.message, /c65@\* is needed by c64@1\.0\.0 \(for c0@1\.0\.0\), more than 64/);
});

Deno.test("the sum of entries in all `dependencies` is limited", async () => {
  const source = new FakeSource(bomb(10));
  const bounds = { ...graphBounds, maxRequirements: 109 };
  const error = await failure(
    resolveGraph([{ name: "bomb" }], source, { bounds }),
    "TOO_MANY_PACKAGES",
  );
  assert.match(error.message, /more than 109 dependencies/);
});

Deno.test("invalid dependencies are refused with the name of their package", () => {
  const minimal = signed("odd", "1.0.0");
  for (
    const dependencies of [
      { "Not A Name": "*" },
      { "../../etc": "*" },
      { a: "not a range" },
      { a: "" },
      { "ed25519:short/a": "*" },
      { a: "*", [`${aliceKey}/a`]: "*" },
      { [`${aliceKey}/a`]: "*", [`${malloryKey}/a`]: "*" },
    ]
  ) {
    assert.throws(
      () => requirementsOf(minimal, dependencies as Record<string, string>),
      (error: LibreseedError) =>
        error.code === "DEPENDENCIES_INVALID" && error.message.includes("odd@1.0.0"),
      JSON.stringify(dependencies),
    );
  }
});

Deno.test("lookups run concurrently and stop at the first failure", async () => {
  const source = new FakeSource({});
  let begun = 0;
  let aborted = 0;
  source.resolve = (wanted, signal?: AbortSignal) => {
    begun++;
    if (wanted.name === "p3") return Promise.reject(new LibreseedError("network", "DOWN", "down"));
    return new Promise((_, reject) => {
      signal!.addEventListener("abort", () => {
        aborted++;
        reject(signal!.reason);
      });
    });
  };
  const many = Array.from({ length: 50 }, (_, i) => ({ name: `p${i}` }));
  await failure(resolveGraph(many, source), "DOWN");
  assert.deepEqual([begun, aborted], [4, 3]);
});

Deno.test("an aborted signal ends the resolution with its reason", async () => {
  const source = new FakeSource({ "a@1.0.0": { b: "*" }, "b@1.0.0": {} });
  const outside = new AbortController();
  source.load = () => {
    outside.abort(new Error("enough"));
    return Promise.resolve({ b: "*" });
  };
  const graph = resolveGraph([{ name: "a" }], source, { signal: outside.signal });
  await assert.rejects(graph, /enough/);
});
