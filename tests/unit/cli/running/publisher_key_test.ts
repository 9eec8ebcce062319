/**
 * Commands that need the publisher's key, with a launcher that has the key and a home without a key
 * file: a command that opens the file itself fails.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { LibreseedError } from "../../../../src/base/mod.ts";
import {
  ownIdentity,
  publisherSigner,
  warnIfRevoked,
} from "../../../../src/cli/running/publisher_key.ts";
import { runCli } from "../../../../src/cli/mod.ts";
import { formatPublicKey, generateKeyPair } from "../../../../src/identity/mod.ts";
import { localRequests } from "../../../../src/launcher/mod.ts";
import { parseMinimal, verifyMinimalSignature } from "../../../../src/package/mod.ts";
import { encodeItem } from "../../../../src/records/mod.ts";
import { fakeIo } from "../../../support/fake_io.ts";
import { TestIdentity } from "../../../support/identities.ts";

const pair = generateKeyPair();

Deno.test("pack signs by the launcher and opens no key file", async () => {
  const dir = await Deno.makeTempDir({ prefix: "libreseed-publisher-key-" });
  try {
    const home = join(dir, "home");
    await Deno.mkdir(home);
    await Deno.mkdir(join(dir, "in"));
    await Deno.writeTextFile(join(dir, "in", "a"), "a");
    const used: string[] = [];
    const io = {
      ...fakeIo(),
      cwd: dir,
      clock: { ...fakeIo().clock, now: () => Date.UTC(2100, 0, 1) },
      launcher: {
        ...localRequests(),
        signingKey: (path: string) => {
          used.push(path);
          return Promise.resolve({ publicKey: pair.publicKey });
        },
        sign: (path: string, statement: Parameters<typeof pair.sign>[0]) => {
          used.push(`${path} ${statement.kind}`);
          return pair.sign(statement);
        },
      },
    };
    const name = ["--name", "hello", "--version", "1.0.0"];
    const out = join(dir, "hello-1.0.0.tgz");
    const code = await runCli(["pack", join(dir, "in"), ...name, "-o", out, "--home", home], io);
    assert.equal(code, 0, io.stderr.text);
    const key = join(home, "keys", "publisher.key");
    assert.deepEqual(used, [key, `${key} full manifest`, `${key} minimal manifest`]);
    const minimal = parseMinimal(await Deno.readFile(join(dir, "hello-1.0.0.minimal.json")));
    assert.equal(minimal.pubkey, formatPublicKey(pair.publicKey));
    assert.ok(verifyMinimalSignature(minimal));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("a key that the record beside it revokes is warned of", async () => {
  const publisher = new TestIdentity();
  const { publicKey, certificate } = await publisher.certify();
  const warnings = async (record: Uint8Array | undefined) => {
    const said: string[] = [];
    await warnIfRevoked({ publicKey, ...(record && { publisherRecord: record }) }, {
      warning: (message) => said.push(message),
    });
    return said;
  };
  const revoked = { key: publicKey, sinceMs: 0, reason: "stolen" };
  const bad = encodeItem(await publisher.record({ seq: 1, revokedKeys: [revoked] }));
  const good = encodeItem(await publisher.record({ seq: 1, signingKeys: [certificate] }));
  assert.match((await warnings(bad)).join(), /is revoked \("stolen"\).*libreseed key rotate/);
  for (const record of [good, undefined, new Uint8Array(3)]) {
    assert.deepEqual(await warnings(record), []);
  }
});

/** Returns an `Io` whose launcher cannot open the key, with an error as another thread sends it. */
function withoutKey(code: string) {
  const signingKey = () => Promise.reject(new LibreseedError("not-found", code, "no key"));
  return { launcher: { ...localRequests(), signingKey } };
}

Deno.test("a home without a key has no public key of its own", async () => {
  assert.equal(await ownIdentity(withoutKey("KEY_NOT_FOUND"), "/home"), undefined);
});

Deno.test("a key that cannot be opened is an error of the command, whatever the class", async () => {
  await assert.rejects(ownIdentity(withoutKey("KEY_INVALID"), "/home"), { code: "KEY_INVALID" });
  const signer = publisherSigner(withoutKey("KEY_NOT_FOUND"), "/home");
  await assert.rejects(signer, { code: "KEY_NOT_FOUND", kind: "not-found" });
});
