import assert from "node:assert/strict";
import { newStagingPath } from "../../../../src/package/archive/temporaries.ts";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { concatBytes, fromHex, toHex, utf8 } from "../../../../src/base/mod.ts";
import { formatPublicKey, keyPairFromSeed } from "../../../../src/identity/mod.ts";
import {
  claimedUnpackedBytes,
  contentHash,
  packDirectory,
  parseMinimal,
  serializeMinimal,
  verifyArchive,
} from "../../../../src/package/mod.ts";
import { noise as vectorNoise } from "../../../support/listed_archives.ts";
import vectors from "../../../vectors/archive.json" with { type: "json" };
import { TestIdentity } from "../../../support/identities.ts";
import {
  gunzip,
  inDirectory,
  listOf,
  listTree,
  noise,
  packIn,
  run,
  sha256,
  signer,
  type Tree,
  writeTree,
} from "../../../support/package_archives.ts";

const tree: Tree = {
  "README.md": "# hello\n",
  "!bin/run": "#!/bin/sh\n",
  "empty": "",
  "a/b/c.txt": "c",
  "a.txt": "before a/, for a full stop comes before a slash",
  "ü/naïve ☃.txt": "snow",
  "日本語/ファイル": "file",
  "constructor": "not a constructor",
  ["__proto__"]: "not a prototype",
  [`${"d".repeat(60)}/${"e".repeat(60)}`]: "over 100 bytes",
  [`${"deep/".repeat(60)}file`]: "over 256 bytes",
};

type VectorFile =
  & { path: string; executable: boolean }
  & ({ noise: string; bytes: number } | { contentsHex: string; times: number });

for (const vector of vectors.archives) {
  inDirectory(`vector: ${vector.name}`, async (dir) => {
    const files: Tree = {};
    for (const file of vector.files as VectorFile[]) {
      const contents = "noise" in file
        ? vectorNoise(file.noise, file.bytes)
        : fromHex(file.contentsHex.repeat(file.times))!;
      files[(file.executable ? "!" : "") + file.path] = contents;
    }
    const packed = await packIn(dir, files, {
      ...vector.options,
      signer: keyPairFromSeed(fromHex(vectors.keySeedHex)!),
    });
    const bytes = await Deno.readFile(packed.archivePath);
    assert.equal(sha256(gunzip(bytes)), vector.tarSha256);
    if (vector.tarHex !== undefined) assert.equal(toHex(gunzip(bytes)), vector.tarHex);
    const members = listOf(bytes).members.map(({ hash, ...member }) => ({
      hashHex: toHex(hash),
      ...member,
    }));
    assert.deepEqual(members, vector.members);
    assert.equal(sha256(bytes), vector.archiveSha256);
    if (vector.archiveHex !== undefined) assert.equal(toHex(bytes), vector.archiveHex);
    assert.equal(toHex(packed.torrent), vector.torrentHex);
    assert.equal(packed.minimal.btih, vector.infoHashHex);
    assert.equal(toHex(utf8(serializeMinimal(packed.minimal))), vector.minimalHex);
    assert.equal(packed.minimal.signature, vector.minimalSignatureText);
    assert.equal(packed.full.signature, vector.fullSignatureText);
    assert.equal(vector.archiveSha256, packed.minimal.archiveSha256);
  });
}

inDirectory("a packed archive verifies and unpacks to the same tree", async (dir) => {
  const packed = await packIn(dir, tree);
  const verified = await verifyArchive({
    archivePath: packed.archivePath,
    minimal: parseMinimal(await Deno.readFile(packed.minimalPath)),
    publicKey: signer.publicKey,
    unpackTo: join(dir, "target"),
  });
  assert.equal(verified.fileCount, Object.keys(tree).length);
  const unpacked = await listTree(join(dir, "target"));
  const manifest = unpacked.findIndex((line) => line.startsWith("manifest.json "));
  assert.equal(unpacked.splice(manifest, 1).length, 1);
  assert.deepEqual(unpacked, await listTree(join(dir, "in")));
});

inDirectory(
  "the same files give the same archive, manifest and torrent in any directory and order",
  async (dir) => {
    const umask = Deno.umask(0o077);
    let first, second;
    try {
      first = await packIn(join(dir, "one"), tree);
      Deno.umask(0o002);
      const reversed = Object.fromEntries(Object.entries(tree).reverse());
      await writeTree(join(dir, "another/place/in"), reversed);
      for (const key of Object.keys(tree)) {
        const path = join(dir, "another/place/in", key.replace(/^!/, ""));
        await Deno.utime(path, 1_000_000, 1_000_000 + key.length);
        await Deno.chmod(path, key.startsWith("!") ? 0o4711 : 0o606);
        if (Deno.uid() === 0) await Deno.chown(path, 1234, 4321);
      }
      await Deno.mkdir(join(dir, "another/place/in/nothing in it"));
      second = await packIn(join(dir, "another/place"), {});
    } finally {
      Deno.umask(umask);
    }
    assert.deepEqual(await listTree(join(dir, "one/out")).then(withoutMode), [
      `hello-1.0.0.minimal.json ${sha256(serializeMinimal(first.minimal))}`,
      `hello-1.0.0.tgz ${first.minimal.archiveSha256}`,
      `hello-1.0.0.torrent ${sha256(first.torrent)}`,
    ]);
    assert.deepEqual(
      withoutMode(await listTree(join(dir, "one/out"))),
      withoutMode(await listTree(join(dir, "another/place/out"))),
    );
    assert.deepEqual(second.full, first.full);
  },
);

function withoutMode(lines: string[]): string[] {
  return lines.map((line) => line.replace(/ [0-7]+ /, " "));
}

inDirectory("packing the current directory twice gives the same bytes", async (dir) => {
  await writeTree(dir, { "a.txt": "a", "sub/hello-1.0.0.tgz": "not at the root: content" });
  const options = { dir, outDir: dir, name: "hello", version: "1.0.0", signer, timestampMs: 1 };
  const first = await packDirectory(options);
  const before = await listTree(dir);
  const second = await packDirectory(options);
  assert.deepEqual(await listTree(dir), before);
  assert.deepEqual(first.skipped, []);
  assert.deepEqual(second.skipped, [
    "hello-1.0.0.minimal.json",
    "hello-1.0.0.tgz",
    "hello-1.0.0.torrent",
  ]);
  // A temporary file left over from a killed process does not change the archive either.
  await writeTree(newStagingPath(dir), { "1": "left behind" });
  const afterKill = await packDirectory(options);
  assert.equal(afterKill.minimal.archiveSha256, first.minimal.archiveSha256);
  // Packing version 2.0.0 leaves out the outputs of the first packing, so the list of files is the
  // same.
  const third = await packDirectory({ ...options, version: "2.0.0" });
  assert.deepEqual(third.full.files, first.full.files);
});

inDirectory("outputs are left out at any place in the tree", async (dir) => {
  await writeTree(dir, { "a.txt": "a", "dist/keep": "k", "hello-world-1.0.0.tgz": "kept" });
  const options = { dir, name: "hello", version: "1.0.0", signer, timestampMs: 1 };
  for (const where of [{ outDir: join(dir, "dist") }, { out: join(dir, "dist/other.tgz") }]) {
    const first = await packDirectory({ ...options, ...where });
    const second = await packDirectory({ ...options, ...where });
    assert.deepEqual(Object.keys(second.full.files), [
      "a.txt",
      "dist/keep",
      "hello-world-1.0.0.tgz",
    ]);
    assert.equal(second.minimal.archiveSha256, first.minimal.archiveSha256);
  }
});

inDirectory("version control is left out and reported", async (dir) => {
  const packed = await packIn(dir, {
    "a": "a",
    ".git/config": "x",
    "sub/.hg/x": "x",
    "sub/.svn/x": "x",
    "module/.git": "gitdir: /somewhere",
    ".gitattributes": "kept",
  });
  assert.deepEqual(packed.skipped, [".git", "module/.git", "sub/.hg", "sub/.svn"]);
  assert.deepEqual(Object.keys(packed.full.files), [".gitattributes", "a"]);
});

inDirectory("the manifest lists every file with its hash, in the archive's order", async (dir) => {
  const packed = await packIn(dir, tree);
  const expected = Object.fromEntries(
    Object.entries(tree).map(([key, contents]) => [key.replace(/^!/, ""), sha256(contents)]),
  );
  assert.deepEqual(packed.full.files, expected);
  assert.equal(packed.full.contentHash, contentHash(expected));
  assert.equal(packed.full.pubkey, formatPublicKey(signer.publicKey));
  assert.ok(!("timestamp" in packed.full));
  const listed = (await run("tar", "tzf", packed.archivePath, "--quoting-style=literal")).trim();
  assert.deepEqual(listed.split("\n"), ["manifest.json", ...Object.keys(expected).sort()]);
});

inDirectory(
  "GNU tar unpacks an archive to the same tree, and sha256sum agrees with the manifest",
  async (dir) => {
    const packed = await packIn(dir, tree);
    await Deno.mkdir(join(dir, "gnu"));
    await run("tar", "xzf", packed.archivePath, "-C", join(dir, "gnu"), "--no-same-owner");
    await Deno.remove(join(dir, "gnu/manifest.json"));
    assert.deepEqual(await listTree(join(dir, "gnu")), await listTree(join(dir, "in")));
    const [sum] = (await run("sha256sum", packed.archivePath)).split(" ");
    assert.equal("sha256:" + sum, packed.minimal.archiveSha256);
    assert.equal((await Deno.stat(packed.archivePath)).size, packed.minimal.length);
    const verbose = await run("tar", "tvzf", packed.archivePath, "--numeric-owner", "--utc");
    for (const line of verbose.trim().split("\n")) {
      assert.match(line, /^-rw(-r--r--|xr-xr-x) 0\/0 +\d+ 1970-01-01 00:00 /);
    }
  },
);

inDirectory("a file larger than a gzip member is cut into members of the same tar", async (dir) => {
  const large = noise(20 * 1024 * 1024);
  const packed = await packIn(dir, { large, "last": "last" });
  const bytes = await Deno.readFile(packed.archivePath);
  // The random file is stored uncompressed. It contains the header of a gzip member with a
  // probability of only 2^-80 for each byte.
  const header = fromHex("1f8b08000000000000ff")!;
  let members = 0;
  for (let at = bytes.indexOf(0x1f); at !== -1; at = bytes.indexOf(0x1f, at + 1)) {
    if (header.every((byte, i) => bytes[at + i] === byte)) members++;
  }
  const list = listOf(bytes);
  assert.equal(members, list.members.length);
  assert.ok(members > 100);
  let at = list.lengthBytes;
  const tars = list.members.map(({ lengthBytes }) => gunzip(bytes.subarray(at, at += lengthBytes)));
  assert.equal(at, bytes.length);
  assert.ok(tars.every(({ length }) => length <= 512 * 1024));
  assert.equal(sha256(concatBytes(...tars)), sha256(gunzip(bytes)));
  await run("gzip", "-t", packed.archivePath);
  const verified = await verifyArchive({
    archivePath: packed.archivePath,
    minimal: packed.minimal,
    unpackTo: join(dir, "target"),
  });
  assert.equal(verified.unpackedBytes, gunzip(bytes).length);
  assert.equal(sha256(await Deno.readFile(join(dir, "target/large"))), sha256(large));
});

inDirectory("no gzip member names a time or a system", async (dir) => {
  const packed = await packIn(dir, { a: "a" });
  const bytes = await Deno.readFile(packed.archivePath);
  assert.equal(toHex(bytes.subarray(0, 10)), "1f8b08040000000000ff");
  const list = listOf(bytes);
  let at = list.lengthBytes;
  assert.equal(list.members.length, 2);
  for (const { lengthBytes } of list.members) {
    assert.equal(toHex(bytes.subarray(at, at + 10)), "1f8b08000000000000ff");
    at += lengthBytes;
  }
});

inDirectory(
  "the infohash is the SHA-1 of info, and the pieces are those of the archive",
  async (dir) => {
    const packed = await packIn(dir, { a: noise(600_000), b: "b" });
    const bytes = await Deno.readFile(packed.archivePath);
    assert.deepEqual(await Deno.readFile(packed.torrentPath), packed.torrent);
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += 16384) {
      pieces.push(createHash("sha1").update(bytes.subarray(at, at + 16384)).digest());
    }
    assert.equal(pieces.length, 37);
    const info = concatBytes(
      utf8(`d6:lengthi${bytes.length}e4:name15:hello-1.0.0.tgz12:piece lengthi16384e6:pieces740:`),
      ...pieces,
      utf8("e"),
    );
    const torrent = concatBytes(utf8("d10:created by9:libreseed4:info"), info, utf8("e"));
    assert.equal(toHex(packed.torrent), toHex(torrent));
    assert.equal(packed.minimal.btih, createHash("sha1").update(info).digest("hex"));
  },
);

inDirectory("a torrent has the archive's usual name under any file name", async (dir) => {
  const usual = await packIn(dir, { a: "a" });
  const other = await packIn(dir, {}, { out: join(dir, "out/other.tgz") });
  assert.equal(other.archivePath, join(dir, "out/other.tgz"));
  assert.equal(other.minimalPath, join(dir, "out/other.minimal.json"));
  assert.equal(other.torrentPath, join(dir, "out/other.torrent"));
  assert.equal(other.minimal.btih, usual.minimal.btih);
  assert.deepEqual(other.torrent, usual.torrent);
});

inDirectory("only SOURCE_DATE_EPOCH puts a time into the archive", async (dir) => {
  const plain = await packIn(dir, { a: "a" }, { timestampMs: 1 });
  const later = await packIn(dir, {}, { timestampMs: 2 });
  assert.equal(later.minimal.archiveSha256, plain.minimal.archiveSha256);
  assert.equal(later.minimal.timestamp, 2);
  const dated = await packIn(dir, {}, { sourceDateEpoch: 1_700_000_000 });
  assert.equal(dated.full.timestamp, 1_700_000_000_000);
  assert.notEqual(dated.minimal.archiveSha256, plain.minimal.archiveSha256);
  const verbose = await run("tar", "tvzf", dated.archivePath, "--utc");
  assert.ok(!/20\d\d-/.test(verbose), "no file's time follows it");
});

inDirectory("links within the tree are packed as their targets", async (dir) => {
  await writeTree(join(dir, "in"), { "real/file": "contents", "!real/tool": "tool" });
  await Deno.symlink("real/file", join(dir, "in/relative"));
  await Deno.symlink(join(dir, "in/real/tool"), join(dir, "in/absolute"));
  await Deno.symlink("relative", join(dir, "in/chain"));
  await Deno.symlink("real", join(dir, "in/directory"));
  const packed = await packIn(dir, {});
  assert.deepEqual(packed.full.files, {
    "absolute": sha256("tool"),
    "chain": sha256("contents"),
    "directory/file": sha256("contents"),
    "directory/tool": sha256("tool"),
    "real/file": sha256("contents"),
    "real/tool": sha256("tool"),
    "relative": sha256("contents"),
  });
  const verbose = await run("tar", "tvzf", packed.archivePath);
  assert.ok(verbose.split("\n").every((line) => !line.startsWith("l")));
  assert.match(verbose, /^-rwxr-xr-x .* absolute$/m);
});

inDirectory("a directory that is named by a link is packed", async (dir) => {
  await writeTree(join(dir, "real"), { a: "a" });
  await Deno.symlink("real", join(dir, "in"));
  const packed = await packIn(dir, {});
  assert.deepEqual(Object.keys(packed.full.files), ["a"]);
});

inDirectory("progress runs from 0 to the total", async (dir) => {
  const seen: [string, number, number][] = [];
  await packIn(dir, { a: noise(2_000_000), b: "b" }, {
    onProgress: ({ phase, doneBytes, totalBytes }) => seen.push([phase, doneBytes, totalBytes]),
  });
  const files = seen.filter(([phase]) => phase === "files");
  assert.ok(files.length >= 3);
  assert.deepEqual(files[0], ["files", 0, 2_000_001]);
  assert.equal(files.at(-1)![1], 2_000_000);
  assert.ok(seen.every(([, done, total]) => done <= total));
  assert.ok(seen.some(([phase]) => phase === "archive"));
});

inDirectory("older outputs of the same name are replaced", async (dir) => {
  await packIn(dir, { a: "1" });
  const packed = await packIn(dir, { a: "2" });
  const verified = await verifyArchive({
    archivePath: packed.archivePath,
    minimal: parseMinimal(await Deno.readFile(packed.minimalPath)),
  });
  assert.equal(verified.full.files["a"], sha256("2"));
});

inDirectory(
  "a certified key signs the unpacked size, and the archive stays reproducible",
  async (dir) => {
    const certified = await new TestIdentity().certify();
    const sizes = Object.values(tree).map((contents) =>
      typeof contents === "string" ? utf8(contents).length : contents.length
    );
    const unpackedBytes = sizes.reduce((sum, size) => sum + size, 0);
    const packed = await packIn(join(dir, "one"), tree, { signer: certified });
    const again = await packIn(join(dir, "two"), tree, { signer: certified });
    assert.equal(packed.minimal.archiveSha256, again.minimal.archiveSha256);
    assert.equal(claimedUnpackedBytes(packed.full), unpackedBytes);
    const { archivePath, minimal } = packed;
    const { full, filesBytes } = await verifyArchive({ archivePath, minimal });
    assert.deepEqual([full.ext, filesBytes], [{ unpackedBytes }, unpackedBytes]);
    // A manifest without a certificate has no place for it.
    const plain = await packIn(join(dir, "three"), tree);
    assert.equal(plain.full.ext, undefined);
    assert.equal(claimedUnpackedBytes(plain.full), undefined);
  },
);

Deno.test("a claimed size that is no number of bytes counts as none", () => {
  for (const claim of ["5", true, -1, 1.5, 2 ** 53, NaN]) {
    assert.equal(claimedUnpackedBytes({ ext: { unpackedBytes: claim } }), undefined, `${claim}`);
  }
  assert.equal(claimedUnpackedBytes({ ext: { unpackedBytes: 0 } }), 0);
});
