import assert from "node:assert/strict";
import { join } from "node:path";
import { setImmediate } from "node:timers";
import { toHex } from "../../../../src/base/mod.ts";
import { localRequests } from "../../../../src/launcher/mod.ts";
import {
  buildTorrent,
  parseMinimal,
  SecretCheck,
  serializeFull,
  type StartThread,
  takeArchive,
  type Torrent,
  torrentFileName,
  torrentOfBytes,
  verifyArchive,
} from "../../../../src/package/mod.ts";
import {
  archiveOf,
  gzip,
  inDirectory,
  makeTar,
  manifestEntry,
  minimalFor,
  noise,
  packIn,
  refusal,
  sha256,
  signer,
  stranger,
} from "../../../support/package_archives.ts";

const MIB = 1024 * 1024;

inDirectory(
  "taking an archive gives the results of verifying and describing",
  async (dir) => {
    for (const length of [1000, 33 * MIB]) {
      const packed = await packIn(dir, { "a": noise(length), "!b": "b" });
      const { archivePath } = packed;
      const minimal = parseMinimal(await Deno.readFile(packed.minimalPath));
      for (const given of [minimal, undefined]) {
        const copyTo = join(dir, `copy-${length}-${given === undefined}`);
        const taken = await takeArchive({ archivePath, minimal: given, copyTo });
        assert.deepEqual(taken.full, packed.full);
        assert.equal("sha256:" + toHex(taken.sha256), minimal.archiveSha256);
        assert.equal(toHex(taken.infoHash), minimal.btih);
        assert.deepEqual(taken.torrent, packed.torrent);
        assert.equal(taken.lengthBytes, minimal.length);
        assert.equal(sha256(await Deno.readFile(copyTo)), minimal.archiveSha256);
      }
    }
  },
);

inDirectory(
  "an archive is taken under its usual name, and without a copy on request",
  async (dir) => {
    const packed = await packIn(dir, { a: "a" });
    const renamed = join(dir, "renamed.tgz");
    await Deno.rename(packed.archivePath, renamed);
    const taken = await takeArchive({ archivePath: renamed });
    assert.deepEqual(taken.torrent, packed.torrent);
    const names = [...Deno.readDirSync(dir)].map(({ name }) => name).sort();
    assert.deepEqual(names, ["in", "out", "renamed.tgz"]);
  },
);

inDirectory(
  "taking refuses an archive for the reasons of verifying, and leaves no copy",
  async (dir) => {
    const files = { "a.txt": "a" };
    const good = gzip(await makeTar([manifestEntry(files), { name: "a.txt", contents: "a" }]));
    const other = gzip(await makeTar([manifestEntry(files), { name: "a.txt", contents: "b" }]));
    const extra = gzip(
      await makeTar([
        manifestEntry(files),
        { name: "a.txt", contents: "a" },
        { name: "b.txt", contents: "b" },
      ]),
    );
    const cases = [
      { archive: other, minimal: minimalFor(other), code: "HASH_MISMATCH", step: "files" },
      { archive: extra, minimal: minimalFor(extra), code: "FILE_EXTRA", step: "files" },
      { archive: extra, minimal: undefined, code: "FILE_EXTRA", step: "files" },
      // If two steps would fail, the error is that of the earlier step.
      {
        archive: extra,
        minimal: minimalFor(good),
        code: "LENGTH_MISMATCH",
        step: "archive-length",
      },
      {
        archive: good.map((byte, at) => at === good.length - 30 ? byte ^ 1 : byte),
        minimal: minimalFor(good),
        code: "HASH_MISMATCH",
        step: "archive-hash",
      },
      {
        archive: good,
        minimal: { ...minimalFor(good), length: 1 },
        code: "SIGNATURE_INVALID",
        step: "minimal-signature",
      },
    ];
    for (const { archive, minimal, code, step } of cases) {
      const { archivePath } = await archiveOf(dir, archive);
      const copyTo = join(dir, "copy");
      const error = await refusal(takeArchive({ archivePath, minimal, copyTo }), code);
      assert.equal(error.detail.step, step);
      await assert.rejects(Deno.lstat(copyTo), Deno.errors.NotFound);
      const same = await refusal(verifyArchive({ archivePath, minimal }), code);
      assert.equal(same.message, error.message);
    }
  },
);

inDirectory(
  "an archive that our own key signed is taken without hashing its files",
  async (dir) => {
    const files = { "a.txt": "a" };
    const manifest = manifestEntry(files);
    const ownKey = signer.publicKey;
    const archive = gzip(await makeTar([manifest, { name: "a.txt", contents: "b" }]));
    const { archivePath, minimal } = await archiveOf(dir, archive);
    const copyTo = join(dir, "copy");
    const taken = await takeArchive({ archivePath, minimal, ownKey, copyTo });
    assert.equal(serializeFull(taken.full), manifest.contents);
    assert.equal("sha256:" + toHex(taken.sha256), minimal!.archiveSha256);
    assert.deepEqual(await Deno.readFile(copyTo), archive);
    await Deno.remove(copyTo);
    const secrets = await SecretCheck.create();
    const scanned = await takeArchive({ archivePath, minimal, ownKey, copyTo, secrets });
    assert.equal(serializeFull(scanned.full), manifest.contents);
    await Deno.remove(copyTo);
    // The files are hashed if there is no minimal manifest, or if another key signed it.
    const theirKey = stranger.publicKey;
    await refusal(takeArchive({ archivePath, ownKey, copyTo }), "HASH_MISMATCH");
    await refusal(takeArchive({ archivePath, minimal, ownKey: theirKey, copyTo }), "HASH_MISMATCH");

    const damaged = archive.map((byte, at) => at === archive.length - 30 ? byte ^ 1 : byte);
    const damagedHead = archive.map((byte, at) => at === 30 ? byte ^ 1 : byte);
    const unsigned = { ...minimalFor(archive), timestamp: 2 };
    const foreign = gzip(await makeTar([{ name: "a.txt", contents: "a" }]));
    const older = { ...minimalFor(archive, { version: "0.9.0" }) };
    const cases = [
      { bytes: damaged, minimal, code: "HASH_MISMATCH", step: "archive-hash" },
      { bytes: damagedHead, minimal, code: "HASH_MISMATCH", step: "archive-hash" },
      { bytes: archive, minimal: unsigned, code: "SIGNATURE_INVALID", step: "minimal-signature" },
      { bytes: archive, minimal: older, code: "MANIFEST_MISMATCH", step: "full-manifest" },
      {
        bytes: foreign,
        minimal: minimalFor(foreign),
        code: "MANIFEST_MISSING",
        step: "full-manifest",
      },
    ];
    for (const { bytes, minimal, code, step } of cases) {
      const { archivePath } = await archiveOf(dir, bytes);
      const error = await refusal(takeArchive({ archivePath, minimal, ownKey, copyTo }), code);
      assert.equal(error.detail.step, step);
      await assert.rejects(Deno.lstat(copyTo), Deno.errors.NotFound);
    }
  },
);

for (
  const [how, startThread] of [
    ["by this thread", undefined],
    // The torrent beside the archive has the pieces, so one thread copies and the other hashes.
    ["by a thread that copies and one that hashes", localRequests().startHelper],
  ] as const
) {
  inDirectory(
    `a long archive of our own is hashed and copied to its last byte ${how}`,
    async (dir) => {
      const packed = await packIn(dir, { "a": noise(70 * MIB + 3) });
      const minimal = parseMinimal(await Deno.readFile(packed.minimalPath));
      const { archivePath } = packed;
      const options = { archivePath, minimal, ownKey: signer.publicKey, startThread };
      const copyTo = join(dir, "copy");
      const taken = await takeArchive({ ...options, copyTo });
      assert.deepEqual(taken.torrent, packed.torrent);
      assert.equal(sha256(await Deno.readFile(copyTo)), minimal.archiveSha256);
      await Deno.remove(copyTo);
      using file = await Deno.open(packed.archivePath, { write: true });
      await file.seek(-1, Deno.SeekMode.End);
      await file.write(Uint8Array.of(255));
      await refusal(takeArchive({ ...options, copyTo }), "HASH_MISMATCH");
      await assert.rejects(Deno.lstat(copyTo), Deno.errors.NotFound);
    },
  );
}

inDirectory("the hashing thread ends if the copying one dies, and no copy is left", async (dir) => {
  if (navigator.hardwareConcurrency < 2) return;
  const { archivePath, minimal } = await packIn(dir, { "a": noise(40 * MIB) });
  const { startHelper } = localRequests();
  let started = 0;
  const startThread: StartThread = (files) => {
    const thread = startHelper(files);
    if (++started === 1 || !thread) return thread;
    // The second thread gets no order, and is said to be dead.
    const { port1, port2 } = new MessageChannel();
    const terminate = () => {
      thread.terminate();
      port1.close();
      port2.close();
    };
    return { port: port1, died: Promise.resolve("out of memory"), terminate };
  };
  const copyTo = join(dir, "copy");
  const ownKey = signer.publicKey;
  await refusal(takeArchive({ archivePath, minimal, ownKey, copyTo, startThread }), "THREAD_DIED");
  await assert.rejects(Deno.lstat(copyTo), Deno.errors.NotFound);
});

inDirectory(
  "piece hashes come from the torrent beside an archive, if our own signature names it",
  async (dir) => {
    const archive = gzip(
      await makeTar([manifestEntry({ "a.txt": "a" }), { name: "a.txt", contents: "a" }]),
    );
    const source = { name: "hello-1.0.0.tgz", lengthBytes: archive.length, pieceBytes: 262_144 };
    // Use wrong piece hashes, so that hashes taken from the torrent file can be distinguished from
    // computed ones.
    const given = buildTorrent({ ...source, pieces: noise(20, 1) });
    const other = buildTorrent({ ...source, pieces: noise(20, 2) });
    const renamed = buildTorrent({ ...source, name: "other.tgz", pieces: noise(20, 1) });
    const named = ({ infoHash }: Torrent) => minimalFor(archive, { btih: toHex(infoHash) });
    const cases = [
      { beside: given.torrent, minimal: named(given), signed: true },
      { beside: other.torrent, minimal: named(given), signed: false },
      { beside: renamed.torrent, minimal: named(renamed), signed: false },
      { beside: given.torrent.subarray(1), minimal: named(given), signed: false },
      { beside: undefined, minimal: named(given), signed: false },
      { beside: given.torrent, minimal: named(given), signed: false, ownKey: stranger.publicKey },
      { beside: given.torrent, minimal: undefined, signed: false },
    ];
    for (const { beside, minimal, signed, ownKey = signer.publicKey } of cases) {
      const { archivePath } = await archiveOf(dir, archive);
      if (beside) await Deno.writeFile(torrentFileName(archivePath), beside);
      const copyTo = join(dir, "copy");
      const { torrent } = await takeArchive({ archivePath, minimal, ownKey, copyTo });
      const hashed = torrentOfBytes(source.name, archive).torrent;
      assert.deepEqual(torrent, signed ? given.torrent : hashed);
      await Deno.remove(copyTo);
    }
  },
);

inDirectory("taking an archive that is altered meanwhile fails", async (dir) => {
  const { archivePath, minimal } = await packIn(dir, { a: noise(33 * MIB) });
  const bytes = await Deno.readFile(archivePath);
  const copyTo = join(dir, "copy");
  for (const ownKey of [signer.publicKey, undefined]) {
    for (const change of [bytes.length - 1, bytes.length + 1]) {
      for (let tries = 1;; tries++) {
        const taken = takeArchive({ archivePath, minimal, ownKey, copyTo });
        // Taking may fail while the test still changes the archive.
        const isTaken = taken.then(() => true, () => false);
        while (!await Deno.lstat(copyTo).catch(() => undefined));
        await Deno.truncate(archivePath, change);
        // On a busy machine the change may come when the copy is complete.
        const isTooLate = await isTaken && tries < 20;
        if (!isTooLate) await refusal(taken, "FILE_CHANGED");
        else await Deno.remove(copyTo);
        await assert.rejects(Deno.lstat(copyTo), Deno.errors.NotFound);
        await Deno.writeFile(archivePath, bytes);
        if (!isTooLate) break;
      }
    }
  }
});

/** Returns the length of a file in bytes; 0 if there is none. */
function sizeOf(path: string): number {
  try {
    return Deno.lstatSync(path).size;
  } catch {
    return 0;
  }
}

inDirectory("taking a long archive that is aborted in the middle leaves no copy", async (dir) => {
  const packed = await packIn(dir, { a: noise(40 * MIB) });
  const { archivePath, minimal } = packed;
  const copyTo = join(dir, "copy");
  for (const ownKey of [signer.publicKey, undefined]) {
    const controller = new AbortController();
    const { signal } = controller;
    const taken = takeArchive({ archivePath, minimal, ownKey, copyTo, signal });
    // Taking hands the event loop over after each range of the archive. Looking in the same loop, and
    // without waiting for a thread, sees the copy before it is complete, however busy the machine is.
    let isOver = false;
    const look = () => {
      if (isOver) return;
      if (sizeOf(copyTo) > 0) controller.abort(new Error("enough"));
      else setImmediate(look);
    };
    setImmediate(look);
    await assert.rejects(taken, /enough/).finally(() => isOver = true);
    await assert.rejects(Deno.lstat(copyTo), Deno.errors.NotFound);
  }
});

inDirectory("taking refuses an existing target, and leaves it untouched", async (dir) => {
  const { archivePath } = await packIn(dir, { a: "a" });
  const copyTo = join(dir, "copy");
  await Deno.writeTextFile(copyTo, "mine");
  await refusal(takeArchive({ archivePath, copyTo }), "WRITE_FAILED");
  assert.equal(await Deno.readTextFile(copyTo), "mine");
});

inDirectory("taking that is aborted leaves no copy", async (dir) => {
  const { archivePath } = await packIn(dir, { a: noise(3 * MIB) });
  const copyTo = join(dir, "copy");
  const signal = AbortSignal.abort(new Error("enough"));
  await assert.rejects(takeArchive({ archivePath, copyTo, signal }), /enough/);
  await assert.rejects(Deno.lstat(copyTo), Deno.errors.NotFound);
});
