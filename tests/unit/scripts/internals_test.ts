import assert from "node:assert/strict";
import { join } from "node:path";
import { internalsPage } from "../../../scripts/internals.ts";

const page = join(import.meta.dirname!, "..", "..", "..", "docs", "internals-api.md");

Deno.test("docs/internals-api.md is what `deno task internals` makes", async () => {
  assert.equal(await Deno.readTextFile(page), await internalsPage(), "run `deno task internals`");
});

Deno.test("the page shows who lends the nodes, and that the borrower cannot end them", async () => {
  const text = await Deno.readTextFile(page);
  const sectionOf = (name: string) => text.split(`\n## ${name}\n`)[1]!.split("\n## ")[0]!;
  assert.match(sectionOf("Engine"), /^node\(\): DhtNode \| undefined;$/m);
  assert.match(sectionOf("Engine"), /^close\(/m);
  assert.match(sectionOf("DhtManager"), /^constructor\(options: DhtManagerOptions\);$/m);
  assert.doesNotMatch(sectionOf("DhtNode"), /^(?:readonly )?(?:listen|close|destroy)\b/m);
  assert.doesNotMatch(text, /#nodes/);
});
