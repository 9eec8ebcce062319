/**
 * Listing the stored packages, and removing unreferenced packages: prune and uninstall.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { parseRequirement } from "../../../src/fetching/requirement.ts";
import { install } from "../../../src/install/install.ts";
import { linkPackage } from "../../../src/install/link.ts";
import { pruneStore, uninstall } from "../../../src/install/prune.ts";
import { makeLink } from "../../../src/launcher/links.ts";
import { checkStored, sizeOfStored, type StoredPackage } from "../../../src/store/mod.ts";
import { overwrite } from "../../support/mod.ts";
import {
  aliceKey,
  failure,
  type InstallPlace,
  installTest,
  mallory,
  malloryKey,
} from "./support.ts";

async function add(
  place: InstallPlace,
  spec: string,
  { save = false, direct = !save }: { save?: boolean; direct?: boolean } = {},
): Promise<void> {
  const requirements = [parseRequirement(spec)];
  const lockPath = save ? { lockPath: place.lockPath } : {};
  await install(place.context(), { requirements, direct, ...lockPath });
}

async function entryOf(place: InstallPlace, spec: string): Promise<StoredPackage> {
  for (const entry of await place.store.list()) {
    if (entry.problem === undefined && `${entry.name}@${entry.version}` === spec) return entry;
  }
  assert.fail(`${spec} is not in the store`);
}

/**
 * Fills the test's store with packages: `app` needs `lib`, `lib` needs `base`, and `other` has no
 * relation to them.
 */
async function fill(place: InstallPlace): Promise<void> {
  await place.make("app@1.0.0", { dependencies: { lib: "*" } });
  await place.make("lib@1.0.0", { dependencies: { base: "*" } });
  await place.make("base@1.0.0");
  await place.make("other@1.0.0");
}

installTest("the store is listed by name and version, with each mark", async (place) => {
  assert.deepEqual(await place.store.list(), []);
  await fill(place);
  await add(place, "other");
  await add(place, "app");
  const entries = await place.store.list();
  assert.deepEqual(
    entries.map((entry) => entry.problem === undefined && [entry.name, entry.direct]),
    [["app", true], ["base", false], ["lib", false], ["other", true]],
  );
  const app = await entryOf(place, "app@1.0.0");
  assert.equal(app.path, join(place.store.path, app.id, "package"));
  assert.equal(app.publisher, aliceKey);
  assert.ok(await sizeOfStored(app) > 400);
});

installTest("a package's directory follows from its key, name and version", async (place) => {
  await fill(place);
  await add(place, "other");
  const { id } = await entryOf(place, "other@1.0.0");
  const text = new TextEncoder().encode(`${aliceKey}\nother\n1.0.0`);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", text));
  assert.equal(id, digest.toHex());
});

installTest(
  "verification accepts a sound package and detects every kind of damage",
  async (place) => {
    await place.make("app@1.0.0", {
      dependencies: { lib: "*" },
      files: { "index.js": "1\n", "src/deep/a.js": "2\n", "empty": "" },
    });
    await place.make("lib@1.0.0");
    await add(place, "app");
    const app = await entryOf(place, "app@1.0.0");
    assert.deepEqual(await checkStored(app), []);
    const at = (path: string) => join(app.path, path);
    const cases: [damage: () => Promise<unknown>, mend: () => Promise<unknown>, found: RegExp[]][] =
      [
        [
          () => overwrite(at("index.js"), "x\n"),
          () => overwrite(at("index.js"), "1\n"),
          [/package\/index\.js was altered$/],
        ],
        [
          () => overwrite(at("src/deep/a.js"), ""),
          () => overwrite(at("src/deep/a.js"), "2\n"),
          [/src\/deep\/a\.js was altered$/],
        ],
        [
          () => Deno.remove(at("src"), { recursive: true }),
          async () => {
            await Deno.mkdir(at("src/deep"), { recursive: true });
            await Deno.writeTextFile(at("src/deep/a.js"), "2\n");
          },
          [/src\/deep\/a\.js is missing$/],
        ],
        [
          () => Deno.writeTextFile(at("src/extra.js"), ""),
          () => Deno.remove(at("src/extra.js")),
          [/src\/extra\.js is not in the manifest$/],
        ],
        [
          () => Deno.mkdir(at("hollow")),
          () => Deno.remove(at("hollow")),
          [/hollow is not in the manifest$/],
        ],
        [
          async () => {
            await Deno.remove(at("empty"));
            await Deno.symlink("/dev/null", at("empty"));
          },
          async () => {
            await Deno.remove(at("empty"));
            await Deno.writeTextFile(at("empty"), "");
          },
          [/empty is not a regular file$/],
        ],
        [
          async () => {
            await Deno.remove(at("index.js"));
            await Deno.mkdir(at("index.js"));
          },
          async () => {
            await Deno.remove(at("index.js"));
            await Deno.writeTextFile(at("index.js"), "1\n");
          },
          [/index\.js is not in the manifest$/, /index\.js is missing$/],
        ],
        [
          () => Deno.writeTextFile(join(app.directory, "install.sh"), ""),
          () => Deno.remove(join(app.directory, "install.sh")),
          [/install\.sh does not belong there$/],
        ],
      ];
    for (const [damage, mend, found] of cases) {
      await damage();
      const problems = await checkStored(app);
      assert.equal(problems.length, found.length, problems.join("\n"));
      found.forEach((pattern, i) => assert.match(problems[i]!, pattern));
      await mend();
      assert.deepEqual(await checkStored(app), []);
    }
  },
);

installTest("verification detects an altered manifest by its signature", async (place) => {
  await fill(place);
  await add(place, "other");
  const other = await entryOf(place, "other@1.0.0");
  const file = join(other.path, "manifest.json");
  const manifest = await Deno.readTextFile(file);
  const alter = async (change: (text: string) => string) => {
    await overwrite(file, change(manifest));
    return (await checkStored(other)).join("\n");
  };
  assert.match(
    await alter((text) => text.replace(/"sha256:..../, '"sha256:0000')),
    /signature|follow/,
  );
  assert.match(
    await alter((text) => text.replace('"1.0.0"', '"1.0.1"')),
    /version 1\.0\.1, not 1\.0\.0/,
  );
  assert.match(await alter(() => ""), /damaged/);
  assert.match(await alter(() => "x".repeat(33 << 20)), /damaged/);
  await Deno.remove(file);
  assert.match((await checkStored(other)).join("\n"), /manifest\.json does not exist/);
  await Deno.symlink(join(other.directory, "minimal.json"), file);
  assert.match((await checkStored(other)).join("\n"), /symbolic link/);
});

installTest("verification lists at most 20 problems of one package", async (place) => {
  const files = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`f${i}`, `${i}`]));
  await place.make("app@1.0.0", { files });
  await add(place, "app");
  const app = await entryOf(place, "app@1.0.0");
  for (const name of Object.keys(files)) await Deno.remove(join(app.path, name));
  assert.equal((await checkStored(app)).length, 20);
});

installTest(
  "a package in the wrong directory or without a manifest is listed as damaged",
  async (place) => {
    await fill(place);
    await add(place, "other");
    const other = await entryOf(place, "other@1.0.0");
    const moved = join(place.store.path, "0".repeat(64));
    await Deno.rename(other.directory, moved);
    await Deno.writeTextFile(join(place.store.path, "1".repeat(64)), "");
    await Deno.mkdir(join(place.store.path, "2".repeat(64)));
    await Deno.writeTextFile(join(place.store.path, "not-a-package"), "");
    const problems = (await place.store.list()).map(({ problem }) => problem!);
    assert.equal(problems.length, 3);
    assert.match(problems[0]!, /holds other@1\.0\.0 .*, which belongs elsewhere$/);
    assert.match(problems[1]!, /is not a directory$/);
    assert.match(problems[2]!, /package is not a directory$/);
  },
);

installTest(
  "prune removes unreferenced packages, and a dry run only lists them",
  async (place) => {
    await fill(place);
    await add(place, "app", { save: true });
    await add(place, "other");
    assert.deepEqual((await pruneStore(place.store)).removed, []);
    await Deno.remove(place.lockPath);
    const names = ({ removed }: { removed: { directory: string }[] }) =>
      removed.map((entry) => (entry as StoredPackage).name).sort();
    const would = await pruneStore(place.store, { dryRun: true });
    assert.deepEqual([names(would), would.kept], [["app", "base", "lib"], 1]);
    assert.equal((await place.store.list()).length, 4);
    assert.deepEqual(names(await pruneStore(place.store)), ["app", "base", "lib"]);
    assert.deepEqual(await place.stored(), ["other@1.0.0"]);
    assert.deepEqual(await place.store.roots.list(), []);
    assert.deepEqual(place.strays(), []);
  },
);

installTest("prune keeps the dependencies of a marked package at any depth", async (place) => {
  await fill(place);
  await add(place, "app");
  await add(place, "other", { direct: false });
  await pruneStore(place.store);
  assert.deepEqual(await place.stored(), ["app@1.0.0", "base@1.0.0", "lib@1.0.0"]);
});

installTest("prune keeps a referenced cycle and removes an unreferenced one", async (place) => {
  await place.make("a@1.0.0", { dependencies: { b: "*" } });
  await place.make("b@1.0.0", { dependencies: { a: "*" } });
  await add(place, "a");
  await pruneStore(place.store);
  assert.deepEqual(await place.stored(), ["a@1.0.0", "b@1.0.0"]);
  await place.store.setDirect(await entryOf(place, "a@1.0.0"), false);
  await pruneStore(place.store);
  assert.deepEqual(await place.stored(), []);
});

installTest(
  "prune removes nothing while a registered lock file is unreadable",
  async (place) => {
    await fill(place);
    await add(place, "app", { save: true });
    await Deno.writeTextFile(place.lockPath, "{}");
    const error = await failure(pruneStore(place.store), "LOCK_INVALID");
    assert.ok(error.message.includes(place.lockPath));
    assert.equal((await place.store.list()).length, 3);
  },
);

installTest("prune keeps a package as long as its link exists", async (place) => {
  await fill(place);
  await add(place, "app", { direct: false });
  const { path } = await linkPackage(place.store, {
    requirement: { name: "lib" },
    directory: place.project,
  });
  await pruneStore(place.store);
  assert.deepEqual(await place.stored(), ["base@1.0.0", "lib@1.0.0"]);
  await Deno.remove(path);
  await Deno.mkdir(path);
  await pruneStore(place.store);
  assert.deepEqual(await place.stored(), []);
});

installTest(
  "prune removes unreferenced damaged packages and keeps referenced ones",
  async (place) => {
    await fill(place);
    await add(place, "app", { save: true });
    const lib = await entryOf(place, "lib@1.0.0");
    await Deno.remove(join(lib.directory, "minimal.json"));
    await Deno.mkdir(join(place.store.path, "2".repeat(64)));
    const { removed } = await pruneStore(place.store);
    assert.deepEqual(removed.map(({ id }) => id), ["2".repeat(64)]);
  },
);

installTest(
  "prune gives up while another command installs, and removes packages afterwards",
  async (place) => {
    await fill(place);
    await add(place, "other", { direct: false });
    const clock = {
      now: () => nowMs,
      after: (ms: number, fire: () => void) => {
        nowMs += ms;
        queueMicrotask(fire);
        return { cancel() {} };
      },
    };
    let nowMs = 0;
    const { PackageStore } = await import("../../../src/store/mod.ts");
    const impatient = new PackageStore(place.store.path, makeLink, clock);
    {
      using _lock = await place.store.lock("add");
      const error = await failure(pruneStore(impatient), "DIRECTORY_BUSY");
      assert.equal(error.kind, "in-use");
      // A concurrent installation does not have to wait, because installations share the lock
      // "add".
      using _other = await impatient.lock("add");
    }
    assert.deepEqual(await place.stored(), ["other@1.0.0"]);
    await pruneStore(impatient);
    assert.deepEqual(await place.stored(), []);
  },
);

installTest("uninstall removes a package and leaves its dependencies to prune", async (place) => {
  await fill(place);
  await add(place, "app");
  const { neededBy } = await uninstall(place.store, { name: "app" });
  assert.deepEqual(neededBy, []);
  assert.deepEqual(await place.stored(), ["base@1.0.0", "lib@1.0.0"]);
  await pruneStore(place.store);
  assert.deepEqual(await place.stored(), []);
  assert.equal(
    (await failure(uninstall(place.store, { name: "app" }), "NOT_INSTALLED")).kind,
    "not-found",
  );
});

installTest("uninstall keeps a package that another needs and removes its mark", async (place) => {
  await fill(place);
  await add(place, "app");
  await add(place, "lib");
  const { neededBy } = await uninstall(place.store, { name: "lib" });
  assert.deepEqual(neededBy, ["app@1.0.0"]);
  assert.equal((await entryOf(place, "lib@1.0.0")).direct, false);
  const error = await failure(uninstall(place.store, { name: "lib" }), "PACKAGE_NEEDED");
  assert.equal(error.kind, "failed");
  assert.match(error.message, /needed by app@1\.0\.0\. /);
  assert.equal((await place.stored()).length, 3);
});

installTest(
  "uninstall with a lock path removes the requirement from the lock file",
  async (place) => {
    await fill(place);
    await add(place, "app", { save: true });
    await add(place, "other", { save: true });
    assert.equal(
      (await failure(uninstall(place.store, { name: "app" }), "PACKAGE_NEEDED")).kind,
      "failed",
    );
    const { lockPath } = place;
    await uninstall(place.store, { name: "app" }, { lockPath });
    const lock = JSON.parse(await Deno.readTextFile(lockPath));
    assert.deepEqual(Object.keys(lock.packages), [`${aliceKey}/other@1.0.0`]);
    assert.deepEqual(await place.stored(), ["base@1.0.0", "lib@1.0.0", "other@1.0.0"]);
    await failure(uninstall(place.store, { name: "app" }, { lockPath }), "NOT_IN_LOCK");
  },
);

installTest("an ambiguous name is refused with the packages that it matches", async (place) => {
  await place.make("app@1.0.0");
  await place.make("app@1.10.0");
  await place.make("app@1.0.0", { signer: mallory });
  for (const spec of [`${aliceKey}/app@1.0.0`, `${aliceKey}/app@1.10.0`, `${malloryKey}/app`]) {
    await add(place, spec);
  }
  const error = await failure(uninstall(place.store, { name: "app" }), "PACKAGE_AMBIGUOUS");
  assert.equal(error.kind, "usage");
  assert.equal((error.detail.choices as string[]).length, 3);
  for (const ref of error.detail.choices as string[]) {
    assert.ok(error.message.includes(`\n  ${ref}`));
  }
  await failure(uninstall(place.store, parseRequirement("app@1.0.0")), "PACKAGE_AMBIGUOUS");
  await uninstall(place.store, parseRequirement(`${malloryKey}/app`));
  await uninstall(place.store, parseRequirement("app@^1.1"));
  await uninstall(place.store, parseRequirement("app"));
  assert.deepEqual(await place.stored(), []);
});
