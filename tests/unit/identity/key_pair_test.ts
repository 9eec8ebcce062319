import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { equalBytes, fromHex, toHex, utf8 } from "../../../src/base/mod.ts";
import {
  fingerprint,
  formatPublicKey,
  fromPkcs8Pem,
  generateKeyPair,
  IdentityError,
  keyPairFromSeed,
  parsePublicKey,
  toPkcs8Pem,
  verifySignature,
} from "../../../src/identity/mod.ts";
import vectors from "../../vectors/identity.json" with { type: "json" };

const bytes = (hex: string) => fromHex(hex)!;

for (const key of vectors.keys) {
  Deno.test(`vector: ${key.name}`, () => {
    const pair = keyPairFromSeed(bytes(key.seedHex));
    assert.equal(toHex(pair.publicKey), key.publicKeyHex);
    assert.equal(formatPublicKey(pair.publicKey), key.publicKeyText);
    assert.equal(fingerprint(pair.publicKey), key.fingerprint);
    assert.equal(toPkcs8Pem(pair), key.pkcs8Pem);
    for (const { messageHex, signatureHex } of key.signatures) {
      assert.equal(toHex(pair.signBytes(bytes(messageHex))), signatureHex);
      assert.ok(verifySignature(pair.publicKey, bytes(messageHex), bytes(signatureHex)));
    }
  });
}

for (const { why, publicKeyHex, messageHex, signatureHex } of vectors.notSignatures) {
  Deno.test(`a signature is refused without throwing: ${why}`, () => {
    assert.equal(
      verifySignature(bytes(publicKeyHex), bytes(messageHex), bytes(signatureHex)),
      false,
    );
  });
}

Deno.test("every flipped byte of a signature, its message and its key is noticed", () => {
  const pair = keyPairFromSeed(bytes(vectors.keys[0]!.seedHex));
  const message = utf8("a message");
  const signature = pair.signBytes(message);
  for (const part of [0, 1, 2]) {
    const triple = [pair.publicKey, message, signature].map((b) => b.slice());
    for (let i = 0; i < triple[part]!.length; i++) {
      triple[part]![i]! ^= 0x10;
      assert.equal(verifySignature(triple[0]!, triple[1]!, triple[2]!), false, `${part}, ${i}`);
      triple[part]![i]! ^= 0x10;
    }
    assert.ok(verifySignature(triple[0]!, triple[1]!, triple[2]!));
  }
});

Deno.test("a generated key pair signs, differs from the next, and survives PEM", () => {
  const pair = generateKeyPair();
  assert.ok(!equalBytes(pair.publicKey, generateKeyPair().publicKey));
  const again = fromPkcs8Pem(toPkcs8Pem(pair));
  assert.deepEqual(again.publicKey, pair.publicKey);
  assert.ok(verifySignature(pair.publicKey, utf8("x"), again.signBytes(utf8("x"))));
});

Deno.test("a PEM text may have blank lines and another line end behind the key", () => {
  const pair = generateKeyPair();
  const pem = toPkcs8Pem(pair);
  for (const text of [`${pem}\n`, `${pem}\n \n`, pem.trimEnd(), pem.replaceAll("\n", "\r\n")]) {
    assert.deepEqual(fromPkcs8Pem(text).publicKey, pair.publicKey);
  }
});

Deno.test("keys and signatures are plain Uint8Arrays, not node Buffers", () => {
  const pair = generateKeyPair();
  assert.equal(Object.getPrototypeOf(pair.publicKey), Uint8Array.prototype);
  assert.equal(Object.getPrototypeOf(pair.signBytes(utf8("x"))), Uint8Array.prototype);
});

Deno.test("printing or serialising a key pair does not show the private half", () => {
  const key = vectors.keys[0]!;
  const pair = keyPairFromSeed(bytes(key.seedHex));
  const secret = [key.seedHex, key.pkcs8Pem.split("\n")[1]!, bytes(key.seedHex).join(",")];
  const shown = [
    Deno.inspect(pair, { depth: 9, showHidden: true }),
    JSON.stringify(pair),
    `${pair}`,
  ];
  for (const text of shown) {
    for (const part of secret) assert.ok(!text.replace(/\s/g, "").includes(part), text);
  }
});

Deno.test("a seed of another length than 32 is refused", () => {
  for (const length of [0, 31, 33, 64]) {
    assert.throws(() => keyPairFromSeed(new Uint8Array(length)), { code: "KEY_INVALID" });
  }
});

Deno.test("PEM that is no Ed25519 private key is refused, and not repeated", () => {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
  const publicPem = generateKeyPairSync("ed25519").publicKey.export({
    format: "pem",
    type: "spki",
  });
  const bad = [
    "",
    "secret words",
    rsa.export({ format: "pem", type: "pkcs8" }).toString(),
    publicPem.toString(),
    vectors.keys[0]!.pkcs8Pem.slice(0, 60),
    vectors.keys[0]!.pkcs8Pem.replace("MC4C", "MC4D"),
  ];
  for (const text of bad) {
    assert.throws(() => fromPkcs8Pem(text), (error: unknown) => {
      assert.ok(error instanceof IdentityError);
      assert.equal(error.code, "KEY_INVALID");
      assert.ok(text === "" || !error.message.includes(text));
      return true;
    }, text);
  }
});

Deno.test("a public key is read from ed25519:BASE64 and from hexadecimal of either case", () => {
  const key = vectors.keys[0]!;
  assert.equal(toHex(parsePublicKey(key.publicKeyText)), key.publicKeyHex);
  assert.equal(toHex(parsePublicKey(key.publicKeyHex)), key.publicKeyHex);
  assert.equal(toHex(parsePublicKey(key.publicKeyHex.toUpperCase())), key.publicKeyHex);
});

Deno.test("text that is not exactly a public key is refused as a usage error", () => {
  const { publicKeyText: text, publicKeyHex: hex } = vectors.keys[0]!;
  const bad = [
    "",
    "ed25519:",
    text.slice("ed25519:".length),
    text.slice(0, -1),
    text + "=",
    text + " ",
    " " + text,
    text.replace("ed25519", "Ed25519"),
    text.replace(/[+/]/g, "_"),
    hex.slice(2),
    hex + "00",
    hex.slice(0, 63) + "g",
    "0x" + hex,
    "ed25519:" + hex,
    "x".repeat(1_000_000),
  ];
  for (const candidate of bad) {
    assert.throws(() => parsePublicKey(candidate), (error: unknown) => {
      assert.ok(error instanceof IdentityError);
      assert.equal(error.kind, "usage");
      assert.ok(error.message.length < 400);
      return true;
    }, candidate.slice(0, 90));
  }
});
