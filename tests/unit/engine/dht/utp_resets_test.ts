import assert from "node:assert/strict";
import { resetFor, UtpResets } from "../../../../src/engine/dht/utp_resets.ts";

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

Deno.test("the resets to one address, and to all, are limited", () => {
  let nowMs = 0;
  const resets = new UtpResets(() => nowMs);
  const sends = (address: string, port: number) =>
    typeof resets.answer(packet(SYN), address, port) !== "string";
  const toOnePort = Array.from({ length: 100 }, () => sends("192.0.2.1", 7_000));
  assert.equal(toOnePort.filter(Boolean).length, 4);
  const toOneAddress = Array.from({ length: 100 }, (_, i) => sends("192.0.2.1", 8_000 + i));
  assert.equal(toOneAddress.filter(Boolean).length, 12);
  const toAll = Array.from(
    { length: 1_000 },
    (_, i) => sends(`198.51.${i >> 8}.${i & 255}`, 9_000),
  );
  assert.equal(toAll.filter(Boolean).length, 200 - 16);
  assert.equal(resets.answer(packet(SYN), "192.0.2.1", 7_000), "limited");
  nowMs += 60_000;
  assert.ok(sends("192.0.2.1", 7_000));
});
