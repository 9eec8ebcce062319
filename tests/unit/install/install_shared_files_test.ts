/** Tests that stored versions of a package share the files that did not change. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { formatBytes } from "../../../src/base/mod.ts";
import { parseRequirement } from "../../../src/fetching/requirement.ts";
import { install } from "../../../src/install/install.ts";
import { pruneStore, uninstall } from "../../../src/install/prune.ts";
import { checkStored, sharedBytesOfStored, type StoredPackage } from "../../../src/store/mod.ts";
import { overwrite } from "../../support/mod.ts";
import { type InstallPlace, installTest, mallory, malloryKey } from "./support.ts";

const LARGE = "0123456789abcdef\n".repeat(20_000);
const isPosix = Deno.build.os !== "windows";

async function add(place: InstallPlace, spec: string, force = false): Promise<string> {
  const requirements = [parseRequirement(spec)];
  const { direct: [added] } = await install(place.context(), { requirements, direct: true, force });
  return added!.path;
}

async function entryOf(place: InstallPlace, version: string): Promise<StoredPackage> {
  const entry = (await place.store.list())
    .find((one) => one.problem === undefined && one.version === version);
  assert(entry && entry.problem === undefined);
  return entry;
}

function isShared(one: string, other: string, path: string): boolean {
  const [a, b] = [Deno.lstatSync(join(one, path)), Deno.lstatSync(join(other, path))];
  return a.ino === b.ino && a.dev === b.dev;
}

const first = { "same.js": "same\n", "large.js": LARGE, "lib/old.js": "moved\n", "x.js": "1\n" };
const second = { "same.js": "same\n", "large.js": LARGE, "lib/new.js": "moved\n", "x.js": "2\n" };

if (isPosix) {
  installTest("a new version links what did not change, and writes the rest", async (place) => {
    await place.make("app@1.0.0", { files: first });
    await place.make("app@1.1.0", { files: second });
    const old = await add(place, "app@1.0.0");
    const path = await add(place, "app@1.1.0");
    for (const name of ["same.js", "large.js"]) assert(isShared(old, path, name), name);
    // A file that was only moved is shared, too.
    const moved = [join(old, "lib/old.js"), join(path, "lib/new.js")];
    assert.equal(Deno.lstatSync(moved[0]!).ino, Deno.lstatSync(moved[1]!).ino);
    for (const name of ["x.js", "manifest.json", "package.json"]) {
      assert(!isShared(old, path, name), name);
    }
    assert.equal(await Deno.readTextFile(join(path, "x.js")), "2\n");
    const bytes = "same\n".length + LARGE.length + "moved\n".length;
    const step = `app@1.1.0: 3 files (${formatBytes(bytes)}) linked to files that the store has`;
    assert(place.steps.includes(step), place.steps.join("\n"));
    for (const version of ["1.0.0", "1.1.0"]) {
      const entry = await entryOf(place, version);
      assert.deepEqual(await checkStored(entry), []);
      assert.equal(await sharedBytesOfStored(entry), bytes);
    }
  });

  installTest("nobody may write to stored files", async (place) => {
    await place.make("app@1.0.0", { files: first });
    const path = await add(place, "app@1.0.0");
    for (const name of ["manifest.json", "x.js", "large.js"]) {
      assert.equal(Deno.lstatSync(join(path, name)).mode! & 0o222, 0, name);
    }
  });

  installTest(
    "another publisher's package of the same name shares files, another name does not",
    async (place) => {
      await place.make("app@1.0.0", { files: first });
      await place.make("app@1.1.0", { files: first, signer: mallory });
      await place.make("other@1.0.0", { files: first });
      const path = await add(place, "app@1.0.0");
      assert(isShared(path, await add(place, `${malloryKey}/app@1.1.0`), "large.js"));
      assert(!isShared(path, await add(place, "other@1.0.0"), "large.js"));
    },
  );

  for (
    const [what, change] of [
      ["was altered without a change of its length", (path) => overwrite(path, "SAME\n")],
      ["was shortened", (path) => overwrite(path, "")],
      ["may be written to", (path) => Deno.chmod(path, 0o644)],
      ["is executable", (path) => Deno.chmod(path, 0o555)],
      ["is gone", (path) => Deno.remove(path)],
      ["is a link", async (path) => {
        await Deno.rename(path, `${path}.moved`);
        await Deno.symlink(`${path}.moved`, path);
      }],
      ["is a directory", async (path) => {
        await Deno.remove(path);
        await Deno.mkdir(path);
      }],
      ["is a FIFO, which would be waited for", async (path) => {
        await Deno.remove(path);
        assert((await new Deno.Command("mkfifo", { args: [path] }).output()).success);
      }],
    ] as [string, (path: string) => Promise<void>][]
  ) {
    installTest(`a file is not linked if it ${what}`, async (place) => {
      await place.make("app@1.0.0", { files: first });
      await place.make("app@1.1.0", { files: second });
      const old = await add(place, "app@1.0.0");
      await change(join(old, "same.js"));
      const path = await add(place, "app@1.1.0");
      assert.equal(await Deno.readTextFile(join(path, "same.js")), "same\n");
      const { mode, nlink } = Deno.lstatSync(join(path, "same.js"));
      assert.deepEqual([mode! & 0o777, nlink], [0o444 & ~Deno.umask(), 1]);
      assert(isShared(old, path, "large.js"));
      assert.deepEqual(await checkStored(await entryOf(place, "1.1.0")), []);
    });
  }

  installTest("a large file that was altered is written anew", async (place) => {
    await place.make("app@1.0.0", { files: first });
    await place.make("app@1.1.0", { files: second });
    const old = await add(place, "app@1.0.0");
    await overwrite(join(old, "large.js"), LARGE.replace("f\n", "F\n"));
    const path = await add(place, "app@1.1.0");
    assert(!isShared(old, path, "large.js"));
    assert(isShared(old, path, "same.js"));
    assert.deepEqual(await checkStored(await entryOf(place, "1.1.0")), []);
  });

  installTest("a changed file is noticed in each version, and repaired alone", async (place) => {
    await place.make("app@1.0.0", { files: first });
    await place.make("app@1.1.0", { files: second });
    const old = await add(place, "app@1.0.0");
    const path = await add(place, "app@1.1.0");
    await overwrite(join(path, "same.js"), "evil\n");
    const problems = async (version: string) => await checkStored(await entryOf(place, version));
    assert.deepEqual(await problems("1.0.0"), [`${join(old, "same.js")} was altered`]);
    assert.deepEqual(await problems("1.1.0"), [`${join(path, "same.js")} was altered`]);

    const inode = (file: string) => Deno.lstatSync(file).ino;
    const before = inode(join(path, "large.js"));
    await add(place, "app@1.1.0", true);
    assert.deepEqual(await problems("1.1.0"), []);
    assert.equal(inode(join(path, "large.js")), before);
    // The other version still has the altered file: it is repaired with the file that is right now.
    assert.deepEqual(await problems("1.0.0"), [`${join(old, "same.js")} was altered`]);
    await add(place, "app@1.0.0", true);
    assert.deepEqual(await problems("1.0.0"), []);
    assert(isShared(old, path, "same.js"));
    assert.deepEqual(place.strays(), []);
  });

  installTest(
    "a version keeps its files when the version that it shares them with goes",
    async (place) => {
      await place.make("app@1.0.0", { files: first });
      await place.make("app@1.1.0", { files: second });
      await add(place, "app@1.0.0");
      await add(place, "app@1.1.0");
      await uninstall(place.store, parseRequirement("app@1.0.0"));
      await pruneStore(place.store);
      assert.deepEqual(await place.stored(), ["app@1.1.0"]);
      const left = await entryOf(place, "1.1.0");
      assert.deepEqual(await checkStored(left), []);
      assert.equal(await sharedBytesOfStored(left), 0);
    },
  );

  installTest(
    "a version with a damaged manifest shares nothing, and stops nothing",
    async (place) => {
      await place.make("app@1.0.0", { files: first });
      await place.make("app@1.1.0", { files: second });
      const old = await add(place, "app@1.0.0");
      await overwrite(join(old, "manifest.json"), "{}");
      const path = await add(place, "app@1.1.0");
      assert(!isShared(old, path, "large.js"));
      assert.deepEqual(await checkStored(await entryOf(place, "1.1.0")), []);
    },
  );
}
