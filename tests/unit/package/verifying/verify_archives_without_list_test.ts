import assert from "node:assert/strict";
import { join } from "node:path";
import { fromHex, toHex } from "../../../../src/base/mod.ts";
import {
  describeArchive,
  parseMinimal,
  pieceLengthFor,
  takeArchive,
  verifyArchive,
} from "../../../../src/package/mod.ts";
import { noise } from "../../../support/listed_archives.ts";
import {
  gzip,
  inDirectory,
  makeTar,
  manifestEntry,
  minimalFor,
  packIn,
  signer,
} from "../../../support/package_archives.ts";
import vectors from "../../../vectors/archive_without_list.json" with { type: "json" };

for (const vector of vectors.archives) {
  inDirectory(
    `an archive of an earlier version keeps its infohash: ${vector.name}`,
    async (dir) => {
      const minimal = parseMinimal(fromHex(vector.minimalHex)!);
      const archivePath = join(dir, "other.tgz");
      await Deno.writeFile(archivePath, fromHex(vector.archiveHex)!);
      const name = `${minimal.name.replace("/", "+")}-${minimal.version}.tgz`;
      const described = await describeArchive(archivePath, { name });
      assert.equal(toHex(described.infoHash), vector.infoHashHex);
      assert.equal(toHex(described.torrent), vector.torrentHex);
      const verified = await verifyArchive({ archivePath, minimal, unpackTo: join(dir, "target") });
      assert.equal(toHex(verified.sha256), vector.archiveSha256.slice("sha256:".length));
      const taken = await takeArchive({ archivePath, minimal, copyTo: join(dir, "copy") });
      assert.equal(toHex(taken.torrent), vector.torrentHex);
    },
  );
}

inDirectory("the first bytes decide the piece length of a long archive", async (dir) => {
  const big = noise("big", 3_000_000);
  const old = gzip(await makeTar([manifestEntry({ big }), { name: "big", contents: big }]));
  const archivePath = join(dir, "old.tgz");
  await Deno.writeFile(archivePath, old);
  const taken = await takeArchive({ archivePath, minimal: minimalFor(old) });
  assert.match(text(taken.torrent), /12:piece lengthi262144e/);
  assert.deepEqual(
    (await describeArchive(archivePath, { name: "hello-1.0.0.tgz" })).torrent,
    taken.torrent,
  );

  const packed = await packIn(dir, { big });
  const again = await takeArchive({ archivePath: packed.archivePath, minimal: packed.minimal });
  assert.match(text(again.torrent), /12:piece lengthi16384e/);
  assert.deepEqual(again.torrent, packed.torrent);
  // The piece hashes of our own archive come from the torrent beside it.
  const own = await takeArchive({
    archivePath: packed.archivePath,
    minimal: packed.minimal,
    ownKey: signer.publicKey,
  });
  assert.deepEqual(own.torrent, packed.torrent);
  assert.equal(pieceLengthFor(packed.minimal.length, { hasMemberList: true }), 16_384);
});

function text(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}
