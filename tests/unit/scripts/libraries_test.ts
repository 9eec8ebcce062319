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
  const bundlers = [["bundle.ts", '"bundle"'], ["compile.ts", '"Bundling the worker"']];
  for (const [script, bundling] of bundlers) {
    const text = await Deno.readTextFile(join(root, "scripts", script!));
    const [compared, bundled] = ["scripts/members.ts", bundling!].map((one) => text.indexOf(one));
    assert.ok(compared! > 0 && compared! < bundled!, script);
  }
});
