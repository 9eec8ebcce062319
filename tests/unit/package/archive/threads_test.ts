import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { concatBytes, toHex } from "../../../../src/base/mod.ts";
import { localRequests } from "../../../../src/launcher/mod.ts";
import { describeArchive, type StartThread } from "../../../../src/package/mod.ts";
import {
  gunzip,
  inDirectory,
  noise,
  packIn,
  refusal,
  sha256,
  type Tree,
} from "../../../support/package_archives.ts";

const MIB = 1024 * 1024;

/** A tree whose tar fills more than four gzip members, some compressible and some not. */
const tree: Tree = {
  "a": noise(5 * MIB, 1),
  "b": new Uint8Array(6 * MIB).fill(65),
  "c": noise(3 * MIB + 17, 2),
  "d": concatBytes(...Array.from({ length: 10 }, (_, i) => noise(64 * 1024, i & 3))),
  "e": noise(5 * MIB, 3),
};

inDirectory("the archive is the same for any number of threads", async (dir) => {
  const all = [];
  const { startHelper } = localRequests();
  for (const threads of [0, 1, 3]) {
    let started = 0;
    const startThread: StartThread = (files) => {
      started++;
      return startHelper(files);
    };
    const packed = await packIn(dir, threads === 0 ? tree : {}, { threads, startThread });
    assert.equal(started > 0, threads > 0);
    const bytes = await Deno.readFile(packed.archivePath);
    assert.equal(sha256(bytes), packed.minimal.archiveSha256, `${threads} threads`);
    all.push({ bytes, packed });
  }
  const [first, ...rest] = all;
  for (const { bytes, packed } of rest) {
    assert.deepEqual(packed.minimal, first!.packed.minimal);
    assert.deepEqual(packed.torrent, first!.packed.torrent);
    assert.equal(sha256(bytes), sha256(first!.bytes));
  }
  const tar = gunzip(first!.bytes);
  for (const contents of Object.values(tree)) {
    assert.ok(indexOf(tar, contents as Uint8Array) >= 0, "the files are in it whole");
  }
});

inDirectory(
  "an archive long enough for threads gets the right hashes",
  async (dir) => {
    const path = join(dir, "long.tgz");
    const piece = 256 * 1024;
    for (const length of [32 * MIB, 35 * MIB + 3]) {
      const bytes = noise(length, length);
      await Deno.writeFile(path, bytes);
      const described = await describeArchive(path, { startThread: localRequests().startHelper });
      assert.equal("sha256:" + toHex(described.sha256), sha256(bytes));
      const pieces: Uint8Array[] = [];
      for (let at = 0; at < length; at += piece) {
        pieces.push(createHash("sha1").update(bytes.subarray(at, at + piece)).digest());
      }
      assert.ok(indexOf(described.torrent, concatBytes(...pieces)) >= 0);
    }
  },
);

inDirectory(
  "a pack that may start no thread, or one for its two parts, makes the same archive",
  async (dir) => {
    const { startHelper } = localRequests();
    const hashes = [];
    for (const allowed of [0, 1, 2]) {
      let running = 0;
      const startThread: StartThread = (files) => {
        if (running >= allowed) return undefined;
        running++;
        const started = startHelper(files)!;
        const terminate = () => {
          running--;
          started.terminate();
        };
        return { ...started, terminate };
      };
      const packed = await packIn(dir, allowed === 0 ? tree : {}, { threads: 2, startThread });
      assert.equal(running, 0, "all threads are ended");
      hashes.push(packed.minimal.archiveSha256);
    }
    assert.equal(new Set(hashes).size, 1);
  },
);

inDirectory("packing that is aborted while threads compress leaves nothing", async (dir) => {
  await packIn(dir, tree);
  await Deno.remove(join(dir, "out"), { recursive: true });
  const controller = new AbortController();
  const aborted = packIn(dir, {}, {
    threads: 2,
    signal: controller.signal,
    onProgress({ doneBytes }) {
      if (doneBytes > 9 * MIB) controller.abort(new Error("enough"));
    },
  });
  await assert.rejects(aborted, /enough/);
  assert.deepEqual([...Deno.readDirSync(join(dir, "out"))], []);
});

inDirectory("packing ends at the limit while threads compress", async (dir) => {
  const limits = {
    maxArchiveBytes: 9 * MIB,
    maxUnpackedBytes: 1024 * MIB,
    maxFiles: 100,
    maxRatio: 200,
    minBytesPerFile: 1,
    maxDirectories: 100,
    maxDepth: 64,
    maxPathBytes: 1024,
    maxPathsBytes: 100_000,
    maxManifestBytes: MIB,
  };
  await refusal(packIn(dir, tree, { threads: 2, limits }), "ARCHIVE_TOO_LARGE");
  assert.deepEqual([...Deno.readDirSync(join(dir, "out"))], []);
});

inDirectory(
  "incompressible bytes are stored, and slightly compressible bytes are compressed",
  async (dir) => {
    const half = noise(5 * MIB, 9);
    // Replace an eighth of the random bytes by compressible text.
    for (let at = 0; at < half.length; at += 8192) half.fill(65, at, at + 1024);
    const stored = await packIn(dir, { "a": noise(5 * MIB, 8) }, { out: join(dir, "stored.tgz") });
    const { size } = await Deno.stat(stored.archivePath);
    assert.ok(size >= 5 * MIB && size < 5 * MIB + 4096, `${size} bytes`);
    const mixed = await packIn(dir, { "a": half }, { out: join(dir, "mixed.tgz") });
    const ratio = (await Deno.stat(mixed.archivePath)).size / half.length;
    assert.ok(ratio < 0.9, `shrunk to ${ratio} only`);
  },
);

inDirectory("packing holds a few members in memory, not all of them", async (dir) => {
  if (Deno.build.os !== "linux") return;
  await Deno.mkdir(join(dir, "out"));
  const peak = async (name: string, mebibytes: number) => {
    await Deno.mkdir(join(dir, name));
    using file = await Deno.open(join(dir, name, "noise"), { write: true, createNew: true });
    const block = noise(MIB, 1);
    for (let i = 0; i < mebibytes; i++) await file.write(block);
    return await packingMemory(join(dir, name), join(dir, "out"), 2);
  };
  const little = await peak("little", 1);
  const large = await peak("large", 128);
  // Without reusing buffers, or with small output buffers, packing would hold 200 MiB of garbage.
  assert.ok(large - little < 120 * MIB, `${little} bytes, and ${large} for 128 MiB`);
});

/** Returns the peak memory in bytes of a process that packs a directory. */
async function packingMemory(dir: string, outDir: string, threads: number): Promise<number> {
  const script = fileURLToPath(new URL("../../../support/packing_memory.ts", import.meta.url));
  const config = fileURLToPath(new URL("../../../../deno.json", import.meta.url));
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      ...["--quiet", "--no-check", `--config=${config}`, "-A"],
      ...[script, dir, outDir, `${threads}`],
    ],
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return Number(new TextDecoder().decode(stdout));
}

/** Returns the index of `part` in `whole`; -1 if it is missing. */
function indexOf(whole: Uint8Array, part: Uint8Array): number {
  return Buffer.from(whole.buffer, whole.byteOffset, whole.length).indexOf(part);
}
