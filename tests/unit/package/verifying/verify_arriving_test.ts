import assert from "node:assert/strict";
import { join } from "node:path";
import { verifyArchive, verifyArriving } from "../../../../src/package/mod.ts";
import { inDirectory, noise, packIn, signer, stranger } from "../../../support/package_archives.ts";

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
      assert.equal(steps.length, 8);
      const whole = await verifyArchive({ archivePath, minimal, publicKey: signer.publicKey });
      assert.deepEqual(verified, { ...whole, archivePath: path });
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
