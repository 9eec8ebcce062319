import assert from "node:assert/strict";
import { packItem, unpackItem } from "../../../src/dht/packed_item.ts";

Deno.test("an item comes out of its packing as it was, of whatever lengths it is", () => {
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
