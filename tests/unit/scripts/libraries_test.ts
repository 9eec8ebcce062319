/**
 * The generated page about libraries, and the check of replaced library members before bundling.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { dependencies } from "../../../scripts/libraries/dependencies.ts";
import { librariesPage } from "../../../scripts/libraries.ts";
import { replacements } from "../../../src/engine/libraries/mod.ts";

const root = join(import.meta.dirname!, "..", "..", "..");

Deno.test("docs/libraries.md is what `deno task libraries` makes", async () => {
  const page = await Deno.readTextFile(join(root, "docs", "libraries.md"));
  assert.equal(page, await librariesPage(), "run `deno task libraries`");
  for (const { member } of replacements) assert.ok(page.includes(`\`${member}\``), member);
});

Deno.test("each dependency of deno.json has a row, and each row a dependency", async () => {
  const { imports } = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));
  assert.deepEqual(Object.keys(dependencies).sort(), Object.keys(imports).sort());
});

Deno.test("each replacement names a report that is there", async () => {
  for (const { member, report } of replacements) {
    if (report.startsWith("https://")) continue;
    const text = await Deno.readTextFile(join(root, report));
    assert.match(text, /\*\*Our side\*\*/, member);
  }
});

Deno.test("bundle and compile compare the packages first", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));
  assert.match(tasks.bundle.command, /^deno run -q -A scripts\/members\.ts && deno bundle /);
  const compile = await Deno.readTextFile(join(root, "scripts", "compile.ts"));
  const [compared, bundled] = ["scripts/members.ts", '"Bundling the worker"'].map((text) =>
    compile.indexOf(text)
  );
  assert.ok(compared! > 0 && compared! < bundled!);
});
