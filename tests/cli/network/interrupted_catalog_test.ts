/**
 * Publishing after an earlier publish has ended between writing the catalog and putting the record that
 * names it, because it was killed or the disk was full.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { catalogFileName } from "../../../src/package/mod.ts";
import { newPlace, together } from "../../support/place.ts";

Deno.test("a catalog that no record names does not keep the next version from being published", async () => {
  await using place = await newPlace();
  const [ann, user] = [await place.home(), await place.home(null)];
  const first = await ann.daemon();
  // The names are so many that the list does not fit into a record.
  const names = Array.from({ length: 16 }, (_, number) => `${"long-".repeat(12)}${number}`);
  await ann.must([
    "publish",
    "-q",
    ...await together(names.map((name) => place.source(name, "1.0.0", name))),
  ]);
  const catalog = join(ann.seed, catalogFileName(ann.keys.publicKey));
  const before = await Deno.readTextFile(catalog);
  await Deno.writeTextFile(catalog, "{}\n", { append: true });
  await first.end();
  const lastYear = new Date(Date.now() - 365 * 86_400_000);
  for (const name of ann.files()) {
    if (name.includes("~")) await Deno.utime(join(ann.seed, name), lastYear, lastYear);
  }
  await using daemon = await ann.daemon();
  // The daemon's torrent of the catalog that the record names is awake.
  assert.match(await user.must(["follow", ann.publicKey]), /\t16 versions\n$/);

  await ann.must(["publish", "-q", await place.source(names[0]!, "1.1.0")]);
  const after = (await Deno.readTextFile(catalog)).split("\n");
  assert.deepEqual(before.split("\n").filter((line) => !after.includes(line)), []);
  assert.equal(after.length, before.split("\n").length + 1);
  const found = await user.must(["resolve", `${ann.publicKey}/${names[0]}@^1`]);
  assert.match(found, /"version":"1\.1\.0"/);
  await daemon.end();
});
