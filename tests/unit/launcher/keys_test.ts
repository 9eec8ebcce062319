import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { publisherKeyPath, utf8 } from "../../../src/base/mod.ts";
import {
  generateKeyPair,
  type Statement,
  statementBytes,
  verifySignature,
  writeKeyFile,
} from "../../../src/identity/mod.ts";
import { localRequests } from "../../../src/launcher/mod.ts";
import type { MutableItem } from "../../../src/records/mod.ts";
import { TestIdentity, writeIdentity } from "../../support/identities.ts";
import { temporaryHome } from "../../support/mod.ts";

const isWindows = Deno.build.os === "windows";
const statement: Statement = { kind: "record", seq: 1, value: utf8("1:x") };

/** Runs a test with a path for a key file, in a directory of mode 0700 that does not exist yet. */
function withKeyPath(name: string, run: (path: string) => Promise<void>, ignore = false): void {
  Deno.test({
    name,
    ignore,
    async fn() {
      const dir = await Deno.makeTempDir({ prefix: "libreseed-launcher-keys-" });
      try {
        await run(join(dir, "home", "keys", "publisher.key"));
      } finally {
        await Deno.remove(dir, { recursive: true });
      }
    },
  });
}

withKeyPath("the launcher signs a statement with the key of a file", async (path) => {
  const pair = generateKeyPair();
  await writeKeyFile(path, pair);
  const launcher = localRequests();
  assert.deepEqual((await launcher.signingKey(path)).publicKey, pair.publicKey);
  const signature = await launcher.sign(path, statement);
  assert.ok(verifySignature(pair.publicKey, statementBytes(statement, pair.publicKey), signature));
});

withKeyPath("the launcher signs nothing but statements", async (path) => {
  const launcher = localRequests();
  await launcher.createKey(path);
  const bytes = utf8("3:seqi1e1:v1:x") as unknown as Statement;
  await assert.rejects(launcher.sign(path, bytes), { code: "STATEMENT_INVALID" });
});

withKeyPath("a key stays open after its first use, though its file is gone", async (path) => {
  await writeKeyFile(path, generateKeyPair());
  const launcher = localRequests();
  const signature = await launcher.sign(path, statement);
  await Deno.remove(path);
  assert.deepEqual(await launcher.sign(path, statement), signature);
  await assert.rejects(localRequests().sign(path, statement), { code: "KEY_NOT_FOUND" });
});

withKeyPath("a key that could not be opened is tried again", async (path) => {
  const launcher = localRequests();
  await assert.rejects(launcher.signingKey(path), { code: "KEY_NOT_FOUND", kind: "not-found" });
  const pair = generateKeyPair();
  await writeKeyFile(path, pair);
  assert.deepEqual((await launcher.signingKey(path)).publicKey, pair.publicKey);
});

withKeyPath("a key is created in a new home, and never over another", async (path) => {
  const launcher = localRequests();
  const publicKey = await launcher.createKey(path);
  assert.deepEqual(await localRequests().signingKey(path), { publicKey });
  assert.deepEqual(await launcher.signingKey(path), { publicKey });
  await assert.rejects(launcher.createKey(path), { code: "KEY_EXISTS", kind: "failed" });
  assert.deepEqual(await localRequests().signingKey(path), { publicKey });
});

withKeyPath("an examination of a key can be cloned, and has no private part", async (path) => {
  const launcher = localRequests();
  const publicKey = await launcher.createKey(path);
  const examination = await launcher.examineKey(path);
  const { uid } = await Deno.stat(path);
  const owner = (path: string) => ({ path, uid });
  const [directory, file] = [owner(dirname(path)), owner(path)];
  const { mode } = await Deno.stat(dirname(path));
  assert.deepEqual(examination, {
    owners: [directory, directory, file, file],
    key: { publicKey, identity: publicKey, directoryMode: mode ?? 0, names: 1 },
  });
  assert.deepEqual(structuredClone(examination), examination);
});

Deno.test("an examination tells the time of the certificate, and a revocation in the record beside it", async () => {
  await using home = await temporaryHome();
  const publisher = new TestIdentity();
  const key = await publisher.certify({ fromMs: 1_000, untilMs: 2_000 });
  const revoked = { key: key.publicKey, sinceMs: 1_500, reason: "stolen" };
  const examined = async (record: MutableItem) => {
    await writeIdentity(home.path, key, record);
    return await localRequests().examineKey(publisherKeyPath(home.path));
  };
  const sound = await examined(
    await publisher.record({ seq: 1, signingKeys: [key.certificate] }),
  );
  const { fromMs, untilMs, revoked: none } = sound.key!;
  assert.deepEqual([fromMs, untilMs, none], [1_000, 2_000, undefined]);
  const refused = await examined(await publisher.record({ seq: 2, revokedKeys: [revoked] }));
  assert.deepEqual(refused.key!.revoked, { sinceMs: 1_500, reason: "stolen" });
  const stranger = await new TestIdentity().record({ seq: 3, signingKeys: [key.certificate] });
  assert.equal((await examined(stranger)).problem!.code, "RECORD_INVALID");
});

withKeyPath("an examination reads the file anew", async (path) => {
  const launcher = localRequests();
  await launcher.createKey(path);
  await Deno.link(path, path + "-2");
  assert.equal((await launcher.examineKey(path)).key!.names, 2);
  await Deno.remove(path);
  const { owners, key, problem } = await launcher.examineKey(path);
  assert.deepEqual([owners.length, key, problem!.code], [2, undefined, "KEY_NOT_FOUND"]);
});

withKeyPath("an examination tells why a key cannot be used, as plain data", async (path) => {
  const launcher = localRequests();
  await launcher.createKey(path);
  const problemOf = async () => {
    const { problem } = structuredClone(await launcher.examineKey(path));
    return problem!;
  };
  await Deno.chmod(path, 0o640);
  assert.equal((await problemOf()).code, "KEY_READABLE_BY_OTHERS");
  assert.match((await problemOf()).message, /chmod 600/);
  await Deno.rename(path, path + "-2");
  await Deno.symlink("publisher.key-2", path);
  const { code, linkTarget } = await problemOf();
  assert.deepEqual([code, linkTarget], ["KEY_IS_LINK", "publisher.key-2"]);
}, isWindows);
