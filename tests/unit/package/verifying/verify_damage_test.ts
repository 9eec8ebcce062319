import assert from "node:assert/strict";
import { join } from "node:path";
import { utf8 } from "../../../../src/base/mod.ts";
import {
  PackageError,
  parseMinimal,
  serializeMinimal,
  verifyArchive,
} from "../../../../src/package/mod.ts";
import {
  archiveOf,
  gunzip,
  gzip,
  inDirectory,
  listOf,
  listTree,
  minimalFor,
  noise,
  packIn,
  refusal,
  unverified,
} from "../../../support/package_archives.ts";

inDirectory("an archive with any altered byte is refused", async (dir) => {
  const { archivePath, minimal } = await packIn(dir, { a: "some text", "!b": noise(200) });
  const bytes = await Deno.readFile(archivePath);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i]! ^= 0x04;
    await Deno.writeFile(archivePath, bytes);
    await refusal(verifyArchive({ archivePath, minimal }), "HASH_MISMATCH");
    bytes[i]! ^= 0x04;
  }
  await Deno.writeFile(archivePath, bytes);
  await verifyArchive({ archivePath, minimal });
});

inDirectory(
  "the inner half accepts an altered byte only if the tar stays the same",
  async (dir) => {
    const { archivePath, full } = await packIn(dir, { a: "some text", "!b": noise(200) });
    const bytes = await Deno.readFile(archivePath);
    const tar = gunzip(bytes);
    const accepted: number[] = [];
    // The list of members is a hint, which is not checked.
    const start = listOf(bytes).lengthBytes;
    for (let i = start; i < bytes.length; i++) {
      bytes[i]! ^= 0x01;
      await Deno.writeFile(archivePath, bytes);
      try {
        assert.deepEqual((await verifyArchive({ archivePath })).full, full);
        assert.deepEqual(gunzip(bytes), tar, `byte ${i}`);
        accepted.push(i - start);
      } catch (error) {
        assert.ok(error instanceof PackageError && error.kind === "verification", String(error));
      }
      bytes[i]! ^= 0x01;
    }
    // Damage in some bytes has no effect on the contents: FTEXT, MTIME, XFL and OS in the gzip
    // header (RFC 1952 section 2.3), and deflate codes with the same meaning.
    assert.deepEqual(accepted.slice(0, 7), [3, 4, 5, 6, 7, 8, 9]);
    assert.ok(accepted.length < 20, accepted.join());
  },
);

inDirectory("an archive that is cut short anywhere is refused", async (dir) => {
  const { archivePath } = await packIn(dir, { a: "some text", b: noise(2000) });
  const bytes = await Deno.readFile(archivePath);
  for (let length = 0; length < bytes.length; length += 7) {
    const cut = bytes.subarray(0, length);
    await Deno.writeFile(archivePath, cut);
    const error = await refusalOfAny(verifyArchive({ archivePath }));
    assert.match(error.code, /^(ARCHIVE_DAMAGED|MANIFEST_MISSING|FILE_MISSING)$/);
    if (length === 0) continue;
    await refusalOfAny(verifyArchive({ archivePath, minimal: minimalFor(cut) }));
  }
  assert.deepEqual((await listTree(join(dir, "out"))).length, 3);
});

async function refusalOfAny(promise: Promise<unknown>): Promise<PackageError> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof PackageError && error.kind === "verification", String(error));
    return error;
  }
  assert.fail("was accepted");
}

inDirectory("bytes after the end of the archive are refused", async (dir) => {
  const { archivePath } = await packIn(dir, { a: "a" });
  const bytes = await Deno.readFile(archivePath);
  const tails = [
    [0],
    new Uint8Array(10),
    new Uint8Array(3_000_000),
    utf8("tail"),
    [0x1f],
    [0x1f, 0x8b],
    [0x1f, 0x8b, 8, 0],
    gzip(utf8("not tar")),
    gzip(noise(1000)),
  ];
  for (const tail of tails) {
    const options = await archiveOf(dir, new Uint8Array([...bytes, ...tail]));
    await unverified(options, "archive-limits", "ARCHIVE_DAMAGED");
  }
});

inDirectory(
  "an archive that is altered while it is verified is refused",
  async (dir) => {
    const first = await packIn(dir, { a: "0" });
    // Search for a second archive of equal length but with different bytes.
    let second = first;
    for (let i = 1; second === first || second.minimal.length !== first.minimal.length; i++) {
      second = await packIn(join(dir, "other"), { a: `${i}` });
    }
    const bytes = await Deno.readFile(second.archivePath);
    await refusal(
      verifyArchive({
        archivePath: first.archivePath,
        minimal: first.minimal,
        unpackTo: join(dir, "target"),
        onStep: (step) => {
          if (step === "archive-limits") Deno.writeFileSync(first.archivePath, bytes);
        },
      }),
      "FILE_CHANGED",
    );
    await assert.rejects(Deno.stat(join(dir, "target")), Deno.errors.NotFound);
  },
);

inDirectory(
  "a minimal manifest with any altered byte in its file never verifies the archive",
  async (dir) => {
    const { archivePath, minimal } = await packIn(dir, { a: "a" });
    const bytes = utf8(serializeMinimal(minimal));
    for (let i = 0; i < bytes.length; i++) {
      bytes[i]! ^= 0x01;
      const verifying = (async () =>
        await verifyArchive({ archivePath, minimal: parseMinimal(bytes) }))();
      await refusalOfAny(verifying);
      bytes[i]! ^= 0x01;
    }
  },
);
