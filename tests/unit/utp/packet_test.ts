/** Tests the packet format of uTP. */

import assert from "node:assert/strict";
import {
  HEADER_BYTES,
  isUtp,
  makePacket,
  readPacket,
  ST,
  writeHeader,
  writePadding,
} from "../../../src/utp/packet.ts";
import { distance, isBefore, SeqRing } from "../../../src/utp/sequence.ts";

const header = {
  type: ST.state,
  connectionId: 0xfedc,
  timestampUs: 0x89abcdef,
  delayUs: 0xf0000001,
  windowBytes: 0x00100000,
  seq: 0xfffe,
  ack: 0x0102,
};
/** The header above, written by hand after BEP 29. */
const HEX = "2100fedc89abcdeff000000100100000fffe0102";

Deno.test("a header has the bytes of BEP 29", () => {
  const bytes = makePacket(header);
  assert.equal(bytes.toHex(), HEX);
  const { payload, selective, ...read } = readPacket(bytes)!;
  assert.deepEqual(read, header);
  assert.equal(payload.length, 0);
  assert.equal(selective, undefined);
});

Deno.test("a time of more than 32 bits is written modulo 2^32", () => {
  const bytes = makePacket({ ...header, timestampUs: 5 * 2 ** 32 + 7.9 });
  assert.equal(readPacket(bytes)!.timestampUs, 7);
});

Deno.test("a selective acknowledgement is extension 1, before the payload", () => {
  const bytes = makePacket(header, Uint8Array.of(1, 2, 3, 4));
  assert.equal(bytes.toHex(), `2101${HEX.slice(4)}000401020304`);
  assert.deepEqual([...readPacket(bytes)!.selective!], [1, 2, 3, 4]);
});

Deno.test("a selective acknowledgement of libtorrent, of no multiple of four bytes, is read", () => {
  const content = Uint8Array.from({ length: 61 }, (_, index) => index + 1);
  const bytes = Uint8Array.fromHex(`2101${HEX.slice(4)}003d${content.toHex()}`);
  assert.deepEqual(readPacket(bytes)!.selective, content);
});

Deno.test("padding of any length is skipped by the reader", () => {
  for (let lengthBytes = 2; lengthBytes <= 600; lengthBytes++) {
    const bytes = new Uint8Array(HEADER_BYTES + lengthBytes + 3).fill(9);
    writeHeader(bytes, { ...header, type: ST.data });
    writePadding(bytes, lengthBytes);
    assert.deepEqual([...readPacket(bytes)!.payload], [9, 9, 9], `${lengthBytes} bytes`);
  }
});

const malformed: Record<string, string> = {
  "shorter than a header": HEX.slice(0, -2),
  "of another version": `22${HEX.slice(2)}`,
  "of an unknown type": `51${HEX.slice(2)}`,
  "with an extension that is missing": `2101${HEX.slice(4)}`,
  "with an extension that ends outside": `2105${HEX.slice(4)}000401`,
  "with an empty selective acknowledgement": `2101${HEX.slice(4)}0000`,
  "with nine extensions": `2105${HEX.slice(4)}${"0500".repeat(8)}0000`,
  "with data without a payload": `01${HEX.slice(2)}`,
};
for (const [what, hex] of Object.entries(malformed)) {
  Deno.test(`a packet ${what} is malformed`, () => {
    assert.equal(readPacket(Uint8Array.fromHex(hex)), undefined);
  });
}

Deno.test("no bencoded dictionary begins as a uTP packet", () => {
  assert.equal(isUtp(new TextEncoder().encode("d1:ad2:id20:")), false);
  for (const type of Object.values(ST)) assert.ok(isUtp(makePacket({ ...header, type })));
  assert.equal(isUtp(new Uint8Array(0)), false);
});

Deno.test("sequence numbers wrap around", () => {
  assert.equal(distance(0xfffe, 3), 5);
  assert.ok(isBefore(0xfffe, 3) && !isBefore(3, 0xfffe) && !isBefore(3, 3));
  const ring = new SeqRing<number>();
  for (let i = 0; i < 100; i++) ring.set((0xffe0 + i) & 0xffff, i, 0xffe0);
  for (let i = 0; i < 100; i++) assert.equal(ring.get((0xffe0 + i) & 0xffff, 0xffe0), i);
  assert.equal(ring.get(0xffe0 + 128, 0xffe0), undefined, "no other item in the same place");
});
