/**
 * Installation with a lock file: `--save` and `--frozen`.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { ControlError } from "../../../src/control/errors.ts";
import { parseRequirement } from "../../../src/fetching/requirement.ts";
import { install, installLocked } from "../../../src/install/install.ts";
import { parseLockFile } from "../../../src/install/lock_file.ts";
import { makeLink } from "../../../src/launcher/links.ts";
import { PackageStore } from "../../../src/store/mod.ts";
import { aliceKey, failure, installTest } from "./support.ts";
import { saving } from "./wanted.ts";

installTest(
  "--save locks the found versions, and --frozen installs exactly those elsewhere",
  async (place) => {
    await place.make("app@1.0.0", { dependencies: { x: "^1" } });
    await place.make("x@1.1.0");
    await install(place.context(), saving(place, "app@^1"));
    const text = await Deno.readTextFile(place.lockPath);
    const lock = parseLockFile(text, place.lockPath);
    assert.deepEqual([...lock.packages.keys()], [
      `${aliceKey}/app@1.0.0`,
      `${aliceKey}/x@1.1.0`,
    ]);
    assert.deepEqual([...lock.requirements.keys()], ["app"]);

    await place.make("app@1.5.0");
    await place.make("x@1.9.0");
    place.asked.length = 0;
    const elsewhere = new PackageStore(join(place.path, "elsewhere"), makeLink);
    const { direct } = await installLocked(place.context({ store: elsewhere }), place.lockPath);
    assert.deepEqual(direct.map(({ minimal }) => minimal.version), ["1.0.0"]);
    assert.deepEqual((await elsewhere.list()).length, 2);
    // The lock file lists every package, so no package is resolved by a lookup.
    assert.deepEqual(place.asked.sort(), ["fetch app@1.0.0", "fetch x@1.1.0"]);
    assert.equal(await Deno.readTextFile(place.lockPath), text);
  },
);

installTest(
  "--save keeps locked versions that still satisfy, and updates the named package",
  async (place) => {
    await place.make("app@1.0.0", { dependencies: { x: "^1" } });
    await place.make("x@1.1.0");
    await install(place.context(), saving(place, "app@^1"));
    await place.make("app@1.5.0", { dependencies: { x: "^1" } });
    await place.make("tool@1.0.0", { dependencies: { x: "^1" } });
    await place.make("x@1.9.0");
    await install(place.context(), saving(place, "tool"));
    const refs = async () =>
      [...parseLockFile(await Deno.readTextFile(place.lockPath), "").packages.keys()]
        .map((ref) => ref.replace(`${aliceKey}/`, ""));
    assert.deepEqual(await refs(), ["app@1.0.0", "tool@1.0.0", "x@1.1.0"]);
    await install(place.context(), saving(place, "app@^1"));
    assert.deepEqual(await refs(), ["app@1.5.0", "tool@1.0.0", "x@1.1.0"]);
  },
);

installTest("concurrent --save runs lose no package of the lock file", async (place) => {
  const names = ["a", "b", "c", "d", "e", "f"];
  for (const name of names) await place.make(`${name}@1.0.0`);
  await Promise.all(names.map((name) => install(place.context(), saving(place, name))));
  const lock = parseLockFile(await Deno.readTextFile(place.lockPath), place.lockPath);
  assert.deepEqual([...lock.requirements.keys()], names);
});

installTest("--frozen needs a lock file that has the named packages", async (place) => {
  const missing = await failure(installLocked(place.context(), place.lockPath), "LOCK_MISSING");
  assert.equal(missing.kind, "not-found");
  assert.ok(missing.message.includes(place.lockPath) && missing.message.includes("--save"));
  await place.make("app@1.0.0");
  await place.make("other@1.0.0");
  await install(place.context(), saving(place, "app", "other"));
  const named = await installLocked(place.context(), place.lockPath, [{ name: "app" }]);
  assert.deepEqual(named.packages.map(({ minimal }) => minimal.name), ["app"]);
  for (const spec of ["gone", "app@^2"]) {
    const error = await failure(
      installLocked(place.context(), place.lockPath, [parseRequirement(spec)]),
      "NOT_IN_LOCK",
    );
    assert.equal(error.kind, "not-found");
  }
});

installTest("a lock file that contradicts a signed manifest is refused", async (place) => {
  await place.make("app@1.0.0", { dependencies: { x: "^2" } });
  await place.make("x@1.0.0");
  await place.make("x@2.0.0");
  await install(place.context(), saving(place, "app", `x@1.0.0`));
  const json = JSON.parse(await Deno.readTextFile(place.lockPath));
  const app = json.packages[`${aliceKey}/app@1.0.0`];
  const elsewhere = new PackageStore(join(place.path, "elsewhere"), makeLink);
  const cases: [dependencies: Record<string, string>, message: RegExp][] = [
    [{}, /it needs x, which has no locked package/],
    [{ x: `${aliceKey}/x@1.0.0` }, /it needs x@\^2; .*x@1\.0\.0 is locked/],
    [{ x: `${aliceKey}/x@2.0.0`, app: `${aliceKey}/app@1.0.0` }, /it does not need app/],
  ];
  for (const [dependencies, message] of cases) {
    app.dependencies = dependencies;
    await Deno.writeTextFile(place.lockPath, JSON.stringify(json));
    for (const store of [elsewhere, place.store]) {
      const error = await failure(
        installLocked(place.context({ store }), place.lockPath),
        "LOCK_MISMATCH",
      );
      assert.equal(error.kind, "verification");
      assert.match(error.message, message);
    }
  }
  assert.deepEqual(await elsewhere.list(), []);
});

installTest("--frozen accepts only the locked archive", async (place) => {
  const first = await place.make("app@1.0.0", { files: { "index.js": "first\n" } });
  await install(place.context(), saving(place, "app"));
  const second = await place.make("app@1.0.0", { files: { "index.js": "second\n" } });
  place.archives.set(first.archiveSha256, place.archives.get(second.archiveSha256)!);
  const store = new PackageStore(join(place.path, "elsewhere"), makeLink);
  const error = await failure(
    installLocked(place.context({ store }), place.lockPath),
    first.length === second.length ? "HASH_MISMATCH" : "LENGTH_MISMATCH",
  );
  assert.equal(error.kind, "verification");
  assert.deepEqual(await store.list(), []);
});

installTest("a broken lock file stops --save before any lookup", async (place) => {
  await place.make("app@1.0.0");
  await Deno.writeTextFile(place.lockPath, "<<<<<<< HEAD");
  await failure(install(place.context(), saving(place, "app")), "LOCK_INVALID");
  assert.deepEqual(place.asked, []);
  assert.equal(await Deno.readTextFile(place.lockPath), "<<<<<<< HEAD");
});

installTest("a lock file of more than 1,000 packages is refused", async (place) => {
  const { signed } = await import("./support.ts");
  const { writeLockFile } = await import("../../../src/install/lock_file.ts");
  const { lockWith } = await import("../../../src/install/lock_graph.ts");
  const many = Array.from({ length: 1_001 }, (_, i) => signed(`p${i}`, "1.0.0"));
  const ref = (name: string) => `${aliceKey}/${name}@1.0.0`;
  const graph = {
    direct: many.map(({ name }) => ({ requirement: { name }, ref: ref(name) })),
    nodes: new Map(many.map((minimal) => [ref(minimal.name), { minimal, edges: [] }])),
  };
  await writeLockFile(place.lockPath, lockWith(undefined, graph));
  await failure(installLocked(place.context(), place.lockPath), "TOO_MANY_PACKAGES");
  assert.deepEqual(place.asked, []);
});

installTest(
  "an unavailable version is replaced by a lower one, but not by one below the locked version",
  async (place) => {
    await place.make("app@1.0.0", { dependencies: { x: "^1" } });
    for (const version of ["1.0.0", "1.1.0", "1.2.0"]) await place.make(`x@${version}`);
    const gone = new Set(["1.2.0"]);
    const skipped: string[] = [];
    const context = () => {
      const from = place.context({ onSkipped: (message) => skipped.push(message) });
      return {
        ...from,
        fetch: (...[minimal, signal]: Parameters<typeof from.fetch>) =>
          minimal.name === "x" && gone.has(minimal.version)
            ? Promise.reject(
              new ControlError("network", "NO_PEERS", `nobody has ${minimal.version}`),
            )
            : from.fetch(minimal, signal),
      };
    };
    const { direct, packages } = await install(context(), saving(place, "app", "x"));
    assert.deepEqual(await place.stored(), ["app@1.0.0", "x@1.1.0"]);
    assert.deepEqual(direct[1]!.skipped.map(({ version }) => version), ["1.2.0"]);
    assert.deepEqual(packages.map(({ asked }) => asked), ["newest", "newest"]);
    assert(skipped.length > 0);
    // Simulate another machine that has only the lock file.
    await Deno.remove(place.store.path, { recursive: true });
    gone.add("1.1.0");
    const again = install(context(), saving(place, "x"));
    await assert.rejects(again, { code: "NO_PEERS", message: "nobody has 1.2.0" });
    assert.deepEqual(await place.stored(), []);
  },
);
