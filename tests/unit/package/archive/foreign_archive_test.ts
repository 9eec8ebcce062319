/**
 * Recognizing tarballs that npm or other programs made.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type Header, pack } from "tar-stream";
import { concatBytes } from "../../../../src/base/mod.ts";
import { foreignArchive, refuseForeign } from "../../../../src/package/mod.ts";
import { inDirectory, packIn, refusal } from "../../../support/package_archives.ts";

async function tarball(...entries: (Partial<Header> & { name: string })[]): Promise<Uint8Array> {
  const tar = pack();
  for (const entry of entries) tar.entry(entry, entry.type === "directory" ? "" : "contents");
  tar.finalize();
  return gzipSync(concatBytes(...await Array.fromAsync(tar as AsyncIterable<Uint8Array>)));
}

inDirectory(
  "a tarball of npm is recognized by its directory, under either file extension",
  async (dir) => {
    const long = `package/${"deep/".repeat(30)}x.js`;
    const contents = [
      await tarball({ name: "package/package.json" }, { name: "package/a.js" }),
      await tarball({ name: "package/", type: "directory" }, { name: "package/package.json" }),
      await tarball({ name: "package", type: "directory" }),
      await tarball({ name: long, pax: { comment: "long" } }),
    ];
    for (const ending of ["tgz", "tar.gz"]) {
      for (const bytes of contents) {
        const path = join(dir, `a-1.0.0.${ending}`);
        await Deno.writeFile(path, bytes);
        const { message, kind } = await refusal(refuseForeign(path), "ARCHIVE_FOREIGN");
        assert.equal(
          message,
          `${path} is a tarball of npm, not an archive of libreseed: ` +
            "unpack it, then publish the directory.",
        );
        assert.equal(kind, "failed");
      }
    }
  },
);

inDirectory(
  "a tarball of another program is recognized, and no other file is taken for one",
  async (dir) => {
    const path = join(dir, "a-1.0.0.tgz");
    await Deno.writeFile(path, await tarball({ name: "src/a.js" }));
    assert.match(await foreignArchive(path) ?? "", /without a manifest/);
    const { archivePath } = await packIn(dir, { "package/a.js": "a" });
    assert.equal(await foreignArchive(archivePath), undefined);
    const noise = crypto.getRandomValues(new Uint8Array(4096));
    for (
      const bytes of [noise, gzipSync(noise), gzipSync(new Uint8Array(1 << 24)), new Uint8Array()]
    ) {
      await Deno.writeFile(path, bytes);
      assert.equal(await foreignArchive(path), undefined);
    }
    const cut = (await tarball({ name: "package/a" })).subarray(0, 20);
    await Deno.writeFile(path, cut);
    assert.equal(await foreignArchive(path), undefined);
    assert.equal(await foreignArchive(join(dir, "missing")), undefined);
    assert.equal(await foreignArchive(dir), undefined);
  },
);

inDirectory("a first entry longer than the inflated head is recognized", async (dir) => {
  for (const count of [30, 90, 150, 300, 1000]) {
    const files = Object.fromEntries(Array.from({ length: count }, (_, i) => [`f${i}`, `${i}`]));
    const { archivePath } = await packIn(dir, files, { name: `n${count}` });
    assert.equal(await foreignArchive(archivePath), undefined);
  }
  const path = join(dir, "long.tgz");
  const tar = pack();
  const noise = crypto.getRandomValues(new Uint8Array(20_000));
  tar.entry({ name: "package/noise" }, Buffer.from(noise));
  tar.finalize();
  const bytes = concatBytes(...await Array.fromAsync(tar as AsyncIterable<Uint8Array>));
  await Deno.writeFile(path, gzipSync(bytes));
  assert.match(await foreignArchive(path) ?? "", /a tarball of npm/);
});
