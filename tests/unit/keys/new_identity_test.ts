import assert from "node:assert/strict";
import { join } from "node:path";
import {
  keyPairFromSeed,
  parseCertificateFile,
  readKeyFile,
  seedOfRecoveryCode,
  writeKeyFile,
} from "../../../src/identity/mod.ts";
import { createIdentity, keyFacts } from "../../../src/keys/mod.ts";
import { decodeItem, decodePublisherRecord, verifyItem } from "../../../src/records/mod.ts";
import { FakeTerminal, keySurroundings } from "../../support/key_surroundings.ts";
import { temporaryHome } from "../../support/mod.ts";

/** Runs a test with the path of a key file in a home that has no keys. */
async function withHome(run: (keyPath: string, directory: string) => Promise<void>): Promise<void> {
  await using home = await temporaryHome();
  await run(join(home.path, "home", "keys", "publisher.key"), home.path);
}

const namesIn = async (keyPath: string) =>
  (await Array.fromAsync(Deno.readDir(join(keyPath, "..")))).map(({ name }) => name).sort();

/** Returns the groups of the recovery code that was shown. */
function groupsIn(shown: string): string[] {
  return [...shown.matchAll(/^ {2}((?:[0-9a-z]{5} ?){7})$/gm)].flatMap(([, line]) =>
    line!.split(" ")
  );
}

/** Answers the questions for groups of the recovery code that was shown. */
function repeats(prompt: string, shown: string): string {
  return groupsIn(shown)[Number(/Group (\d+)/.exec(prompt)![1]) - 1]!;
}

Deno.test("an identity in a file has a certified signing key and a signed record", () =>
  withHome(async (keyPath, directory) => {
    const path = join(directory, "root.key");
    const at = keySurroundings();
    const order = { root: { to: "file" as const, path }, certifyExisting: false };
    const { identity, key, record } = await createIdentity(keyPath, order, at);
    const root = await readKeyFile(path);
    assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
    assert.deepEqual(root.publicKey, identity);
    assert.deepEqual((await readKeyFile(keyPath)).publicKey, key);
    const item = decodeItem(record);
    assert(verifyItem(item));
    assert.deepEqual(item.publicKey, identity);
    assert.deepEqual(decodePublisherRecord(item.value), {
      timestampMs: at.now(),
      signingKeys: [{ key, fromMs: at.now() }],
      revokedKeys: [],
    });
    const names = [".lock", "publisher.cert", "publisher.key", "publisher.record"];
    assert.deepEqual(await namesIn(keyPath), names);
    const facts = await keyFacts(keyPath, at);
    assert.deepEqual([facts.publicKey, facts.certificate!.root], [key, identity]);
    assert.deepEqual([facts.record, facts.rootPath, facts.oldPaths], [record, undefined, []]);
    const anotherHome = join(directory, "other", "keys", "publisher.key");
    await assert.rejects(createIdentity(anotherHome, order, at), { code: "FILE_EXISTS" });
    const elsewhere = { ...order, root: { to: "file" as const, path: `${path}-2` } };
    await assert.rejects(createIdentity(keyPath, elsewhere, at), { code: "KEY_EXISTS" });
    await assert.rejects(Deno.stat(`${path}-2`), Deno.errors.NotFound);
  }));

Deno.test("the root key stays in the home only if it is asked for", () =>
  withHome(async (keyPath, directory) => {
    const at = keySurroundings();
    const inHome = join(directory, "home", "root.key");
    for (
      const [root, code] of [
        [{ to: "terminal" }, "TERMINAL_NEEDED"],
        [{ to: "file", path: inHome }, "BAD_ARGUMENTS"],
      ] as const
    ) {
      await assert.rejects(createIdentity(keyPath, { root, certifyExisting: false }, at), {
        code,
        kind: "usage",
      });
      await assert.rejects(Deno.stat(keyPath), Deno.errors.NotFound);
    }
    const order = { root: { to: "home" as const }, certifyExisting: false };
    const { identity } = await createIdentity(keyPath, order, at);
    const { rootPath } = await keyFacts(keyPath, at);
    assert.deepEqual((await readKeyFile(rootPath!)).publicKey, identity);
  }));

Deno.test("at a terminal the root key is a recovery code, of which two groups are asked back", () =>
  withHome(async (keyPath) => {
    const terminal = new FakeTerminal(repeats);
    const at = keySurroundings({ terminal });
    const order = { root: { to: "terminal" as const }, certifyExisting: false };
    const { identity } = await createIdentity(keyPath, order, at);
    assert.equal(terminal.shown.match(/Group \d+ of the code/g)!.length, 2);
    const seed = seedOfRecoveryCode(groupsIn(terminal.shown).join(" "));
    assert.deepEqual(keyPairFromSeed(seed).publicKey, identity);
    const names = [".lock", "publisher.cert", "publisher.key", "publisher.record"];
    assert.deepEqual(await namesIn(keyPath), names);
  }));

Deno.test("a recovery code that is not repeated makes no key", () =>
  withHome(async (keyPath) => {
    const terminal = new FakeTerminal(() => "wrong");
    const order = { root: { to: "terminal" as const }, certifyExisting: false };
    await assert.rejects(createIdentity(keyPath, order, keySurroundings({ terminal })), {
      code: "UNCONFIRMED",
    });
    assert.equal(terminal.shown.match(/That is not group/g)!.length, 3);
    assert.deepEqual(await namesIn(keyPath), [".lock"]);
  }));

Deno.test("a root key is made for a key that the home has, once", () =>
  withHome(async (keyPath) => {
    const pair = keyPairFromSeed(new Uint8Array(32).fill(5));
    await writeKeyFile(keyPath, pair);
    const at = keySurroundings();
    const order = { root: { to: "home" as const }, certifyExisting: true };
    const { identity, key } = await createIdentity(keyPath, order, at);
    assert.deepEqual(key, pair.publicKey);
    assert.deepEqual((await readKeyFile(keyPath)).publicKey, pair.publicKey);
    const text = await Deno.readTextFile(join(keyPath, "..", "publisher.cert"));
    const certificate = parseCertificateFile(text);
    assert.deepEqual([certificate.root, certificate.key], [identity, key]);
    await assert.rejects(createIdentity(keyPath, order, at), { code: "HAS_ROOT" });
  }));

Deno.test("without a key there is nothing to certify", () =>
  withHome(async (keyPath) => {
    const order = { root: { to: "home" as const }, certifyExisting: true };
    await assert.rejects(createIdentity(keyPath, order, keySurroundings()), {
      code: "KEY_NOT_FOUND",
    });
  }));
