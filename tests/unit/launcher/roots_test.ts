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
  let filled = 1;
  const fill = (count: number) => {
    for (; filled < count; filled++) {
      Deno.writeTextFileSync(join(store, ".roots", `${filled}`.padStart(64, "0")), "");
    }
  };
  fill(MAX_PACKAGE_ROOTS);
  await roots.add(path("first"));
  assert.deepEqual(await roots.list(), [path("first")]);
  assert.deepEqual(rootsOf(store), [path("first")]);
  await assert.rejects(roots.add(path("second")), {
    code: "TOO_MANY_ROOTS",
    message: /10000 lock files and links or more: run `libreseed store prune`/,
  });
  fill(MAX_PACKAGE_ROOTS + 1);
  assert.deepEqual(rootsOf(store), []);
  await assert.rejects(roots.list(), { code: "TOO_MANY_ROOTS", message: /remove the directory/ });
});
