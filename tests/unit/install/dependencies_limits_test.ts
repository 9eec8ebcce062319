/**
 * Limits of resolution: dependency bombs (exponentially growing dependencies), chains, malformed
 * dependencies, and aborts.
 *
 * @module
 */

import assert from "node:assert/strict";
import { LibreseedError } from "../../../src/base/mod.ts";
import {
  type GraphBounds,
  graphBounds,
  requirementsOf,
  resolveGraph,
} from "../../../src/install/dependencies.ts";
import { aliceKey, failure, malloryKey, signed } from "./support.ts";
import { FakeSource, graphOf, type World } from "./dependency_world.ts";
import { whenAborted } from "../../support/aborts.ts";

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
      whenAborted(signal, () => {
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
