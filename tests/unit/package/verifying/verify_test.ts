import assert from "node:assert/strict";
import { join } from "node:path";
import { toBase64, toHex, utf8 } from "../../../../src/base/mod.ts";
import { formatPublicKey } from "../../../../src/identity/mod.ts";
import {
  defaultArchiveLimits,
  type MinimalManifest,
  serializeFull,
  verifyArchive,
} from "../../../../src/package/mod.ts";
import {
  archiveOf,
  gzip,
  inDirectory,
  listTree,
  makeTar,
  manifestEntry,
  noise,
  packIn,
  patchHeader,
  refusal,
  sha256,
  signer,
  stranger,
  unverified,
} from "../../../support/package_archives.ts";
import { signedFull, signedMinimal } from "../../../support/signed.ts";

const steps = [
  "minimal-signature",
  "archive-length",
  "archive-hash",
  "archive-limits",
  "full-manifest",
  "full-signature",
  "content-hash",
  "files",
];

inDirectory(
  "a valid archive passes every step in order, and the result describes it",
  async (dir) => {
    const { archivePath, minimal, full } = await packIn(dir, { a: "a", "b/c": noise(10_000) });
    const seen: string[] = [];
    const verified = await verifyArchive({
      archivePath,
      minimal,
      publicKey: signer.publicKey,
      onStep: (step) => seen.push(step),
    });
    assert.deepEqual(seen, steps);
    const { sha256, unpackedBytes, filesBytes, ...rest } = verified;
    assert.equal(filesBytes, 1 + 10_000);
    assert.equal("sha256:" + toHex(sha256), minimal.archiveSha256);
    assert.equal(unpackedBytes % 512, 0);
    const lengthBytes = minimal.length;
    assert.deepEqual(rest, { archivePath, lengthBytes, minimal, inner: false, full, fileCount: 2 });
  },
);

inDirectory(
  "without a minimal manifest only the inner half is verified, which the result says",
  async (dir) => {
    const { archivePath, full } = await packIn(dir, { a: "a" });
    const seen: string[] = [];
    const verified = await verifyArchive({ archivePath, onStep: (step) => seen.push(step) });
    assert.deepEqual(seen, steps.slice(3));
    assert.equal(verified.inner, true);
    assert.equal(verified.minimal, undefined);
    assert.deepEqual(verified.full, full);
  },
);

inDirectory("files and manifest are unpacked, with mode 0755 for executables", async (dir) => {
  const contents = { tool: "t", plain: "p" };
  const tar = await makeTar([
    manifestEntry(contents),
    { name: "plain", contents: "p", mode: 0o644 },
    { name: "tool", contents: "t", mode: 0o755 },
  ]);
  const options = await archiveOf(dir, gzip(tar));
  const umask = Deno.umask(0o022);
  let verified;
  try {
    verified = await verifyArchive({ ...options, unpackTo: join(dir, "target") });
  } finally {
    Deno.umask(umask);
  }
  assert.equal(verified.unpackedTo, join(dir, "target"));
  assert.deepEqual(await listTree(join(dir, "target")), [
    `manifest.json 644 ${sha256(serializeFull(verified.full))}`,
    `plain 644 ${sha256("p")}`,
    `tool 755 ${sha256("t")}`,
  ]);
  const info = await Deno.stat(join(dir, "target/tool"));
  assert.equal(info.uid, Deno.uid());
});

inDirectory("the target may be an empty directory, and no other existing path", async (dir) => {
  const { archivePath, minimal } = await packIn(dir, { a: "a" });
  await Deno.mkdir(join(dir, "empty"));
  await verifyArchive({ archivePath, minimal, unpackTo: join(dir, "empty") });
  assert.equal(await Deno.readTextFile(join(dir, "empty/a")), "a");
  await Deno.writeTextFile(join(dir, "file"), "x");
  await Deno.symlink("nowhere", join(dir, "link"));
  const before = await listTree(dir);
  for (const target of ["empty", "in", "file", "link"]) {
    const unpackTo = join(dir, target);
    const error = await refusal(verifyArchive({ archivePath, minimal, unpackTo }), "TARGET_EXISTS");
    assert.equal(error.kind, "usage");
  }
  const unpackTo = join(dir, "missing/target");
  const error = await refusal(verifyArchive({ archivePath, minimal, unpackTo }), "WRITE_FAILED");
  assert.match(error.message, /there is no directory \S+\/missing\. Make it first\.$/);
  assert.deepEqual(await listTree(dir), before);
});

inDirectory("the target appears only at the end", async (dir) => {
  const { archivePath, minimal } = await packIn(dir, { a: noise(300_000) });
  const seen: boolean[] = [];
  await verifyArchive({
    archivePath,
    minimal,
    unpackTo: join(dir, "target"),
    onStep: () => seen.push([...Deno.readDirSync(dir)].some(({ name }) => name === "target")),
  });
  assert.deepEqual(seen, steps.map(() => false));
});

inDirectory(
  "every altered field of the minimal manifest is caught at the first step",
  async (dir) => {
    const { archivePath, minimal } = await packIn(dir, { a: "a" });
    const changes: Partial<MinimalManifest>[] = [
      { name: "hullo" },
      { version: "1.0.1" },
      { archiveSha256: sha256("x") },
      { btih: "1".repeat(40) },
      { length: minimal.length + 1 },
      { pubkey: formatPublicKey(stranger.publicKey) },
      { timestamp: 1 },
      { signature: "ed25519:" + toBase64(new Uint8Array(64)) },
      { name: "Not Valid" },
    ];
    for (const change of changes) {
      const altered = { ...minimal, ...change };
      await unverified({ archivePath, minimal: altered }, steps[0]!, "SIGNATURE_INVALID");
    }
  },
);

inDirectory("a package of another publisher than requested is refused", async (dir) => {
  const { archivePath, minimal } = await packIn(dir, { a: "a" });
  const { publicKey } = stranger;
  await unverified({ archivePath, minimal, publicKey }, steps[0]!, "PUBLISHER_MISMATCH");
  await unverified({ archivePath, publicKey }, "full-manifest", "PUBLISHER_MISMATCH");
});

inDirectory(
  "an archive of another length or other bytes is refused, each at its step",
  async (dir) => {
    const { archivePath, minimal } = await packIn(dir, { a: noise(1000) });
    const bytes = await Deno.readFile(archivePath);
    for (const other of [bytes.subarray(1), new Uint8Array([...bytes, 0]), new Uint8Array(0)]) {
      await Deno.writeFile(archivePath, other);
      await unverified({ archivePath, minimal }, "archive-length", "LENGTH_MISMATCH");
    }
    bytes[500]! ^= 1;
    await Deno.writeFile(archivePath, bytes);
    await unverified({ archivePath, minimal }, "archive-hash", "HASH_MISMATCH");
  },
);

inDirectory(
  "another archive is refused for its hash even if an earlier part of it is wrong, too",
  async (dir) => {
    const { archivePath, minimal } = await packIn(dir, { a: noise(1000) });
    const other = await packIn(dir, { b: noise(1000) });
    const bytes = await Deno.readFile(other.archivePath);
    const target = join(dir, "target");
    // The first archive is damaged gzip, the second a sound archive of another package.
    for (const first of [0x1f ^ 1, bytes[0]!]) {
      bytes[0] = first;
      await Deno.writeFile(archivePath, bytes);
      const { archiveSha256, btih, name, timestamp, version } = minimal;
      const fields = { archiveSha256, btih, name, timestamp, version, length: bytes.length };
      const signed = signedMinimal(fields, signer);
      const before = await listTree(dir);
      const refused = { archivePath, minimal: signed, unpackTo: target };
      await unverified(refused, "archive-hash", "HASH_MISMATCH");
      assert.deepEqual(await listTree(dir), before);
    }
  },
);

// Linux counts the bytes that a process reads, in /proc/self/io; other systems are not asked.
if (Deno.build.os === "linux") {
  inDirectory("an archive is read once", async (dir) => {
    const { archivePath, minimal } = await packIn(dir, { a: noise(20_000_000) });
    const readBytes = async () =>
      Number(/rchar: (\d+)/.exec(await Deno.readTextFile("/proc/self/io"))![1]);
    // The tests of other files run in this process, too, and what they read is counted with it.
    let least = Infinity;
    for (let tries = 0; tries < 20 && least >= minimal.length * 1.5; tries++) {
      const before = await readBytes();
      await verifyArchive({ archivePath, minimal });
      least = Math.min(least, await readBytes() - before);
    }
    assert.ok(least < minimal.length * 1.5, `${least} bytes were read of ${minimal.length}`);
  });
}

inDirectory("the two manifests have to name the same package and publisher", async (dir) => {
  const { archivePath, minimal } = await packIn(dir, { a: "a" });
  const { archiveSha256, btih, length, timestamp, name, version } = minimal;
  const fields = { archiveSha256, btih, length, timestamp, name, version };
  const others = [
    signedMinimal({ ...fields, name: "other" }, signer),
    signedMinimal({ ...fields, version: "1.0.1" }, signer),
    signedMinimal(fields, stranger),
  ];
  for (const other of others) {
    await unverified({ archivePath, minimal: other }, "full-manifest", "MANIFEST_MISMATCH");
  }
});

inDirectory("the full manifest has to be the first entry, valid and signed", async (dir) => {
  const files = { a: "a" };
  const good = manifestEntry(files);
  const text = good.contents as string;
  const a = { name: "a", contents: "a" };
  const cases: [string, string, Parameters<typeof makeTar>[0]][] = [
    ["full-manifest", "MANIFEST_MISSING", []],
    ["full-manifest", "MANIFEST_MISSING", [a]],
    ["full-manifest", "MANIFEST_MISSING", [a, good]],
    ["full-manifest", "MANIFEST_MISSING", [{ ...good, name: "./manifest.json" }, a]],
    ["full-manifest", "MANIFEST_INVALID", [{ ...good, contents: "" }, a]],
    ["full-manifest", "MANIFEST_INVALID", [{ ...good, contents: "{}\n" }, a]],
    ["full-manifest", "MANIFEST_INVALID", [{ ...good, contents: text + " " }, a]],
    ["full-manifest", "MANIFEST_INVALID", [{ ...good, contents: new Uint8Array(9999) }, a]],
    [
      "full-signature",
      "SIGNATURE_INVALID",
      [{
        ...good,
        contents: text.replace(
          /("contentHash":"sha256:)./,
          "$1" + (/"contentHash":"sha256:0/.test(text) ? "1" : "0"),
        ),
      }, a],
    ],
    [
      "content-hash",
      "CONTENT_HASH_MISMATCH",
      [manifestEntry(files, { contentHash: sha256("other") }), a],
    ],
  ];
  for (const [step, code, entries] of cases) {
    await unverified(await archiveOf(dir, gzip(await makeTar(entries))), step, code);
  }
  await verifyArchive(await archiveOf(dir, gzip(await makeTar([good, a]))));
});

inDirectory("a full manifest in a newer format is no failed verification", async (dir) => {
  const good = manifestEntry({ a: "a" });
  const contents = (good.contents as string).replace(/libreseed\/[12]/, "libreseed/3");
  const tar = await makeTar([{ ...good, contents }, { name: "a", contents: "a" }]);
  const error = await refusal(verifyArchive(await archiveOf(dir, gzip(tar))), "NEWER_FORMAT");
  assert.equal(error.kind, "failed");
});

inDirectory("a full manifest beyond its limit is refused before it is read", async (dir) => {
  const tar = await makeTar([{ name: "manifest.json", contents: new Uint8Array(5000) }]);
  const options = await archiveOf(dir, gzip(tar));
  const limits = { ...defaultArchiveLimits, maxManifestBytes: 4999 };
  await unverified({ ...options, limits }, "full-manifest", "MANIFEST_TOO_LARGE");
  // The tar header claims a manifest of almost 8 GiB, which is refused before memory for it is
  // allocated.
  patchHeader(tar, 0, (header) => header.set(utf8("77777777777\0"), 124));
  const claimed = await archiveOf(dir, gzip(tar));
  await unverified(claimed, "full-manifest", "MANIFEST_TOO_LARGE");
});

inDirectory(
  "the archive has to hold exactly the files of the manifest, once and in order",
  async (dir) => {
    const manifest = manifestEntry({ a: "a", "b/c": "c" });
    const a = { name: "a", contents: "a" };
    const c = { name: "b/c", contents: "c" };
    const cases: [string, string, Parameters<typeof makeTar>[0]][] = [
      ["files", "FILE_MISSING", [manifest]],
      ["files", "FILE_MISSING", [manifest, c]],
      ["files", "FILE_MISSING", [manifest, a]],
      ["files", "FILE_MISSING", [manifest, c, a]],
      ["files", "FILE_EXTRA", [manifest, a, c, { name: "d", contents: "d" }]],
      ["files", "FILE_EXTRA", [manifest, a, c, { name: "constructor", contents: "d" }]],
      ["files", "HASH_MISMATCH", [manifest, { ...a, contents: "A" }, c]],
      ["files", "HASH_MISMATCH", [manifest, { ...a, contents: "" }, c]],
      ["files", "HASH_MISMATCH", [manifest, { ...a, contents: "c" }, { ...c, contents: "a" }]],
      ["archive-limits", "PATH_COLLISION", [manifest, a, a, c]],
      ["archive-limits", "PATH_COLLISION", [manifest, a, manifest, c]],
    ];
    for (const [step, code, entries] of cases) {
      await unverified(await archiveOf(dir, gzip(await makeTar(entries))), step, code);
    }
    await verifyArchive(await archiveOf(dir, gzip(await makeTar([manifest, a, c]))));
  },
);

inDirectory(
  "a missing archive and a path that is no regular file are not verification errors",
  async (dir) => {
    const missing = await refusal(
      verifyArchive({ archivePath: join(dir, "no.tgz") }),
      "ARCHIVE_NOT_FOUND",
    );
    assert.equal(missing.kind, "not-found");
    await refusal(verifyArchive({ archivePath: dir }), "ARCHIVE_UNREADABLE");
  },
);

inDirectory("verifying that is aborted or whose hook throws leaves nothing", async (dir) => {
  const { archivePath, minimal } = await packIn(dir, { a: noise(3_000_000), b: noise(3_000_000) });
  const before = await listTree(dir);
  const reason = new Error("enough");
  for (const at of steps) {
    const controller = new AbortController();
    const aborting = verifyArchive({
      archivePath,
      minimal,
      unpackTo: join(dir, "target"),
      signal: controller.signal,
      onStep: (step) => step === at && controller.abort(reason),
    });
    await assert.rejects(aborting, (error) => error === reason, at);
    const throwing = verifyArchive({
      archivePath,
      minimal,
      unpackTo: join(dir, "target"),
      onStep: (step) => {
        if (step === at) throw reason;
      },
    });
    await assert.rejects(throwing, (error) => error === reason, at);
    assert.deepEqual(await listTree(dir), before);
  }
});

inDirectory(
  "a full manifest signed by another key than it names is refused",
  async (dir) => {
    const { full } = await packIn(dir, { a: "a" });
    const { signature } = signedFull(
      { name: full.name, version: full.version, files: full.files, contentHash: full.contentHash },
      stranger,
    );
    const forged = { name: "manifest.json", contents: serializeFull({ ...full, signature }) };
    const tar = await makeTar([forged, { name: "a", contents: "a" }]);
    await unverified(await archiveOf(dir, gzip(tar)), "full-signature", "SIGNATURE_INVALID");
  },
);
