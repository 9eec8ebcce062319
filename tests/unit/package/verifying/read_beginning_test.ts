import assert from "node:assert/strict";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { concatBytes } from "../../../../src/base/mod.ts";
import { readBeginning, readFileOfBeginning } from "../../../../src/package/mod.ts";
import {
  inDirectory,
  listOf,
  makeTar,
  manifestEntry,
  minimalFor,
  packIn,
  refusal,
  signer,
} from "../../../support/package_archives.ts";
import { randomBytes } from "../../../support/torrents.ts";

/** Yields an archive in parts, and counts the parts that were requested. */
function counted(archive: Uint8Array, partBytes: number) {
  const counter = { parts: 0 };
  async function* chunks() {
    for (let at = 0; at < archive.length; at += partBytes) {
      counter.parts++;
      yield await Promise.resolve(archive.slice(at, at + partBytes));
    }
  }
  return { counter, chunks: chunks() };
}

/** Reads a file to its end. */
async function read(reading: ReturnType<typeof readFileOfBeginning>) {
  const parts: Uint8Array[] = [];
  for (;;) {
    const { done, value } = await reading.next();
    if (done) return { bytes: concatBytes(...parts), file: value };
    parts.push(value.slice());
  }
}

const { publicKey } = signer;

inDirectory(
  "the manifest is read from the first parts of an archive, and no part more",
  async (dir) => {
    const packed = await packIn(dir, {
      "a.txt": "a",
      "big.bin": randomBytes(9_000_000, 3),
      "z.txt": "z",
    });
    const archive = await Deno.readFile(packed.archivePath);
    const { counter, chunks } = counted(archive, 64);
    const full = await readBeginning({ minimal: packed.minimal, publicKey, chunks });
    assert.deepEqual(Object.keys(full.files), ["a.txt", "big.bin", "z.txt"]);
    // The manifest's member is shorter than a kilobyte, and ends inside the last part that was read.
    const { lengthBytes, members: [manifest] } = listOf(archive);
    assert.ok(manifest!.lengthBytes < 1_000);
    const readBytes = lengthBytes + manifest!.lengthBytes;
    assert.ok(counter.parts <= Math.ceil(readBytes / 64) + 1, `${counter.parts} parts`);
  },
);

inDirectory("a file is read with what is before it, and nothing behind it", async (dir) => {
  const first = randomBytes(5_000_000, 4);
  const packed = await packIn(dir, { "a.bin": first, "b.bin": randomBytes(5_000_000, 5) });
  const archive = await Deno.readFile(packed.archivePath);
  const { counter, chunks } = counted(archive, 100_000);
  const options = { minimal: packed.minimal, publicKey, chunks };
  const { bytes, file } = await read(readFileOfBeginning(options, "a.bin"));
  assert.deepEqual(file, { sizeBytes: first.length, executable: false });
  assert.deepEqual(bytes, first);
  // A gzip member of 4 MiB ends in the second file, and the reader stops within the part it needs.
  assert.ok(counter.parts <= 52, `${counter.parts} parts of 100`);
});

inDirectory("the last file of an archive is read, and its mode is known", async (dir) => {
  const packed = await packIn(dir, { "a.txt": "a", "!z.sh": "echo" });
  const { chunks } = counted(await Deno.readFile(packed.archivePath), 1 << 20);
  const { bytes, file } = await read(
    readFileOfBeginning({ minimal: packed.minimal, publicKey, chunks }, "z.sh"),
  );
  const text = new TextDecoder().decode(bytes);
  assert.deepEqual([text, file], ["echo", { sizeBytes: 4, executable: true }]);
});

inDirectory(
  "a path that the manifest does not list is named, before any file is read",
  async (dir) => {
    const packed = await packIn(dir, { "a.bin": randomBytes(1_000_000, 6) });
    const { counter, chunks } = counted(await Deno.readFile(packed.archivePath), 1_000);
    const options = { minimal: packed.minimal, publicKey, chunks };
    const error = await refusal(
      read(readFileOfBeginning(options, "b\u001b.bin")),
      "FILE_NOT_IN_PACKAGE",
    );
    assert.equal(error.kind, "not-found");
    assert.ok(counter.parts < 10);
  },
);

Deno.test("other contents than the manifest's are refused", async () => {
  const tar = await makeTar([
    manifestEntry({ "a.txt": "right" }),
    { name: "a.txt", contents: "wrong", mode: 0o644 },
  ]);
  const archive = gzipSync(tar);
  const { chunks } = counted(archive, 1 << 20);
  const options = { minimal: minimalFor(archive), publicKey, chunks };
  const error = await refusal(read(readFileOfBeginning(options, "a.txt")), "HASH_MISMATCH");
  assert.equal(error.detail.step, "files");
});

Deno.test("a manifest of another package, or of another publisher, is refused", async () => {
  const archive = gzipSync(await makeTar([manifestEntry({ "a.txt": "a" }, { name: "other" })]));
  const minimal = minimalFor(archive);
  const other = readBeginning({ minimal, publicKey, chunks: counted(archive, 512).chunks });
  await refusal(other, "MANIFEST_MISMATCH");
  const stranger = readBeginning({
    minimal,
    publicKey: new Uint8Array(32),
    chunks: counted(archive, 512).chunks,
  });
  await refusal(stranger, "PUBLISHER_MISMATCH");
});

inDirectory("an archive that is cut short, or is no gzip, is refused", async (dir) => {
  const packed = await packIn(dir, { "a.txt": "a" });
  const archive = await Deno.readFile(join(packed.archivePath));
  for (const bytes of [archive.subarray(0, 60), new Uint8Array(1_000)]) {
    const options = { minimal: packed.minimal, publicKey, chunks: counted(bytes, 16).chunks };
    const error = await refusal(readBeginning(options), "ARCHIVE_DAMAGED");
    assert.equal(error.detail.step, "archive-limits");
  }
});

inDirectory("an error of the source is thrown as it is", async (dir) => {
  const packed = await packIn(dir, { "a.txt": "a" });
  const failure = new Error("no peer");
  async function* chunks() {
    yield await Promise.resolve((await Deno.readFile(packed.archivePath)).subarray(0, 40));
    throw failure;
  }
  const reading = readBeginning({ minimal: packed.minimal, publicKey, chunks: chunks() });
  await assert.rejects(reading, (error) => error === failure);
});
