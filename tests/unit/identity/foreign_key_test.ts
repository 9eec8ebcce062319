/**
 * Key files of other programs, found where libreseed expects its own key file.
 *
 * @module
 */

import assert from "node:assert/strict";
import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { concatBytes, fromHex, toBase64, toHex, utf8 } from "../../../src/base/mod.ts";
import { describeForeignKey, fromOpensshPublicKey } from "../../../src/identity/foreign_key.ts";
import {
  formatPublicKey,
  IdentityError,
  keyPairFromSeed,
  parsePublicKey,
  readKeyFile,
  toPkcs8Pem,
} from "../../../src/identity/mod.ts";
import { temporaryHome } from "../../support/mod.ts";

const seed = new Uint8Array(32).map((_, i) => i * 7 + 1);
const pair = keyPairFromSeed(seed);

/** Encodes a text or bytes with a length prefix (RFC 4251 section 5). */
function counted(value: string | Uint8Array): Uint8Array {
  const bytes = typeof value === "string" ? utf8(value) : value;
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, bytes.length);
  return concatBytes(length, bytes);
}

/** Makes a key in OpenSSH's own format, as described in its PROTOCOL.key. */
function openssh(type: string, cipher: string): string {
  const blob = concatBytes(counted(type), counted(pair.publicKey));
  const secret = concatBytes(
    new Uint8Array(8).fill(3),
    ...[counted(type), counted(pair.publicKey), counted(concatBytes(seed, pair.publicKey))],
    ...[counted("a comment"), new Uint8Array([1, 2, 3])],
  );
  const bytes = concatBytes(
    utf8("openssh-key-v1\0"),
    ...[counted(cipher), counted(cipher === "none" ? "none" : "bcrypt"), counted("")],
    ...[new Uint8Array([0, 0, 0, 1]), counted(blob), counted(secret)],
  );
  const lines = toBase64(bytes).match(/.{1,70}/g)!.join("\n");
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

function pem(label: string): string {
  return `-----BEGIN ${label}-----\nMIIBAAAA\n-----END ${label}-----\n`;
}

const own = createPrivateKey(toPkcs8Pem(pair));
const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const encrypted = own.export({
  ...{ format: "pem", type: "pkcs8", cipher: "aes-256-cbc", passphrase: "x" },
}).toString();
const der = new Uint8Array(own.export({ format: "der", type: "pkcs8" }));
const sshPublic = `ssh-ed25519 ${
  toBase64(concatBytes(counted("ssh-ed25519"), counted(pair.publicKey)))
} ann@host`;

/** Key files of other programs, each with the expected description. */
const files: [contents: string | Uint8Array, what: RegExp][] = [
  [openssh("ssh-ed25519", "none"), /an OpenSSH private key \(ssh-ed25519\)/],
  [openssh("ssh-ed25519", "aes256-ctr"), /OpenSSH .*\(ssh-ed25519, encrypted with a password\)/],
  [openssh("ssh-rsa", "none"), /an OpenSSH private key \(ssh-rsa\).*Ed25519 only/s],
  [pem("OPENSSH PRIVATE KEY"), /an OpenSSH private key\./],
  [rsa.privateKey.export({ format: "pem", type: "pkcs1" }).toString(), /an RSA private key/],
  [rsa.privateKey.export({ format: "pem", type: "pkcs8" }).toString(), /for RSA \(PKCS #8\)/],
  [ec.privateKey.export({ format: "pem", type: "sec1" }).toString(), /other than Ed25519/],
  [ec.privateKey.export({ format: "pem", type: "pkcs8" }).toString(), /for EC \(PKCS #8\)/],
  [ec.publicKey.export({ format: "pem", type: "spki" }).toString(), /a public key\. The private/],
  [pem("PRIVATE KEY"), /damaged or cut short/],
  [pem("CERTIFICATE"), /a certificate\./],
  [pem("CERTIFICATE REQUEST"), /a certificate request/],
  [pem("PGP PRIVATE KEY BLOCK"), /an OpenPGP private key/],
  [pem("ENCRYPTED SIGSTORE PRIVATE KEY"), /a cosign key/],
  [pem("X9.42 DH PARAMETERS".replace(".", " ")), /something else in PEM form/],
  [sshPublic, /an OpenSSH public key/],
  [`${formatPublicKey(pair.publicKey)}\n`, /a libreseed public key/],
  ["PuTTY-User-Key-File-3: ssh-ed25519\n", /a PuTTY private key/],
  ["# created: 2026\n# public key: age1x\nAGE-SECRET-KEY-1QQQQ\n", /an age private key/],
  [`age1${"q".repeat(58)}`, /an age public key/],
  ["age-encryption.org/v1\n-> X25519 x\n", /encrypted with age/],
  ["untrusted comment: minisign encrypted secret key\nRWR=\n", /minisign or signify/],
  ['{"kty":"OKP","crv":"Ed25519","d":"x"}', /a key in JSON \(JWK\)/],
  [toHex(seed), /64 hexadecimal digits/],
  [toHex(concatBytes(seed, pair.publicKey)), /128 hexadecimal digits/],
  [toBase64(seed), /32 bytes in base64/],
  [seed, /32 bytes: the seed/],
  [der, /an Ed25519 key in DER form/],
  [fromHex("3003020100")!, /something in DER form/],
  ["", /an empty file/],
  [`\ufeff${toPkcs8Pem(pair)}`, /byte order mark/],
];

Deno.test("a key of another kind or program is named as what it is, and shows nothing of itself", async () => {
  await using directory = await temporaryHome();
  const path = join(directory.path, "publisher.key");
  for (const [contents, what] of files) {
    await Deno.remove(path).catch(() => {});
    const bytes = typeof contents === "string" ? utf8(contents) : contents;
    await Deno.writeFile(path, bytes, { mode: 0o600 });
    await assert.rejects(readKeyFile(path), (error) => {
      assert(error instanceof IdentityError);
      assert.deepEqual([error.code, error.kind], ["KEY_INVALID", "failed"]);
      assert.match(error.message, what);
      assert(error.message.startsWith(`${path} is not a key file that libreseed can use. It is `));
      const text = new TextDecoder("latin1").decode(bytes);
      for (const [secret] of text.matchAll(/[A-Za-z0-9+/]{40,}/g)) {
        assert(!error.message.includes(secret), error.message);
      }
      return true;
    });
  }
});

const hasOpenssl = await new Deno.Command("sh", { args: ["-c", "command -v openssl xxd base64"] })
  .output().then(({ success }) => success, () => false);

Deno.test({
  name: "the command that is named converts the key",
  ignore: !hasOpenssl,
  async fn() {
    await using directory = await temporaryHome();
    const convertible = [
      ...[
        encrypted,
        openssh("ssh-ed25519", "none"),
        toHex(seed),
        toHex(seed) + "\n",
        `0x${toHex(seed)}`,
      ],
      ...[toHex(concatBytes(seed, pair.publicKey)), toBase64(seed), seed, der],
    ];
    for (const [i, contents] of convertible.entries()) {
      const path = join(directory.path, `it's ${i}.key`);
      const bytes = typeof contents === "string" ? utf8(contents) : contents;
      await Deno.writeFile(path, bytes, { mode: 0o600 });
      const { mend } = describeForeignKey(bytes, path)!;
      const target = join(directory.path, `new-${i}.key`);
      const command = mend.split("\n").at(-1)!.trim().replace("NEW", target) +
        (contents === encrypted ? " -passin pass:x" : "");
      const { success, stderr } = await new Deno.Command("sh", { args: ["-c", command] }).output();
      assert(success, `${command}: ${new TextDecoder().decode(stderr)}`);
      assert.deepEqual((await readKeyFile(target)).publicKey, pair.publicKey, command);
    }
  },
});

Deno.test("a key that libreseed reads is no foreign one, and what nobody knows has no name", () => {
  assert.equal(describeForeignKey(utf8(toPkcs8Pem(pair)), "x"), undefined);
  assert.equal(describeForeignKey(utf8("hello\n"), "x"), undefined);
  assert.equal(describeForeignKey(new Uint8Array(1_000).fill(7), "x"), undefined);
});

Deno.test("no beginning of an OpenSSH key, and no damage in it, is more than a nameless one", () => {
  const text = openssh("ssh-ed25519", "none");
  for (let length = 36; length < text.length; length++) {
    const cut = describeForeignKey(utf8(text.slice(0, length)), "x");
    assert(cut?.what.startsWith("an OpenSSH private key"), `${length}`);
  }
  const strange = describeForeignKey(utf8(openssh("ssh\x1b[2J", "none")), "x");
  assert.equal(strange?.what, "an OpenSSH private key");
});

Deno.test("a public key of OpenSSH is answered with how libreseed writes it", () => {
  assert.deepEqual(fromOpensshPublicKey(sshPublic), pair.publicKey);
  const written = formatPublicKey(pair.publicKey);
  for (const text of [sshPublic, sshPublic.split(" ")[1]!, written.slice("ed25519:".length)]) {
    assert.throws(() => parsePublicKey(text), (error) => {
      assert(error instanceof IdentityError && error.code === "KEY_INVALID");
      return error.message.includes(written);
    });
  }
  assert.throws(
    () => parsePublicKey("ssh-rsa AAAAB3NzaC1yc2E="),
    /looks like an OpenSSH public key/,
  );
  assert.throws(() => parsePublicKey(`age1${"q".repeat(58)}`), /looks like an age public key/);
  assert.throws(() => parsePublicKey("nonsense"), /Write ed25519: and 44 characters/);
});
