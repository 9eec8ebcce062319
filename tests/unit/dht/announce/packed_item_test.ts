import assert from "node:assert/strict";
import { concatBytes, toHex } from "../../../../src/base/mod.ts";
import { packHex, packItem, unpackItem } from "../../../../src/dht/announce/packed_item.ts";

Deno.test("unpackItem restores a packed item of any lengths", () => {
  for (const [saltLength, valueLength] of [[0, 1], [32, 300], [64, 1_000]] as const) {
    const item = {
      publicKey: crypto.getRandomValues(new Uint8Array(32)),
      salt: crypto.getRandomValues(new Uint8Array(saltLength)),
      seq: Number.MAX_SAFE_INTEGER - saltLength,
      value: crypto.getRandomValues(new Uint8Array(valueLength)),
      signature: crypto.getRandomValues(new Uint8Array(64)),
    };
    assert.deepEqual(unpackItem(packItem(item)), item);
  }
});

Deno.test("packHex gives the same result as packItem, whatever was packed before", () => {
  const items = [[64, 1_000], [0, 1], [20, 200]].map(([saltLength, valueLength], i) => ({
    publicKey: crypto.getRandomValues(new Uint8Array(32)),
    salt: crypto.getRandomValues(new Uint8Array(saltLength!)),
    seq: 1_767_225_600_000 + i,
    value: crypto.getRandomValues(new Uint8Array(valueLength!)),
    signature: crypto.getRandomValues(new Uint8Array(64)),
  }));
  const hex = items.map(({ publicKey, signature, salt, value, seq }) => ({
    seq,
    saltBytes: salt.length,
    bytesHex: toHex(concatBytes(publicKey, signature, salt, value)).toUpperCase(),
  }));
  assert.deepEqual(packHex(hex), items.map(packItem));
  assert.deepEqual(packHex([]), []);
});
