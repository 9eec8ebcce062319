/**
 * Reading an archive while another process replaces it by adding the same package again.
 *
 * @module
 */

import assert from "node:assert/strict";
import { SeedDirectory } from "../../../../src/store/mod.ts";
import { temporaryHome } from "../../../support/mod.ts";
import { archiveIn } from "../support.ts";

Deno.test("an entry is valid at any moment while other processes add the same package again", async () => {
  await using home = await temporaryHome();
  const seeds = new SeedDirectory(`${home.path}/seed`);
  await seeds.ensure();
  const files = await archiveIn(home.path, "hello", "1.0.0");
  await seeds.put(files);
  let putting = true;
  let looked = 0;
  const look = async () => {
    while (putting) {
      const entry = await seeds.entry("hello-1.0.0.tgz");
      assert.equal(entry?.problem, undefined);
      looked++;
    }
  };
  const put = async () => {
    for (let i = 0; i < 40; i++) await new SeedDirectory(seeds.path).put(files);
  };
  await Promise.all([
    look(),
    look(),
    Promise.all([put(), put()]).finally(() => putting = false),
  ]);
  assert.ok(looked > 0);
});
