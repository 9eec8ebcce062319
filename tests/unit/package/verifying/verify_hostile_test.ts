import assert from "node:assert/strict";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { concatBytes, utf8 } from "../../../../src/base/mod.ts";
import { defaultArchiveLimits, verifyArchive } from "../../../../src/package/mod.ts";
import {
  archiveOf,
  type Entry,
  gzip,
  inDirectory,
  listTree,
  makeTar,
  manifestEntry,
  noise,
  patchHeader,
  unverified,
} from "../../../support/package_archives.ts";

const MIB = 1024 * 1024;

/** Makes a tar of a valid package of one file, followed by hostile entries. */
async function withEntries(entries: Entry[]): Promise<Uint8Array> {
  return await makeTar([manifestEntry({ a: "a" }), { name: "a", contents: "a" }, ...entries]);
}

/** Returns the length of a tar without the zeros at its end. */
const bodyOf = (tar: Uint8Array) => tar.subarray(0, -1024);

const types: [string, Partial<Entry>][] = [
  ["a directory", { type: "directory" }],
  ["a symbolic link", { type: "symlink", linkname: "/etc/passwd" }],
  ["a hard link", { type: "link", linkname: "a" }],
  ["a character device", { type: "character-device", devmajor: 1, devminor: 3 }],
  ["a block device", { type: "block-device" }],
  ["a FIFO", { type: "fifo" }],
  ["a contiguous file", { type: "contiguous-file" }],
];
for (const [what, entry] of types) {
  inDirectory(`${what} in an archive is refused`, async (dir) => {
    const tar = await withEntries([{ name: "evil", ...entry }]);
    const options = await archiveOf(dir, gzip(tar));
    await unverified(options, "archive-limits", "FILE_TYPE_REFUSED");
  });
}

inDirectory(
  "entries of unknown types are refused, also a file that is a directory",
  async (dir) => {
    // Types of GNU sparse files, multi-volume archives, volume labels, Solaris ACLs and dumps.
    for (const type of ["S", "M", "V", "A", "D", "8", "z"]) {
      const tar = await withEntries([{ name: "evil", contents: "evil" }]);
      patchHeader(tar, bodyOf(tar).length - 1024, (header) => header[156] = type.charCodeAt(0));
      const options = await archiveOf(dir, gzip(tar));
      await unverified(options, "archive-limits", "FILE_TYPE_REFUSED");
    }
    const tar = await withEntries([{ name: "evil" }]);
    patchHeader(tar, bodyOf(tar).length - 512, (header) => header.set(utf8("evil/")));
    await unverified(await archiveOf(dir, gzip(tar)), "archive-limits", "PATH_REFUSED");
  },
);

inDirectory(
  "a link in place of a listed file is refused before it is followed",
  async (dir) => {
    await Deno.writeTextFile(join(dir, "outside"), "untouched");
    const tar = await makeTar([
      manifestEntry({ a: "a" }),
      { name: "a", type: "symlink", linkname: join(dir, "outside") },
      { name: "a", contents: "a" },
    ]);
    await unverified(await archiveOf(dir, gzip(tar)), "archive-limits", "FILE_TYPE_REFUSED");
    assert.equal(await Deno.readTextFile(join(dir, "outside")), "untouched");
  },
);

const paths: [string, string, string][] = [
  ["absolute", "/etc/evil", "PATH_REFUSED"],
  ["of two dots", "..", "PATH_REFUSED"],
  ["up and out", "../evil", "PATH_REFUSED"],
  ["up in the middle", "b/../../evil", "PATH_REFUSED"],
  ["up at the end", "b/..", "PATH_REFUSED"],
  ["of one dot", "./b", "PATH_REFUSED"],
  ["with an empty component", "b//c", "PATH_REFUSED"],
  ["with a backslash", "..\\evil", "PATH_REFUSED"],
  ["with a control character", "b\u001b[2J", "PATH_REFUSED"],
  ["with a line feed", "b\nc", "PATH_REFUSED"],
  ["that ends with a replacement character", "b\ufffd", "PATH_REFUSED"],
  ["that is another's in capitals", "A", "PATH_COLLISION"],
  ["that makes a file a directory", "a/b", "PATH_COLLISION"],
  ["of a second manifest", "manifest.json", "PATH_COLLISION"],
  ["of a second manifest in capitals", "MANIFEST.JSON", "PATH_COLLISION"],
  ["beyond the limit", "long/".repeat(250), "PATH_TOO_LONG"],
  ["with a component beyond what file systems hold", "b".repeat(256), "PATH_TOO_LONG"],
];
for (const [what, path, code] of paths) {
  inDirectory(`a path ${what} in an archive is refused`, async (dir) => {
    const before = await listTree(dir);
    const tar = await withEntries([{ name: path, contents: "evil" }]);
    const options = await archiveOf(dir, gzip(tar));
    const error = await unverified(options, "archive-limits", code);
    if (what === "absolute") assert.match(error.message, /"\/etc\/evil" is absolute/);
    await Deno.remove(join(options.archivePath, ".."), { recursive: true });
    assert.deepEqual(await listTree(dir), before, "something was written outside");
  });
}

inDirectory("a path of bytes that are not UTF-8 is refused", async (dir) => {
  const tar = await withEntries([{ name: "bad", contents: "evil" }]);
  patchHeader(tar, bodyOf(tar).length - 1024, (header) => header.set([0x62, 0xff, 0xfe]));
  await unverified(await archiveOf(dir, gzip(tar)), "archive-limits", "HEADER_REFUSED");
  const pax = await withEntries([{ name: "bäd", contents: "evil" }]);
  pax.set([0xff, 0xfe], pax.lastIndexOf(0xc3));
  await unverified(await archiveOf(dir, gzip(pax)), "archive-limits", "PATH_REFUSED");
});

inDirectory("a forbidden path in a pax header is refused", async (dir) => {
  for (const path of ["../évil", "/évil", "b\\ç", "é/../../b"]) {
    const tar = await withEntries([{ name: path, contents: "evil" }]);
    await unverified(await archiveOf(dir, gzip(tar)), "archive-limits", "PATH_REFUSED");
  }
});

inDirectory(
  "any end of a tar except two blocks of zeros is refused",
  async (dir) => {
    const body = bodyOf(await withEntries([]));
    const good = new Uint8Array(1024);
    await verifyArchive(await archiveOf(dir, gzip(concatBytes(body, good))));
    const text = new Uint8Array(512);
    text.set(utf8("hidden"));
    const ends = [
      new Uint8Array(0),
      new Uint8Array(512),
      new Uint8Array(1536),
      new Uint8Array(10_240),
      new Uint8Array(3 * MIB),
      concatBytes(new Uint8Array(512), text),
      concatBytes(good, text),
      concatBytes(new Uint8Array(512), bodyOf(await makeTar([{ name: "b", contents: "b" }])), good),
      concatBytes(good, await makeTar([{ name: "b", contents: "b" }])),
    ];
    for (const end of ends) {
      const options = await archiveOf(dir, gzip(concatBytes(body, end)));
      await unverified(options, "archive-limits", "ARCHIVE_DAMAGED");
    }
  },
);

inDirectory("padding with bytes other than zero is refused", async (dir) => {
  const tar = await withEntries([]);
  tar[tar.length - 1025] = 1;
  await unverified(await archiveOf(dir, gzip(tar)), "archive-limits", "ARCHIVE_DAMAGED");
});

inDirectory("pax headers that are too long are refused before they are buffered", async (dir) => {
  const long = `100000 comment=${"x".repeat(99_984)}\n`;
  const kinds: [string, string, string][] = [
    ["x", long, "PATH_TOO_LONG"],
    ["x", "-9999999 a=b\n".repeat(20_000), "PATH_TOO_LONG"],
    ["g", long, "FILE_TYPE_REFUSED"],
    ["L", "a".repeat(100_000), "FILE_TYPE_REFUSED"],
    ["K", "a".repeat(100_000), "FILE_TYPE_REFUSED"],
  ];
  for (const [type, contents, code] of kinds) {
    const header = await makeTar([{ name: "PaxHeader", contents }]);
    patchHeader(header, 0, (header) => header[156] = type.charCodeAt(0));
    const good = await withEntries([]);
    const first = concatBytes(bodyOf(header), good);
    const last = concatBytes(bodyOf(good), header);
    for (const tar of [first, last]) {
      await unverified(await archiveOf(dir, gzip(tar)), "archive-limits", code);
    }
  }
});

inDirectory("the second of many pax headers without an entry is refused", async (dir) => {
  const one = await makeTar([{ name: "PaxHeader", contents: utf8("11 path=é\n") }]);
  patchHeader(one, 0, (header) => header[156] = "x".charCodeAt(0));
  const tar = concatBytes(...Array<Uint8Array>(50_000).fill(bodyOf(one)), await withEntries([]));
  await unverified(await archiveOf(dir, gzip(tar)), "archive-limits", "HEADER_REFUSED");
});

inDirectory("headers with impossible sizes are refused", async (dir) => {
  const sizes: [string, (header: Uint8Array) => void][] = [
    ["no number", (header) => header.set(utf8("99999999999\0"), 124)],
    ["text", (header) => header.set(utf8("zzzzzzzzzzz\0"), 124)],
    [
      "a negative number",
      (header) => header.set([0xff, ...new Uint8Array(10).fill(0xff), 0xff], 124),
    ],
    ["2^88 - 1", (header) => header.set([0x80, ...new Uint8Array(11).fill(0xff)], 124)],
    ["more than there is", (header) => header.set(utf8("00077777777\0"), 124)],
    ["less than there is", (header) => header.set(utf8("00000000001\0"), 124)],
  ];
  for (const type of ["0", "x", "g", "L"]) {
    for (const [, change] of sizes) {
      const tar = await makeTar([
        manifestEntry({ a: "a" }),
        { name: "a", contents: noise(2000) },
      ]);
      const at = tar.length - 1024 - 2048 - 512;
      patchHeader(tar, at, (header) => {
        header[156] = type.charCodeAt(0);
        change(header);
      });
      const options = await archiveOf(dir, gzip(tar));
      try {
        await verifyArchive(options);
        assert.fail("was accepted");
      } catch (error) {
        assert.equal((error as { kind?: string }).kind, "verification", String(error));
      }
    }
  }
});

inDirectory("a file that is not gzip and gzip without a tar are refused", async (dir) => {
  const cases = [
    new Uint8Array(1),
    new Uint8Array(100_000),
    noise(100_000),
    utf8("<html>not found</html>"),
    await withEntries([]),
    gzip(utf8("plain text, and not a block of it")),
    gzip(noise(100_000)),
    gzip(gzip(await withEntries([]))),
    utf8("PK\x03\x04"),
  ];
  for (const bytes of cases) {
    await unverified(await archiveOf(dir, bytes), "archive-limits", "ARCHIVE_DAMAGED");
  }
  const options = await archiveOf(dir, gzip(new Uint8Array(0)));
  await unverified(options, "archive-limits", "ARCHIVE_DAMAGED");
  const empty = await archiveOf(dir, gzip(new Uint8Array(1024)));
  await unverified(empty, "full-manifest", "MANIFEST_MISSING");
});

inDirectory(
  "an archive beyond the ratio is refused early",
  async (dir) => {
    const zeros = new Uint8Array(50 * MIB);
    const tar = await makeTar([manifestEntry({ zeros }), { name: "zeros", contents: zeros }]);
    const options = await archiveOf(dir, gzip(tar));
    await unverified(options, "archive-limits", "RATIO_TOO_HIGH");
    const limits = { ...defaultArchiveLimits, maxRatio: 1100 };
    await verifyArchive({ ...options, limits });
  },
);

inDirectory("the ratio does not apply to a small tar", async (dir) => {
  const zeros = new Uint8Array(9 * MIB);
  const tar = await makeTar([manifestEntry({ zeros }), { name: "zeros", contents: zeros }]);
  await verifyArchive(await archiveOf(dir, gzip(tar)));
});

inDirectory("every limit applies to verifying", async (dir) => {
  const files = { a: "a", "b/c": noise(5000) };
  const entries = Object.entries(files).map(([name, contents]) => ({ name, contents }));
  const tar = await makeTar([manifestEntry(files), ...entries]);
  const options = await archiveOf(dir, gzip(tar));
  const cases: [Partial<typeof defaultArchiveLimits>, string, string][] = [
    [{ maxArchiveBytes: options.minimal!.length - 1 }, "archive-limits", "ARCHIVE_TOO_LARGE"],
    [{ maxUnpackedBytes: tar.length - 1 }, "archive-limits", "UNPACKED_TOO_LARGE"],
    [{ maxFiles: 1 }, "full-manifest", "MANIFEST_INVALID"],
    [{ maxPathBytes: 2 }, "full-manifest", "MANIFEST_INVALID"],
    [{ maxManifestBytes: 100 }, "full-manifest", "MANIFEST_TOO_LARGE"],
  ];
  for (const [change, step, code] of cases) {
    const limits = { ...defaultArchiveLimits, ...change };
    await unverified({ ...options, limits }, step, code);
  }
  await verifyArchive({
    ...options,
    limits: {
      maxArchiveBytes: options.minimal!.length,
      maxUnpackedBytes: tar.length,
      maxFiles: 2,
      minBytesPerFile: 1,
      maxDirectories: 100,
      maxDepth: 64,
      maxPathBytes: 3,
      maxPathsBytes: 100_000,
      maxRatio: 1,
      maxManifestBytes: 5000,
    },
  });
});

inDirectory("a file beyond the limit is not written to its end", async (dir) => {
  const large = noise(5 * MIB);
  const tar = await makeTar([manifestEntry({ large }), { name: "large", contents: large }]);
  const options = await archiveOf(dir, gzip(tar));
  const limits = { ...defaultArchiveLimits, maxUnpackedBytes: 2 * MIB };
  await unverified({ ...options, limits }, "archive-limits", "UNPACKED_TOO_LARGE");
});

inDirectory(
  "gzip with a name, a comment and extra fields in its header is accepted",
  async (dir) => {
    const plain = gzipSync(await withEntries([]));
    const flags = 0x04 | 0x08 | 0x10;
    const header = [0x1f, 0x8b, 8, flags, 1, 2, 3, 4, 0, 3, 2, 0, 0x41, 0x42];
    const named = concatBytes(new Uint8Array(header), utf8("name\0comment\0"), plain.subarray(10));
    await verifyArchive(await archiveOf(dir, named));
  },
);

inDirectory("an archive with 20,000 empty gzip members is read to its end", async (dir) => {
  const empty = gzip(new Uint8Array(0));
  const members = concatBytes(...Array<Uint8Array>(20_000).fill(empty));
  const good = gzip(await withEntries([]));
  await verifyArchive(await archiveOf(dir, concatBytes(members, good, members)));
  await unverified(await archiveOf(dir, members), "archive-limits", "ARCHIVE_DAMAGED");
});

inDirectory(
  "randomly altered bytes give a verification error, never a hang or a crash",
  async (dir) => {
    const tar = await withEntries([{ name: "b", contents: noise(3000) }]);
    const random = noise(40_000, 42);
    let accepted = 0;
    for (let round = 0; round < 300; round++) {
      const altered = tar.slice();
      for (let i = 0; i < 1 + round % 8; i++) {
        const at = round * 32 + i * 4;
        const where = (random[at]! | random[at + 1]! << 8 | random[at + 2]! << 16) % altered.length;
        altered[where] = random[at + 3]!;
      }
      try {
        await verifyArchive(await archiveOf(dir, gzip(altered)));
        accepted++;
      } catch (error) {
        assert.equal((error as { kind?: string }).kind, "verification", String(error));
      }
    }
    assert.equal(accepted, 0, "the tar holds a file that is not in the manifest");
  },
);
