import assert from "node:assert/strict";
import fc from "fast-check";
import { formatAddress } from "../../../../src/base/mod.ts";
import { decodeHoleMessage, encodeHoleMessage } from "../../../../src/engine/holes/message.ts";

Deno.test("a message is type, family, address, port and error code (BEP 55)", () => {
  const four = { host: "192.0.2.1", port: 6_881 };
  const six = { host: "2001:db8::1", port: 6_881 };
  const hex = (type: "rendezvous" | "connect" | "error", peer = four, code = 0) =>
    encodeHoleMessage({ type, peer, code }).toHex();
  assert.equal(hex("rendezvous"), "0000" + "c0000201" + "1ae1" + "00000000");
  assert.equal(hex("connect"), "0100" + "c0000201" + "1ae1" + "00000000");
  assert.equal(hex("error", four, 2), "0200" + "c0000201" + "1ae1" + "00000002");
  assert.equal(hex("connect", six), "0101" + "20010db8000000000000000000000001" + "1ae100000000");
});

Deno.test("a message is read as it was written, with or without more at its end", () => {
  const address = fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
  );
  const options = { noNullPrototype: true };
  const port = fc.integer({ min: 1, max: 65_535 });
  const message = fc.record({
    type: fc.constantFrom("rendezvous", "connect", "error"),
    peer: fc.record({ host: address.map(formatAddress), port }, options),
    code: fc.nat(),
  }, options);
  fc.assert(fc.property(message, fc.uint8Array({ maxLength: 9 }), (one, more) => {
    const bytes = encodeHoleMessage(one);
    assert.deepEqual(decodeHoleMessage(bytes), one);
    assert.deepEqual(decodeHoleMessage(Uint8Array.of(...bytes, ...more)), one);
    assert.deepEqual(decodeHoleMessage(bytes.subarray(0, -4)), { ...one, code: 0 });
    for (let length = 0; length < bytes.length - 4; length++) {
      assert.equal(decodeHoleMessage(bytes.subarray(0, length)), undefined);
    }
  }));
});

Deno.test("unknown types and families, and port 0, are malformed", () => {
  for (const hex of ["0300c00002011ae100000000", "0002c00002011ae1", "0000c0000201000000000000"]) {
    assert.equal(decodeHoleMessage(Uint8Array.fromHex(hex)), undefined, hex);
  }
});
