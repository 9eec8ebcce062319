import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { concatBytes, toHex, utf8 } from "../../../../src/base/mod.ts";
import { buildTorrent, describeArchive, pieceLengthFor } from "../../../../src/package/mod.ts";
import {
  inDirectory,
  noise,
  packIn,
  refusal,
  run,
  sha256,
} from "../../../support/package_archives.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

Deno.test("the pieces of an archive with a list of members have 16 KiB to 16 MiB, for at most 4,096 if possible", () => {
  const cases: [number, number][] = [
    [1, 16 * KIB],
    [64 * MIB, 16 * KIB],
    [64 * MIB + 1, 32 * KIB],
    [4096 * MIB, MIB],
    [4096 * MIB + 1, 2 * MIB],
    [4096 * 16 * MIB, 16 * MIB],
    [Number.MAX_SAFE_INTEGER, 16 * MIB],
  ];
  for (const [length, piece] of cases) {
    assert.equal(pieceLengthFor(length, { hasMemberList: true }), piece, `${length}`);
  }
});

Deno.test("the pieces of other files have 256 KiB to 16 MiB, for at most 2,000 if possible", () => {
  const cases: [number, number][] = [
    [1, 256 * KIB],
    [2000 * 256 * KIB, 256 * KIB],
    [2000 * 256 * KIB + 1, 512 * KIB],
    [2000 * MIB, MIB],
    [2000 * MIB + 1, 2 * MIB],
    [2000 * 16 * MIB, 16 * MIB],
    [2000 * 16 * MIB + 1, 16 * MIB],
    [Number.MAX_SAFE_INTEGER, 16 * MIB],
  ];
  const hasMemberList = false;
  for (const [length, piece] of cases) {
    assert.equal(pieceLengthFor(length, { hasMemberList }), piece, `${length}`);
  }
  // Only the index of a catalog has shorter pieces, however long it is.
  const index = `index-${"0a".repeat(8)}.bin`;
  for (const [length] of cases) {
    assert.equal(pieceLengthFor(length, { name: index, hasMemberList }), 16_384);
  }
  for (const name of [`good-${"0a".repeat(8)}.bin`, "index-1.0.0.tgz", `x${index}`]) {
    assert.equal(pieceLengthFor(1, { name, hasMemberList }), 262_144, name);
  }
});

Deno.test("the info dictionary of a torrent has only the fields of the archive", () => {
  const pieces = noise(20);
  const { torrent, infoHash } = buildTorrent({
    name: "é-1.0.0.tgz",
    lengthBytes: 5,
    pieceBytes: 262_144,
    pieces,
  });
  const info = concatBytes(
    utf8("d6:lengthi5e4:name12:é-1.0.0.tgz12:piece lengthi262144e6:pieces20:"),
    pieces,
    utf8("e"),
  );
  const whole = concatBytes(utf8("d10:created by9:libreseed4:info"), info, utf8("e"));
  assert.equal(toHex(torrent), toHex(whole));
  assert.equal(toHex(infoHash), createHash("sha1").update(info).digest("hex"));
});

inDirectory("describing an archive gives the values of packing it", async (dir) => {
  const packed = await packIn(dir, { a: noise(1_000_000) });
  const described = await describeArchive(packed.archivePath);
  assert.equal(described.lengthBytes, packed.minimal.length);
  assert.equal("sha256:" + toHex(described.sha256), packed.minimal.archiveSha256);
  assert.equal(toHex(described.infoHash), packed.minimal.btih);
  assert.deepEqual(described.torrent, packed.torrent);
});

inDirectory("describeArchive takes any file, under its own name or another", async (dir) => {
  const path = join(dir, "x.tgz");
  for (const length of [1, 262143, 262144, 262145, 3 * 262144, 1_000_003]) {
    const bytes = noise(length, length);
    await Deno.writeFile(path, bytes);
    const described = await describeArchive(path);
    assert.equal("sha256:" + toHex(described.sha256), sha256(bytes));
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < length; at += 262144) {
      pieces.push(createHash("sha1").update(bytes.subarray(at, at + 262144)).digest());
    }
    const source = {
      lengthBytes: length,
      pieceBytes: 262_144,
      pieces: concatBytes(...pieces),
    };
    assert.deepEqual(described.torrent, buildTorrent({ name: "x.tgz", ...source }).torrent);
    const other = await describeArchive(path, { name: "y.tgz" });
    assert.deepEqual(other.infoHash, buildTorrent({ name: "y.tgz", ...source }).infoHash);
    assert.notDeepEqual(other.infoHash, described.infoHash);
  }
});

inDirectory("a missing file and a FIFO are refused without blocking", async (dir) => {
  const missing = await refusal(describeArchive(join(dir, "no.tgz")), "ARCHIVE_NOT_FOUND");
  assert.equal(missing.kind, "not-found");
  await refusal(describeArchive(dir), "ARCHIVE_UNREADABLE");
  await run("mkfifo", join(dir, "fifo.tgz"));
  await refusal(describeArchive(join(dir, "fifo.tgz")), "ARCHIVE_UNREADABLE");
});

inDirectory("describing ends when it is aborted", async (dir) => {
  await Deno.writeFile(join(dir, "x.tgz"), noise(1000));
  const reason = new Error("enough");
  const signal = AbortSignal.abort(reason);
  await assert.rejects(describeArchive(join(dir, "x.tgz"), { signal }), (e) => e === reason);
});
