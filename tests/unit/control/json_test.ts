import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import * as v from "valibot";
import { toBase64, utf8 } from "../../../src/base/mod.ts";
import { bytes, bytesUpTo, item, toJson } from "../../../src/control/json.ts";
import { generateKeyPair } from "../../../src/identity/mod.ts";
import { bencode } from "../../../src/bencode/mod.ts";
import { encodeItem } from "../../../src/records/mod.ts";
import { signedItem } from "../../support/signed.ts";

const signed = signedItem(generateKeyPair(), { salt: utf8("salt"), seq: 5, value: bencode("x") });

Deno.test("toJson writes byte arrays and signed items as base64, at any depth", () => {
  const value = { seq: 5, key: utf8("key"), outcome: { superseded: signed, others: [signed] } };
  const text = toBase64(encodeItem(signed));
  assert.deepEqual(JSON.parse(toJson(value)), {
    ...{ seq: 5, key: toBase64(utf8("key")), outcome: { superseded: text, others: [text] } },
  });
  assert.equal(toJson({ result: signed }), JSON.stringify({ result: text }));
  assert.equal(toJson({ bytes: Buffer.from("key") }), JSON.stringify({ bytes: "a2V5" }));
});

Deno.test("toJson does not take a name index entry for a signed item", () => {
  const entry = { publicKey: utf8("k"), version: "1.0.0", signature: utf8("s") };
  assert.deepEqual(JSON.parse(toJson(entry)), {
    publicKey: "aw==",
    version: "1.0.0",
    signature: "cw==",
  });
});

Deno.test("the item schema reads the text that toJson wrote", () => {
  assert.deepEqual(v.parse(item, JSON.parse(toJson(signed))), signed);
  for (const bad of ["", "no base64", toBase64(new Uint8Array(104)), 5, { seq: 1 }]) {
    assert.equal(v.safeParse(item, bad).success, false, `${bad}`);
  }
});

Deno.test("the schemas of bytes refuse other lengths and text that is not base64", () => {
  assert.deepEqual(v.parse(bytes(3), "AAEC"), new Uint8Array([0, 1, 2]));
  assert.deepEqual(v.parse(bytesUpTo(3), ""), new Uint8Array());
  for (const bad of ["AAE=", "AAECAw==", "AAE", "000102"]) {
    assert.equal(v.safeParse(bytes(3), bad).success, false, bad);
  }
  assert.equal(v.safeParse(bytesUpTo(3), "AAECAw==").success, false);
});
