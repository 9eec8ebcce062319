import assert from "node:assert/strict";
import { join } from "node:path";
import { concatBytes } from "../../../../src/base/mod.ts";
import {
  defaultArchiveLimits,
  verifyArchive,
  verifyArriving,
  verifyDownloaded,
} from "../../../../src/package/mod.ts";
import {
  archiveOf,
  type Entry,
  gzip,
  inDirectory,
  makeTar,
  manifestEntry,
  minimalFor,
  noise,
  packIn,
  sha256,
  signer,
  stranger,
  unverified,
} from "../../../support/package_archives.ts";

const files = { a: "a", "b/c": noise(3_000_000), d: noise(10) };

/** Simulates a download: writes the next part of a file whenever more of it is requested. */
function arriving(path: string, content: Uint8Array, stepBytes: number) {
  let there = 0;
  return async (bytes: number) => {
    assert.ok(bytes < content.length, "nobody waits for more than there will be");
    while (there <= bytes) {
      const next = Math.min(there + stepBytes, content.length);
      await Deno.writeFile(path, content.subarray(there, next), { append: true });
      there = next;
    }
    return there;
  };
}

for (const stepBytes of [1_000_003, 4_096, 100_000_000]) {
  inDirectory(
    `an archive that arrives in parts of ${stepBytes} bytes is verified on its way`,
    async (dir) => {
      const { archivePath, minimal } = await packIn(dir, files);
      const content = await Deno.readFile(archivePath);
      const path = join(dir, "arriving");
      const steps: string[] = [];
      const verified = await verifyArriving({
        archivePath: path,
        minimal,
        publicKey: signer.publicKey,
        arrived: arriving(path, content, stepBytes),
        onStep: (step) => steps.push(step),
      });
      assert.equal(steps.at(-1), "archive-hash");
      assert.equal(steps.length, 7);
      const whole = await verifyArchive({ archivePath, minimal });
      const { full, lengthBytes } = whole;
      const same = { full, lengthBytes, sha256: whole.sha256 };
      assert.deepEqual(verified, { ...same, archivePath: path });
      const later = await verifyDownloaded({ archivePath, minimal, publicKey: signer.publicKey });
      assert.deepEqual(later, { ...same, archivePath });
    },
  );
}

inDirectory(
  "an arriving archive with any wrong byte fails",
  async (dir) => {
    const { archivePath, minimal } = await packIn(dir, files);
    const content = await Deno.readFile(archivePath);
    for (const at of [0, 4, 11, 600, content.length >> 1, content.length - 1]) {
      const spoilt = content.slice();
      spoilt[at]! ^= 1;
      const path = join(dir, `spoilt-${at}`);
      await assert.rejects(
        verifyArriving({ archivePath: path, minimal, arrived: arriving(path, spoilt, 500_000) }),
        { kind: "verification" },
        `byte ${at}`,
      );
    }
  },
);

inDirectory(
  "an arriving archive of another publisher is refused before its first byte",
  async (dir) => {
    const { archivePath, minimal } = await packIn(dir, files);
    const arrived = () => assert.fail("nothing has to come");
    const theirs = { archivePath, minimal, publicKey: stranger.publicKey, arrived };
    await assert.rejects(verifyArriving(theirs), { code: "PUBLISHER_MISMATCH" });
    const signature = `ed25519:${"A".repeat(86)}==`;
    const forged = { archivePath, minimal: { ...minimal, signature }, arrived };
    await assert.rejects(verifyArriving(forged), { kind: "verification" });
  },
);

inDirectory(
  "an archive that stops arriving fails with the error of the wait",
  async (dir) => {
    const { archivePath, minimal } = await packIn(dir, files);
    const content = await Deno.readFile(archivePath);
    const path = join(dir, "arriving");
    const arrived = arriving(path, content, 500_000);
    const gone = new Error("no more will come");
    await assert.rejects(
      verifyArriving({
        archivePath: path,
        minimal,
        arrived: (bytes) => bytes > 1_000_000 ? Promise.reject(gone) : arrived(bytes),
      }),
      (error: Error) => error === gone || error.cause === gone,
    );
  },
);

inDirectory(
  "an arriving archive that is replaced by another file fails",
  async (dir) => {
    const { archivePath, minimal } = await packIn(dir, files);
    const content = await Deno.readFile(archivePath);
    const path = join(dir, "arriving");
    const arrived = arriving(path, content, 1_000_000);
    await assert.rejects(
      verifyArriving({
        archivePath: path,
        minimal,
        arrived: async (bytes) => {
          const there = await arrived(bytes);
          if (there === content.length) {
            await Deno.writeFile(join(dir, "other"), content);
            await Deno.rename(join(dir, "other"), path);
          }
          return there;
        },
      }),
      { code: "FILE_CHANGED" },
    );
  },
);

/** Verifies a signed archive during its download and afterwards. */
async function bothWays(dir: string, archive: Uint8Array, limits = defaultArchiveLimits) {
  const { archivePath } = await archiveOf(dir, archive);
  const given = { archivePath, minimal: minimalFor(archive), limits };
  const arrived = () => Promise.resolve(archive.length);
  return await Promise.allSettled([verifyArriving({ ...given, arrived }), verifyDownloaded(given)]);
}

const listed = { a: "a", b: noise(100_000) };
const manifest = manifestEntry(listed);
const entries: Entry[] = Object.entries(listed).map(([name, contents]) => ({ name, contents }));

/** Archives that are refused where files are made, at a step that a download does not take. */
const refusedLater: Record<string, () => Promise<[Uint8Array, string, string]>> = {
  "has a file with another hash": async () => {
    const [a] = entries;
    const tar = await makeTar([manifest, a!, { name: "b", contents: noise(100_000, 2) }]);
    return [gzip(tar), "files", "HASH_MISMATCH"];
  },
  "lacks a file": async () => [
    gzip(await makeTar([manifest, entries[0]!])),
    "files",
    "FILE_MISSING",
  ],
  "stops being gzip behind the manifest": async () => {
    const tar = await makeTar([manifest, ...entries]);
    const archive = concatBytes(gzip(tar.subarray(0, 60_000)), noise(50_000));
    return [archive, "archive-limits", "ARCHIVE_DAMAGED"];
  },
};

for (const [what, make] of Object.entries(refusedLater)) {
  inDirectory(
    `an archive that ${what} is the publisher's, but no file is made of it`,
    async (dir) => {
      const [archive, step, code] = await make();
      const results = await bothWays(dir, archive);
      assert.deepEqual(results.map(({ status }) => status), ["fulfilled", "fulfilled"]);
      await unverified(await archiveOf(dir, archive), step, code);
    },
  );
}

const other = manifestEntry(listed, { version: "1.0.1" });
/** Archives with the right hash that are refused at once, with the code of the refusal. */
const refusedAtOnce: Record<string, [Entry[], string]> = {
  "has no manifest": [entries, "MANIFEST_MISSING"],
  "has its manifest in another place": [[...entries, manifest], "MANIFEST_MISSING"],
  "has a manifest of another version": [[other, ...entries], "MANIFEST_MISMATCH"],
  "has a manifest that is not signed": [
    [
      { ...manifest, contents: String(manifest.contents).replace(sha256("a"), sha256("b")) },
      ...entries,
    ],
    "SIGNATURE_INVALID",
  ],
};

for (const [what, [tar, code]] of Object.entries(refusedAtOnce)) {
  inDirectory(`a downloaded archive that ${what} is refused`, async (dir) => {
    for (const result of await bothWays(dir, gzip(await makeTar(tar)))) {
      assert.equal(result.status, "rejected");
      assert.equal(result.reason.code, code);
    }
  });
}

inDirectory("a downloaded archive with longer paths than allowed is refused", async (dir) => {
  const archive = gzip(await makeTar([manifest, ...entries]));
  const limits = { ...defaultArchiveLimits, maxPathsBytes: 1 };
  const whole = verifyArchive({ ...await archiveOf(dir, archive), limits });
  const { code } = await whole.then(() => assert.fail("it was accepted"), (error) => error);
  for (const result of await bothWays(dir, archive, limits)) {
    assert.equal(result.status, "rejected");
    assert.equal(result.reason.code, code);
  }
});
