/**
 * Tests the real paths of files that do not exist yet.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { realPathNow, realPathOf } from "../../../src/launcher/grant_list.ts";
import { temporaryHome } from "../../support/mod.ts";

Deno.test("a directory's real path is known before the directory is made, also behind a link", async () => {
  const place = await temporaryHome();
  try {
    const home = join(place.path, "home");
    const link = join(place.path, "link");
    await Deno.mkdir(home);
    await Deno.symlink(home, link);
    const dir = join(link, "new", "seed");
    const before = realPathOf(dir, realPathNow);
    assert.equal(before, join(await Deno.realPath(home), "new", "seed"));

    await Deno.mkdir(dir, { recursive: true });
    assert.equal(await Deno.realPath(dir), before);
  } finally {
    await place.remove();
  }
});

Deno.test("a directory that becomes a link has another real path than before", async () => {
  const place = await temporaryHome();
  try {
    const dir = join(place.path, "seed");
    const before = realPathOf(dir, realPathNow);
    const elsewhere = join(place.path, "elsewhere");
    await Deno.mkdir(elsewhere);
    await Deno.symlink(elsewhere, dir);
    assert.notEqual(await Deno.realPath(dir), before);
  } finally {
    await place.remove();
  }
});
