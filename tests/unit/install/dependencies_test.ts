/**
 * Resolution of dependencies: versions, cycles and conflicts.
 *
 * @module
 */

import assert from "node:assert/strict";
import { parseRequirement } from "../../../src/fetching/requirement.ts";
import { resolveGraph } from "../../../src/install/dependencies.ts";
import { cyclesOf, foundByBareName, sideBySide } from "../../../src/install/dependency_graph.ts";
import { aliceKey, failure, mallory, malloryKey, signed } from "./support.ts";
import { edgesOf, FakeSource, graphOf, type World } from "./dependency_world.ts";

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
