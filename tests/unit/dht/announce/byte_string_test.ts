import assert from "node:assert/strict";
import { fromByteString, toByteString } from "../../../../src/dht/announce/byte_string.ts";

Deno.test("a byte string has one character for each byte and gives the bytes back", () => {
  const bytes = Uint8Array.from({ length: 1_200 }, (_, i) => i % 256);
  const text = toByteString(bytes);
  assert.equal(text.length, bytes.length);
  assert.deepEqual(fromByteString(text), bytes);
  assert.equal(toByteString(new Uint8Array()), "");
});
