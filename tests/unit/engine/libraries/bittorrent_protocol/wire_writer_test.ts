import assert from "node:assert/strict";
import Connection from "bittorrent-protocol";
import { concatBytes } from "../../../../../src/base/mod.ts";
import { applyReplacements } from "../../../../../src/engine/libraries/mod.ts";

applyReplacements();

interface Wire {
  peerChoking: boolean;
  requests: { piece: number; offset: number; length: number }[];
  on(event: string, listener: (bytes: Uint8Array) => void): void;
  interested(): void;
  have(index: number): void;
  request(
    index: number,
    offset: number,
    length: number,
    done: (error: Error | null) => void,
  ): void;
  piece(index: number, offset: number, block: Uint8Array): void;
  destroy(): void;
  _onPiece(index: number, offset: number, block: Uint8Array): void;
}

function connection(): { wire: Wire; sent: Uint8Array[] } {
  const wire = new Connection("tcpOutgoing") as unknown as Wire;
  const sent: Uint8Array[] = [];
  wire.on("data", (bytes) => sent.push(bytes));
  wire.peerChoking = false;
  return { wire, sent };
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("messages of one turn go out together, in order", async () => {
  const { wire, sent } = connection();
  wire.interested();
  for (let i = 0; i < 3; i++) wire.request(i, i * 2, 16_384, () => {});
  wire.piece(7, 8, Uint8Array.of(1, 2, 3));
  await turn();
  assert.equal(sent.length, 1);
  const types: number[] = [];
  for (let at = 0; at < sent[0]!.length;) {
    types.push(sent[0]![at + 4]!);
    at += 4 + new DataView(sent[0]!.buffer, sent[0]!.byteOffset + at).getUint32(0);
  }
  assert.deepEqual(types, [2, 6, 6, 6, 7]);
  wire.have(1);
  await turn();
  assert.equal(sent[1]!.toHex(), "000000050400000001");
  wire.destroy();
});

Deno.test("a message has its length, type and numbers, each of four bytes, and its data", async () => {
  const { wire, sent } = connection();
  wire.request(0xfedc_ba98, 0x0102_0304, 16_384, () => {});
  await turn();
  wire.piece(1, 2, Uint8Array.of(0xaa, 0xbb));
  await turn();
  assert.deepEqual(sent.map((bytes) => bytes.toHex()), [
    "0000000d06fedcba980102030400004000",
    "0000000b070000000100000002aabb",
  ]);
  wire.destroy();
});

Deno.test("short messages share memory, because a buffer for each takes longer to make", async () => {
  const { wire, sent } = connection();
  for (let i = 0; i < 4; i++) {
    wire.have(i);
    await turn();
  }
  // One buffer of the pool may have been used up on the way.
  assert.ok(new Set(sent.map(({ buffer }) => buffer)).size <= 2);
  assert.equal(sent.map((bytes) => bytes[8]).join(), "0,1,2,3");
  wire.destroy();
});

Deno.test("a mebibyte of blocks in one turn goes out whole, in several parts", async () => {
  const { wire, sent } = connection();
  const blocks = Array.from({ length: 64 }, (_, i) => new Uint8Array(16_384).fill(i));
  blocks.forEach((block, i) => wire.piece(0, i * 16_384, block));
  await turn();
  const whole = concatBytes(...sent);
  assert.equal(whole.length, 64 * (16_384 + 13));
  blocks.forEach((block, i) => {
    const at = i * (16_384 + 13) + 13;
    assert.deepEqual(whole.slice(at, at + 16_384), block, `block ${i}`);
  });
  assert.ok(sent.every(({ length }) => length < 256 * 1024));
  wire.destroy();
});

Deno.test("nothing is sent after the end of a connection", async () => {
  const { wire, sent } = connection();
  wire.destroy();
  await turn();
  wire.have(1);
  await turn();
  assert.deepEqual(sent, []);
});

Deno.test("requests keep their order when blocks come in another order", () => {
  const { wire } = connection();
  const answered: number[] = [];
  for (let i = 0; i < 6; i++) wire.request(i, 0, 4, (error) => error || answered.push(i));
  for (const i of [3, 0, 5]) wire._onPiece(i, 0, new Uint8Array(4));
  assert.deepEqual(wire.requests.map(({ piece }) => piece), [1, 2, 4]);
  // Two blocks that must be ignored: one of wrong length, and one that was not requested.
  wire._onPiece(1, 0, new Uint8Array(5));
  wire._onPiece(9, 0, new Uint8Array(4));
  assert.deepEqual(answered, [3, 0, 5]);
  wire.destroy();
});
