/**
 * Making files of a checkout once, and the tasks that depend on the installed packages.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { makeIfChanged } from "../../../scripts/making.ts";
import { temporaryHome } from "../../support/mod.ts";

const making = { name: "copies", inputs: ["sources", "one.txt"], outputs: ["copy.txt"] };

/** A checkout with sources, and a function that makes its output, counting the calls. */
async function checkout() {
  const directory = await temporaryHome();
  const path = (name: string) => join(directory.path, name);
  await Deno.mkdir(path("sources/inner"), { recursive: true });
  await Deno.writeTextFile(path("sources/inner/a.txt"), "a");
  await Deno.writeTextFile(path("one.txt"), "1");
  let calls = 0;
  const make = async () => {
    calls++;
    await Deno.writeTextFile(path("copy.txt"), await Deno.readTextFile(path("one.txt")));
  };
  return {
    path,
    makes: (by = make) => makeIfChanged(making, by, directory.path),
    make,
    calls: () => calls,
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

Deno.test("outputs are made once, by whoever comes first", async () => {
  await using tree = await checkout();
  const made = await Promise.all([tree.makes(), tree.makes(), tree.makes()]);
  assert.equal(made.filter(Boolean).length, 1);
  assert.equal(tree.calls(), 1);
});

Deno.test("a changed, new or renamed input has the outputs made again", async () => {
  await using tree = await checkout();
  const changes = [
    () => Deno.writeTextFile(tree.path("one.txt"), "2"),
    () => Deno.writeTextFile(tree.path("sources/b.txt"), ""),
    () => Deno.rename(tree.path("sources/b.txt"), tree.path("sources/c.txt")),
  ];
  await tree.makes();
  for (const change of changes) {
    await change();
    assert.equal(await tree.makes(), true);
    assert.equal(await tree.makes(), false);
  }
  assert.equal(await Deno.readTextFile(tree.path("copy.txt")), "2");
});

Deno.test("an output that is missing is made again", async () => {
  await using tree = await checkout();
  await tree.makes();
  await Deno.remove(tree.path("copy.txt"));
  assert.equal(await tree.makes(), true);
});

Deno.test("after a failure the outputs are made again, though they are there", async () => {
  await using tree = await checkout();
  await tree.makes();
  await Deno.writeTextFile(tree.path("one.txt"), "2");
  await assert.rejects(tree.makes(() => Promise.reject(new Error("the disk is full"))), /is full/);
  await Deno.writeTextFile(tree.path("one.txt"), "1");
  assert.equal(await tree.makes(), true);
});

Deno.test("outputs that are kept count as changed now", async () => {
  await using tree = await checkout();
  await tree.makes();
  await Deno.utime(tree.path("copy.txt"), 1, 1);
  await tree.makes();
  assert.ok((await Deno.stat(tree.path("copy.txt"))).mtime!.getTime() > 1000);
});

// Deno would otherwise copy the linked packages anew in each process.
Deno.test("packages are installed by one task, on which all others depend", async () => {
  const path = join(import.meta.dirname!, "..", "..", "..", "deno.json");
  const { tasks, nodeModulesDir } = JSON.parse(await Deno.readTextFile(path));
  assert.equal(nodeModulesDir, "manual");
  const installs = (task: string): boolean =>
    task === "packages" || (tasks[task].dependencies ?? []).some(installs);
  assert.deepEqual(Object.keys(tasks).filter((task) => !installs(task)), []);
});
