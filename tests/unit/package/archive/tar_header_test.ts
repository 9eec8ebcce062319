import assert from "node:assert/strict";
import { concatBytes, fromHex, toHex } from "../../../../src/base/mod.ts";
import { readTar } from "../../../../src/package/archive/tar_reader.ts";
import { type TarFile, tarOf } from "../../../../src/package/archive/tar_writer.ts";
import { defaultArchiveLimits, PackageError, verifyArchive } from "../../../../src/package/mod.ts";
import vectors from "../../../vectors/tar_headers.json" with { type: "json" };
import {
  archiveOf,
  gzip,
  inDirectory,
  makeTar,
  manifestEntry,
  unverified,
} from "../../../support/package_archives.ts";

/** Reads the first entry of a tar, without its contents. */
async function firstEntry(tar: Uint8Array, expected?: string) {
  const archive = gzip(tar);
  const chunks = async function* () {
    yield await Promise.resolve(archive);
  };
  const limits = { ...defaultArchiveLimits, maxUnpackedBytes: Number.MAX_SAFE_INTEGER };
  const nextPath = expected === undefined ? undefined : () => expected;
  const entries = readTar({ chunks: chunks(), lengthBytes: archive.length, limits, nextPath });
  try {
    const { done, value } = await entries.next();
    assert.ok(!done);
    return value;
  } finally {
    await entries.return(0);
  }
}

/** Makes a tar of one file, and returns its first `bytes` bytes, which end before the contents. */
async function writtenHeader(file: Omit<TarFile, "contents">, bytes: number) {
  const never = Promise.withResolvers<void>();
  const contents = async function* () {
    await never.promise;
    yield new Uint8Array();
  };
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of tarOf([{ ...file, contents }])) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= bytes) {
      never.reject(new Error("enough"));
      break;
    }
  }
  return concatBytes(...chunks);
}

for (const { why, path, size, executable, headerHex } of vectors.good) {
  Deno.test(`vector: the header of ${why} is written and read`, async () => {
    const header = fromHex(headerHex)!;
    const file = { path, sizeBytes: size, executable };
    assert.equal(toHex(await writtenHeader(file, header.length)), headerHex);
    const entry = await firstEntry(concatBytes(header, new Uint8Array(1024)));
    const { sizeBytes } = entry;
    assert.deepEqual({ path: entry.path, sizeBytes, executable: entry.executable }, file);
  });

  Deno.test(`the header of ${why} is read alike for any expected path`, async () => {
    const tar = concatBytes(fromHex(headerHex)!, new Uint8Array(1024));
    const altered = [`${path}x`, path.slice(0, -1), path.slice(1), `/${path}`, `${path}\0`];
    const others = [...altered, `\u00e9${path.slice(1)}`, path.replace("/", "-"), "", "PaxHeader"];
    for (const expected of [path, ...others]) {
      const entry = await firstEntry(tar, expected);
      assert.equal(entry.path, path, `expected ${expected}`);
      assert.equal(entry.sizeBytes, size);
    }
  });
}

Deno.test("the checksum is right for the largest sum of a header's bytes", async () => {
  const header = new Uint8Array(512).fill(0xff);
  const sum = 504 * 0xff + 8 * 0x20;
  header.set(new TextEncoder().encode(`${sum.toString(8)}\0 `), 148);
  const read = firstEntry(concatBytes(header, new Uint8Array(1024)));
  await assert.rejects(read, { code: "FILE_TYPE_REFUSED" });
  header[511] = 0xfe;
  const other = firstEntry(concatBytes(header, new Uint8Array(1024)));
  await assert.rejects(other, { code: "ARCHIVE_DAMAGED" });
});

Deno.test("a path with bytes beyond ASCII does not match the expected path of equal code units", async () => {
  const { headerHex } = vectors.good.find(({ path }) => /^[!-~]{1,99}$/.test(path))!;
  const header = fromHex(headerHex)!;
  header[0] = 0xe9;
  header.fill(0x20, 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.set(new TextEncoder().encode(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
  const tar = concatBytes(header, new Uint8Array(1024));
  const path = String.fromCharCode(...header.subarray(0, header.indexOf(0)));
  for (const expected of [undefined, path]) {
    await assert.rejects(firstEntry(tar, expected), { code: "HEADER_REFUSED" });
  }
});

for (const { why, headerHex } of vectors.bad) {
  inDirectory(`vector: a tar with ${why} is refused`, async (dir) => {
    const header = fromHex(headerHex)!;
    const bad = concatBytes(header, new Uint8Array(2048));
    await assert.rejects(firstEntry(bad), (error) => {
      assert.ok(error instanceof PackageError, String(error));
      assert.equal(error.kind, "verification");
      assert.ok(!/\p{Cc}/u.test(error.message), "a terminal would obey the message");
      return ["HEADER_REFUSED", "FILE_TYPE_REFUSED", "ARCHIVE_DAMAGED", "PATH_REFUSED"]
        .includes(error.code);
    });
    // A header that is refused as the first of a tar is also refused after valid files.
    const good = await makeTar([manifestEntry({ a: "a" }), { name: "a", contents: "a" }]);
    const tar = concatBytes(good.subarray(0, -1024), header, new Uint8Array(2048));
    const { archivePath } = await archiveOf(dir, gzip(tar));
    await assert.rejects(verifyArchive({ archivePath }), { kind: "verification" });
  });
}

inDirectory("headers that differ only in the ends of their numbers are accepted", async (dir) => {
  const files = { a: "a" };
  const tar = await makeTar([manifestEntry(files), { name: "a", contents: "a" }]);
  const header = tar.subarray(-1024 - 1024, -1024 - 512);
  // GNU tar and Python write number fields as seven digits and NUL, and leave the device numbers
  // empty.
  header.set(new TextEncoder().encode("0000644\u00000000000\u00000000000\u000000000000001\0"), 100);
  header.fill(0, 329, 345);
  header.fill(0x20, 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.set(new TextEncoder().encode(sum.toString(8).padStart(6, "0") + "\0 "), 148);
  await verifyArchive(await archiveOf(dir, gzip(tar)));
  header[108] = 0x31;
  await unverified(await archiveOf(dir, gzip(tar)), "archive-limits", "ARCHIVE_DAMAGED");
});
