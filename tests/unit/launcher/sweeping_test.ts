import assert from "node:assert/strict";
import { join } from "node:path";
import { sweepStagings } from "../../../src/launcher/sweeping.ts";
import { newStagingPath, Staging } from "../../../src/package/archive/temporaries.ts";
import { inDirectory, writeTree } from "../../support/package_archives.ts";

async function namesIn(dir: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(dir), ({ name }) => name)).sort();
}

inDirectory(
  "abandoned staging files and directories are removed, and nothing else",
  async (dir) => {
    const others = [
      ".tmp-held-",
      ".tmp-held-0123",
      ".tmp-other",
      ".tmp-held-0123456789abcdeg",
      "x",
    ];
    await writeTree(dir, Object.fromEntries(others.map((name) => [name, "of the user"])));
    await writeTree(newStagingPath(dir), { "1": "half an archive", "2/file": "half a tree" });
    await Deno.writeTextFile(newStagingPath(dir), "half a lock file");
    await Deno.symlink("x", join(dir, ".tmp-held-aaaaaaaaaaaaaaaa"));
    await sweepStagings([dir, join(dir, "missing")]);
    assert.deepEqual(await namesIn(dir), [...others, ".tmp-held-aaaaaaaaaaaaaaaa"].sort());
    assert.equal(await Deno.readTextFile(join(dir, "x")), "of the user");
  },
);

inDirectory("the staging directory of a running process is left alone", async (dir) => {
  const path = newStagingPath(dir);
  const staging = await Staging.create(path);
  await Deno.writeTextFile(staging.next(), "being written");
  await sweepStagings([dir]);
  assert.deepEqual(await namesIn(path), ["1"]);
  await staging[Symbol.asyncDispose]();
  assert.deepEqual(await namesIn(dir), []);
});
