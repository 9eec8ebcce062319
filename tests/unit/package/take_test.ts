import assert from "node:assert/strict";
import { join } from "node:path";
import { toHex } from "../../../src/base/mod.ts";
import { parseMinimal, takeArchive, verifyArchive } from "../../../src/package/mod.ts";
import {
  archiveOf,
  gzip,
  inDirectory,
  makeTar,
  manifestEntry,
  minimalFor,
  noise,
  packIn,
  refusal,
  sha256,
} from "./support.ts";

const MIB = 1024 * 1024;

inDirectory(
  "an archive is taken with all that verifying and describing would tell",
  async (dir) => {
    for (const length of [1000, 17 * MIB]) {
      const packed = await packIn(dir, { "a": noise(length), "!b": "b" });
      const { archivePath } = packed;
      const minimal = parseMinimal(await Deno.readFile(packed.minimalPath));
      for (const given of [minimal, undefined]) {
        const copyTo = join(dir, `copy-${length}-${given === undefined}`);
        const taken = await takeArchive({ archivePath, minimal: given, copyTo });
        assert.deepEqual(taken.full, packed.full);
        assert.equal("sha256:" + toHex(taken.sha256), minimal.infohash);
        assert.equal(toHex(taken.infoHash), minimal.btih);
        assert.deepEqual(taken.torrent, packed.torrent);
        assert.equal(taken.lengthBytes, minimal.length);
        assert.equal(sha256(await Deno.readFile(copyTo)), minimal.infohash);
      }
    }
  },
);

inDirectory(
  "an archive is taken under its usual name, and without copying if none is wanted",
  async (dir) => {
    const packed = await packIn(dir, { a: "a" });
    const renamed = join(dir, "renamed.tgz");
    await Deno.rename(packed.archivePath, renamed);
    const taken = await takeArchive({ archivePath: renamed });
    assert.deepEqual(taken.torrent, packed.torrent);
    const names = [...Deno.readDirSync(dir)].map(({ name }) => name).sort();
    assert.deepEqual(names, ["in", "out", "renamed.tgz"]);
  },
);

inDirectory(
  "what verifying refuses is not taken, for the same reason, and no copy stays",
  async (dir) => {
    const files = { "a.txt": "a" };
    const good = gzip(await makeTar([manifestEntry(files), { name: "a.txt", contents: "a" }]));
    const other = gzip(await makeTar([manifestEntry(files), { name: "a.txt", contents: "b" }]));
    const extra = gzip(
      await makeTar([
        manifestEntry(files),
        { name: "a.txt", contents: "a" },
        { name: "b.txt", contents: "b" },
      ]),
    );
    const cases = [
      { archive: other, minimal: minimalFor(other), code: "HASH_MISMATCH", step: "files" },
      { archive: extra, minimal: minimalFor(extra), code: "FILE_EXTRA", step: "files" },
      { archive: extra, minimal: undefined, code: "FILE_EXTRA", step: "files" },
      // Of two things that are wrong, the one that comes first in the chain.
      {
        archive: extra,
        minimal: minimalFor(good),
        code: "LENGTH_MISMATCH",
        step: "archive-length",
      },
      {
        archive: good.map((byte, at) => at === good.length - 30 ? byte ^ 1 : byte),
        minimal: minimalFor(good),
        code: "HASH_MISMATCH",
        step: "archive-hash",
      },
      {
        archive: good,
        minimal: { ...minimalFor(good), length: 1 },
        code: "SIGNATURE_INVALID",
        step: "minimal-signature",
      },
    ];
    for (const { archive, minimal, code, step } of cases) {
      const { archivePath } = await archiveOf(dir, archive);
      const copyTo = join(dir, "copy");
      const error = await refusal(takeArchive({ archivePath, minimal, copyTo }), code);
      assert.equal(error.detail.step, step);
      await assert.rejects(Deno.lstat(copyTo), Deno.errors.NotFound);
      const same = await refusal(verifyArchive({ archivePath, minimal }), code);
      assert.equal(same.message, error.message);
    }
  },
);

inDirectory("taking is refused where there is a file already, and leaves it", async (dir) => {
  const { archivePath } = await packIn(dir, { a: "a" });
  const copyTo = join(dir, "copy");
  await Deno.writeTextFile(copyTo, "mine");
  await refusal(takeArchive({ archivePath, copyTo }), "WRITE_FAILED");
  assert.equal(await Deno.readTextFile(copyTo), "mine");
});

inDirectory("taking that is aborted leaves no copy", async (dir) => {
  const { archivePath } = await packIn(dir, { a: noise(3 * MIB) });
  const copyTo = join(dir, "copy");
  const signal = AbortSignal.abort(new Error("enough"));
  await assert.rejects(takeArchive({ archivePath, copyTo, signal }), /enough/);
  await assert.rejects(Deno.lstat(copyTo), Deno.errors.NotFound);
});
