/**
 * Packages with secrets: `packDirectory` and `takeArchive` refuse them.
 *
 * @module
 */

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import {
  PackageError,
  packDirectory,
  SecretCheck,
  takeArchive,
  verifyArchive,
} from "../../../../src/package/mod.ts";
import { inDirectory, signer, writeTree } from "../../../support/package_archives.ts";

/** Generates a private key in PEM, which a package must not contain. */
function pem(): string {
  const { privateKey } = generateKeyPairSync("ed25519");
  return privateKey.export({ type: "pkcs8", format: "pem" }) as string;
}

const described = { "package.json": '{"name":"hello","version":"1.0.0"}' };

function pack(dir: string, more: Partial<Parameters<typeof packDirectory>[0]> = {}) {
  const options = { dir: join(dir, "source"), outDir: dir, signer, timestampMs: 1_700_000_000_000 };
  return packDirectory({ ...options, ...more });
}

/** Asserts that packing is refused because of secrets, and returns the paths of the secrets. */
async function refused(work: Promise<unknown>): Promise<string[]> {
  let paths: string[] = [];
  await assert.rejects(work, (error) => {
    assert(error instanceof PackageError, String(error));
    assert.deepEqual([error.code, error.kind], ["SECRET_FOUND", "failed"], error.message);
    paths = (error.detail.secrets as { path: string }[]).map(({ path }) => path);
    for (const path of paths) assert(error.message.includes(path), error.message);
    return true;
  });
  return paths;
}

inDirectory(
  "all files with secrets are named in one error, and nothing is written",
  async (dir) => {
    await writeTree(join(dir, "source"), {
      ...described,
      "a.js": "a",
      "deep/er/server.pem": pem(),
      ".env": "PASSWORD=hunter2\n",
      "key in the middle.txt": "x".repeat(3_000_000) + "\n" + pem() + "y".repeat(3_000_000),
    });
    assert.deepEqual((await refused(pack(dir))).sort(), [
      ".env",
      "deep/er/server.pem",
      "key in the middle.txt",
    ]);
    const left = Array.from(Deno.readDirSync(dir), ({ name }) => name);
    assert.deepEqual(left, ["source"]);
  },
);

inDirectory("files that the rules leave out are not scanned for secrets", async (dir) => {
  await writeTree(join(dir, "source"), {
    ...described,
    "a.js": "a",
    "keys/server.pem": pem(),
    ".gitignore": "keys/\n",
  });
  await pack(dir);
  assert.deepEqual(await refused(pack(dir, { leaveOut: "nothing" })), ["keys/server.pem"]);
});

inDirectory("an allowed path with a secret is packed, and any other is refused", async (dir) => {
  await writeTree(join(dir, "source"), { ...described, "test/a.pem": pem(), "test/b.pem": pem() });
  assert.deepEqual(await refused(pack(dir, { allowSecrets: ["./test/a.pem"] })), ["test/b.pem"]);
  assert.deepEqual(await refused(pack(dir, { allowSecrets: ["test"] })), [
    "test/a.pem",
    "test/b.pem",
  ]);
  const packed = await pack(dir, { allowSecrets: ["test/a.pem", "test\\b.pem"] });
  assert.deepEqual(Object.keys(packed.full.files), ["package.json", "test/a.pem", "test/b.pem"]);
});

inDirectory("the home of another publisher is refused under any name", async (dir) => {
  await writeTree(join(dir, "source"), { ...described, "data/x/backup": pem() });
  assert.deepEqual(await refused(pack(dir)), ["data/x/backup"]);
});

inDirectory(
  "an archive that was packed with secrets is refused, also our own",
  async (dir) => {
    const big = pem() + "z".repeat(400_000);
    await writeTree(join(dir, "source"), { ...described, "big.txt": big, "server.pem": pem() });
    const { archivePath, minimal } = await pack(dir, { allowSecrets: "all" });
    for (const ownKey of [undefined, signer.publicKey]) {
      const copyTo = join(dir, "copy");
      const options = { archivePath, minimal, ownKey, copyTo };
      const secrets = await SecretCheck.create();
      assert.deepEqual(await refused(takeArchive({ ...options, secrets })), [
        "big.txt",
        "server.pem",
      ]);
      await assert.rejects(Deno.stat(copyTo), Deno.errors.NotFound);
      const allowed = await SecretCheck.create(["big.txt", "server.pem"]);
      assert.equal((await takeArchive({ ...options, secrets: allowed })).full.name, "hello");
      await Deno.remove(copyTo);
    }
    const secrets = await SecretCheck.create(["server.pem"]);
    const { fileCount } = await verifyArchive({ archivePath, minimal, secrets });
    assert.equal(fileCount, 3);
    assert.deepEqual(secrets.found, [{ path: "big.txt", kind: "private key" }]);
  },
);

inDirectory("the message names at most twenty paths, and the detail names all", async (dir) => {
  const keys = Array.from({ length: 30 }, (_, i) => [`k${i}.pem`, pem()]);
  await writeTree(join(dir, "source"), { ...described, ...Object.fromEntries(keys) });
  await assert.rejects(pack(dir), (error) => {
    assert(error instanceof PackageError);
    assert.equal((error.detail.secrets as unknown[]).length, 30);
    assert.equal(error.message.match(/private key/g)!.length, 20);
    assert.match(error.message, /10 more/);
    return true;
  });
});
