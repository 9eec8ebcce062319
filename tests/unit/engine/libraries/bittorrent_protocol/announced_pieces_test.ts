import assert from "node:assert/strict";
import Connection from "bittorrent-protocol";
import { applyReplacements, type Wire } from "../../../../../src/engine/libraries/mod.ts";

applyReplacements();

type Peer = Wire & {
  peerPieces: { set(index: number, value: boolean): void };
  _onHave(index: number): void;
  _onBitField(bytes: Uint8Array): void;
};

/** A connection for a torrent of some pieces, of which we have those in `ours`. */
function connection(count: number | undefined, ours: readonly number[] = []) {
  const wire = new Connection("tcpOutgoing") as unknown as Peer;
  const heard: string[] = [];
  for (const event of ["have", "offer"]) {
    wire.on(event, (index: number) => heard.push(`${event} ${index}`));
  }
  wire.announcedTo = { count, lacks: (index) => !ours.includes(index) };
  return { wire, heard };
}

Deno.test("a peer's first and last piece are told as `have`, those that we lack as `offer`", () => {
  const { wire, heard } = connection(12, [3, 4]);
  for (let index = 0; index < 12; index++) wire._onHave(index);
  const offers = [1, 2, 5, 6, 7, 8, 9, 10].map((index) => `offer ${index}`);
  assert.deepEqual(heard, ["have 0", ...offers, "have 11"]);
  for (let index = 0; index < 12; index++) assert.equal(wire.peerPieces.get(index), true);
});

Deno.test("a piece that is announced twice, or that the torrent does not have, is not told", () => {
  const { wire, heard } = connection(12);
  for (const index of [5, 5, 12, 400_000, 4_294_967_295]) wire._onHave(index);
  assert.deepEqual(heard, ["have 5"]);
  assert.equal(wire.peerPieces.get(12), false);
});

Deno.test("the pieces of a bitfield count, but not its spare bits", () => {
  const { wire, heard } = connection(12, [11]);
  wire._onBitField(Uint8Array.of(0b1111_1111, 0b1100_1111));
  wire._onHave(10);
  wire._onHave(11);
  assert.deepEqual(heard, ["offer 10", "have 11"]);
});

Deno.test("a piece that the peer has withdrawn is missing again", () => {
  const { wire, heard } = connection(4, [0, 1, 2, 3]);
  wire._onBitField(Uint8Array.of(0b1000_0000));
  wire._onHave(1);
  wire.peerPieces.set(0, false);
  for (const index of [2, 3]) wire._onHave(index);
  assert.deepEqual(heard, []);
  wire._onHave(0);
  assert.deepEqual(heard, ["have 0"]);
});

Deno.test("while the number of pieces is unknown, each piece is told", () => {
  const { wire, heard } = connection(undefined);
  for (const index of [7, 8, 8]) wire._onHave(index);
  assert.deepEqual(heard, ["have 7", "have 8"]);
});
