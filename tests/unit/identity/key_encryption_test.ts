import assert from "node:assert/strict";
import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import {
  encryptKey,
  formatPublicKey,
  generateKeyPair,
  isEncryptedKey,
  keyPairFromSeed,
  readKeyFile,
  readPublicKey,
  toPkcs8Pem,
  writePrivateFile,
} from "../../../src/identity/mod.ts";
import { utf8 } from "../../../src/base/mod.ts";
import { temporaryHome } from "../../support/mod.ts";

const pair = keyPairFromSeed(new Uint8Array(32).fill(3));
const encrypted = encryptKey(pair, "päss word");

/** Tries passphrases one after the other. */
function trying(...passphrases: string[]) {
  return async function* () {
    yield* passphrases;
  };
}

/** Writes a key file, and calls `run` with its path. */
async function withFile(text: string, run: (path: string) => Promise<void>): Promise<void> {
  await using home = await temporaryHome();
  const path = join(home.path, "publisher.key");
  await writePrivateFile(path, utf8(text));
  await run(path);
}

async function openssl(args: string[], stdin?: string): Promise<{ ok: boolean; stdout: string }> {
  const child = new Deno.Command("openssl", {
    args,
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(utf8(stdin ?? ""));
  await writer.close();
  const { success, stdout } = await child.output();
  return { ok: success, stdout: new TextDecoder().decode(stdout) };
}

Deno.test("an encrypted key is read with the right passphrase, and no other", () =>
  withFile(encrypted, async (path) => {
    assert(isEncryptedKey(encrypted) && !isEncryptedKey(toPkcs8Pem(pair)));
    const read = await readKeyFile(path, undefined, trying("wrong", "päss word"));
    assert.deepEqual(read.publicKey, pair.publicKey);
    await assert.rejects(readKeyFile(path, undefined, trying("a", "b", "c")), {
      code: "PASSPHRASE_WRONG",
      kind: "failed",
    });
    await assert.rejects(readKeyFile(path), { code: "PASSPHRASE_NEEDED", kind: "usage" });
  }));

Deno.test("the public key of an encrypted key needs no passphrase", () =>
  withFile(encrypted, async (path) => {
    assert.deepEqual(await readPublicKey(path), { publicKey: pair.publicKey, isEncrypted: true });
  }));

Deno.test("a line before the key that names another key is refused", () => {
  const other = formatPublicKey(generateKeyPair().publicKey);
  const text = encrypted.replace(formatPublicKey(pair.publicKey), other);
  return withFile(text, async (path) => {
    await assert.rejects(readKeyFile(path, undefined, trying("päss word")), {
      code: "KEY_INVALID",
    });
  });
});

Deno.test("openssl reads an encrypted key", async () => {
  const read = await openssl(["pkey", "-passin", "pass:päss word"], encrypted);
  assert(read.ok);
  assert.equal(read.stdout, toPkcs8Pem(pair));
  assert(!(await openssl(["pkey", "-passin", "pass:wrong"], encrypted)).ok);
});

Deno.test("encrypted keys of openssl are read: PBKDF2 and scrypt", async () => {
  for (
    const how of [["-v2", "aes-256-cbc"], ["-v2", "aes-128-cbc", "-iter", "5000"], ["-scrypt"]]
  ) {
    const args = ["pkcs8", "-topk8", ...how, "-passout", "pass:pw"];
    const { ok, stdout } = await openssl(args, toPkcs8Pem(pair));
    assert(ok, how.join(" "));
    await withFile(stdout, async (path) => {
      const read = await readPublicKey(path, undefined, trying("pw"));
      assert.deepEqual([read.publicKey, read.isEncrypted], [pair.publicKey, true]);
      await assert.rejects(readPublicKey(path), { code: "PASSPHRASE_NEEDED" });
    });
  }
});

Deno.test("an encrypted key of another algorithm is named as one", () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = privateKey.export({
    format: "pem",
    type: "pkcs8",
    cipher: "aes-256-cbc",
    passphrase: "pw",
  }).toString();
  return withFile(pem, async (path) => {
    await assert.rejects(readKeyFile(path, undefined, trying("pw")), { code: "KEY_INVALID" });
  });
});

Deno.test("two encryptions of a key differ, and node:crypto reads both", () => {
  const again = encryptKey(pair, "päss word");
  assert.notEqual(again, encrypted);
  for (const text of [again, encrypted]) {
    const key = text.slice(text.indexOf("-----BEGIN"));
    const read = createPrivateKey({ key, format: "pem", passphrase: "päss word" });
    assert.equal(read.asymmetricKeyType, "ed25519");
  }
});
