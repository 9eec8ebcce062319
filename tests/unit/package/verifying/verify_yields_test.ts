import assert from "node:assert/strict";
import { join } from "node:path";
import { pause } from "../../../../src/base/mod.ts";
import { verifyArchive, type VerifyOptions } from "../../../../src/package/mod.ts";
import {
  archiveOf,
  gzip,
  inDirectory,
  listTree,
  makeTar,
  manifestEntry,
} from "../../../support/package_archives.ts";

const FILES = 9_000;

/**
 * Makes an archive of many small files. Its manifest is so long that it is read in more than ten
 * windows of 64 KiB.
 */
async function many(dir: string): Promise<VerifyOptions> {
  const names = Array.from({ length: FILES }, (_, i) => `d/${String(i).padStart(5, "0")}`);
  const entries = names.map((name) => ({ name, contents: "x" }));
  const manifest = manifestEntry(Object.fromEntries(names.map((name) => [name, "x"])));
  return await archiveOf(dir, gzip(await makeTar([manifest, ...entries])));
}

inDirectory(
  "every step that reads the files of an archive yields to the event loop",
  async (dir) => {
    const options = await many(dir);
    const turns = new Map<string, number>();
    let step = "";
    let isDone = false;
    const others = (async () => {
      while (!isDone) {
        await pause();
        turns.set(step, (turns.get(step) ?? 0) + 1);
      }
    })();
    const { fileCount } = await verifyArchive({ ...options, onStep: (next) => step = next });
    isDone = true;
    await others;
    assert.equal(fileCount, FILES);
    for (const name of ["full-manifest", "files"]) {
      assert.ok((turns.get(name) ?? 0) >= 10, `${turns.get(name)} turns in the step ${name}`);
    }
  },
);

for (const step of ["full-manifest", "files"] as const) {
  inDirectory(
    `verifying ends in the step ${step} when it is aborted, and leaves nothing`,
    async (dir) => {
      const options = await many(dir);
      const before = await listTree(dir);
      const ended = new AbortController();
      const reason = new Error("enough");
      const seen: string[] = [];
      const verifying = verifyArchive({
        ...options,
        unpackTo: join(dir, "target"),
        signal: ended.signal,
        onStep: (next) => {
          seen.push(next);
          // The abort happens in a later turn of the event loop, which begins only if verifying
          // yields.
          if (next === step) pause().then(() => ended.abort(reason));
        },
      });
      await assert.rejects(verifying, reason);
      assert.equal(seen.at(-1), step);
      assert.deepEqual(await listTree(dir), before);
    },
  );
}

inDirectory("unpacking yields to the event loop while it creates directories", async (dir) => {
  // The 2,560 directories are in a tar so small that reading the tar itself never yields.
  const names = Array.from({ length: 40 }, (_, i) => `${i + 10}/${"a/".repeat(63)}f`);
  const manifest = manifestEntry(Object.fromEntries(names.map((name) => [name, ""])));
  const options = await archiveOf(
    dir,
    gzip(await makeTar([manifest, ...names.map((name) => ({ name }))])),
  );
  let turns = 0;
  let isUnpacking = false;
  let isDone = false;
  const others = (async () => {
    while (!isDone) {
      await pause();
      if (isUnpacking) turns++;
    }
  })();
  const onStep = (step: string) => isUnpacking = step === "files";
  await verifyArchive({ ...options, unpackTo: join(dir, "target"), onStep });
  isDone = true;
  await others;
  assert.ok(turns >= 2, `${turns} turns`);
  assert.equal(Deno.readTextFileSync(join(dir, "target", names[39]!)), "");
});
