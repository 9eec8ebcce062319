import assert from "node:assert/strict";
import { resetFor } from "../../../src/base/utp_reset.ts";

const [DATA, FIN, STATE, RESET, SYN] = [0x01, 0x11, 0x21, 0x31, 0x41];

/** A uTP packet with connection id 0x1234 and sequence number 0x5678. */
function packet(type: number, { extension = 0, rest = [] as number[] } = {}): Uint8Array {
  const header = [type, extension, 0x12, 0x34, ...new Uint8Array(12), 0x56, 0x78, 0x9a, 0xbc];
  return Uint8Array.of(...header, ...rest);
}

Deno.test("an ST_SYN is answered with an ST_RESET of its connection that acknowledges it", () => {
  const reset = resetFor(packet(SYN), 1)!;
  const expected = [RESET, 0, 0x12, 0x34, 0, 0, 3, 232, ...new Uint8Array(10), 0x56, 0x78];
  assert.deepEqual([...reset], expected);
});

Deno.test("ST_DATA with content is answered, also after extensions", () => {
  assert.ok(resetFor(packet(DATA, { rest: [7] }), 1));
  assert.ok(resetFor(packet(DATA, { extension: 1, rest: [2, 4, 0, 0, 0, 0, 0, 1, 9, 7] }), 1));
  assert.ok(resetFor(packet(SYN, { extension: 2, rest: [0, 3, 1, 2, 3] }), 1));
});

Deno.test("other types, versions and malformed packets are not answered", () => {
  const bad = {
    "another type": packet(STATE),
    "the end of a connection": packet(FIN),
    "an ST_RESET": packet(RESET),
    "version 0": packet(0x40),
    "type 5": packet(0x51),
    "a short header": packet(SYN).subarray(0, 19),
    "nothing": new Uint8Array(),
    "an ST_SYN with content": packet(SYN, { rest: [1] }),
    "ST_DATA without content": packet(DATA),
    "an extension that is cut": packet(SYN, { extension: 1, rest: [0, 4, 1] }),
    "an extension without length": packet(SYN, { extension: 1, rest: [0] }),
    "too many extensions": packet(SYN, {
      extension: 1,
      rest: Array.from({ length: 20 }, (_, i) => i < 18 && i % 2 === 0 ? 1 : 0),
    }),
  };
  for (const [what, bytes] of Object.entries(bad)) {
    assert.equal(resetFor(bytes, 1), undefined, what);
  }
});
