import assert from "node:assert/strict";
import { join } from "node:path";
import { MAX_PACKAGE_ROOTS } from "../../../src/base/mod.ts";
import { rootsOf } from "../../../src/launcher/roots.ts";
import { PackageRoots } from "../../../src/store/mod.ts";
import { temporaryHome } from "../../support/mod.ts";

Deno.test("a store remembers a bounded number of paths, and refuses more", async () => {
  await using home = await temporaryHome();
  const store = home.path;
  const roots = new PackageRoots(store);
  const path = (name: string) => join(store, name, "libreseed.lock.json");
  await roots.add(path("first"));
  assert.deepEqual(rootsOf(store), [path("first")]);
  const fill = async (count: number) => {
    for (let at = 1; at < count; at++) {
      await Deno.writeTextFile(join(store, ".roots", `${at}`.padStart(64, "0")), "");
    }
  };
  await fill(MAX_PACKAGE_ROOTS);
  await roots.add(path("first"));
  assert.deepEqual(await roots.list(), [path("first")]);
  assert.deepEqual(rootsOf(store), [path("first")]);
  await assert.rejects(roots.add(path("second")), {
    code: "TOO_MANY_ROOTS",
    message: /10000 lock files and links or more: run `libreseed store prune`/,
  });
  await fill(MAX_PACKAGE_ROOTS + 1);
  assert.deepEqual(rootsOf(store), []);
  await assert.rejects(roots.list(), { code: "TOO_MANY_ROOTS", message: /remove the directory/ });
});
