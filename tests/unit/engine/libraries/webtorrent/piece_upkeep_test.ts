import assert from "node:assert/strict";
import Connection from "bittorrent-protocol";
import Torrent from "webtorrent/lib/torrent.js";
import { applyReplacements } from "../../../../../src/engine/libraries/mod.ts";
import { seededRandom } from "../../../../support/simulated_dht.ts";

applyReplacements();

interface BitField {
  buffer: Uint8Array;
  get(index: number): boolean;
  set(index: number, value?: boolean): void;
  setAll: unknown;
}

/** The class of npm:bitfield, which is not among our dependencies. */
const BitField = (new Connection("tcpOutgoing") as unknown as { peerPieces: object }).peerPieces
  .constructor as new (data: number) => BitField;

interface Members {
  _checkDone(this: FakeTorrent): boolean;
  _updateWireInterest(this: FakeTorrent, peer: Peer): void;
}

const members = (Torrent as unknown as { prototype: Members }).prototype;

interface Peer {
  peerPieces: { buffer: Uint8Array; get(index: number): boolean; setAll?: unknown };
  interested(): void;
  uninterested(): void;
}

/** The members of a torrent that `_checkDone` and `_updateWireInterest` use. */
class FakeTorrent {
  destroyed = false;
  done = false;
  collected = 0;
  /** Number of pieces that were looked at. */
  looks = 0;
  readonly events: string[] = [];
  readonly pieces: unknown[];
  readonly files: { done: boolean; _startPiece: number; _endPiece: number; emit(): void }[];
  readonly discovery = { complete: () => {} };
  readonly bitfield: BitField;

  constructor(count: number, files = 1) {
    this.pieces = Array(count).fill({});
    this.bitfield = new BitField(count);
    const { get } = this.bitfield;
    this.bitfield.get = (index) => {
      this.looks++;
      return get.call(this.bitfield, index);
    };
    const each = count / files;
    this.files = Array.from({ length: files }, (_, n) => ({
      done: false,
      _startPiece: n * each,
      _endPiece: (n + 1) * each - 1,
      emit: () => {},
    }));
  }

  _debug(): void {}
  _gcSelections(): void {
    this.collected++;
  }
  emit(event: string): void {
    this.events.push(event);
  }

  take(index: number): boolean {
    this.pieces[index] = null;
    this.bitfield.set(index, true);
    return members._checkDone.call(this);
  }

  /** Whether a peer with these pieces is told that we want some. */
  wants(peerPieces: Peer["peerPieces"]): boolean {
    let wants: boolean | undefined;
    const peer = { peerPieces, interested: () => wants = true, uninterested: () => wants = false };
    members._updateWireInterest.call(this, peer);
    assert.ok(wants !== undefined);
    return wants;
  }
}

function fieldOf(count: number, indexes: readonly number[]): Peer["peerPieces"] {
  const field = new BitField(count) as BitField;
  for (const index of indexes) field.set(index);
  return field;
}

Deno.test("a torrent is done after its last piece, in whatever order they come", () => {
  for (const seed of [1, 2, 3]) {
    const random = seededRandom(seed);
    const order = [...Array(100).keys()].sort(() => random() - 0.5);
    const torrent = new FakeTorrent(100);
    order.forEach((index, n) => assert.equal(torrent.take(index), n === 99));
    assert.deepEqual(torrent.events, ["done"]);
    assert.equal(torrent.collected, 100);
  }
});

Deno.test("a few pieces are looked at for each piece that comes, however many there are", () => {
  const torrent = new FakeTorrent(4_096);
  for (let index = 0; index < 4_096; index++) torrent.take(index);
  assert.ok(torrent.done);
  assert.ok(torrent.looks < 5 * 4_096, `${torrent.looks}`);
});

Deno.test("a torrent of two files has each of them done on its own", () => {
  const torrent = new FakeTorrent(4, 2);
  assert.equal(torrent.take(2), false);
  assert.equal(torrent.take(3), false);
  assert.deepEqual(torrent.files.map(({ done }) => done), [false, true]);
  torrent.take(0);
  assert.equal(torrent.take(1), true);
});

Deno.test("a peer with a piece that we lack is wanted, also with the last of 12", () => {
  const torrent = new FakeTorrent(12);
  for (let index = 0; index < 11; index++) torrent.take(index);
  assert.equal(torrent.wants(fieldOf(12, [0, 10])), false);
  assert.equal(torrent.wants(fieldOf(12, [11])), true);
  assert.equal(torrent.wants(fieldOf(12, [])), false);
  torrent.take(11);
  assert.equal(torrent.wants(fieldOf(12, [11])), false);
});

Deno.test("spare bits of a peer's bitfield are no pieces", () => {
  const torrent = new FakeTorrent(12);
  const spare = fieldOf(16, [12, 15]);
  assert.equal(torrent.wants(spare), false);
  assert.equal(torrent.wants(fieldOf(4, [3])), true);
});

Deno.test("a peer that said that it has all pieces (BEP 6) is wanted until we have all", () => {
  const torrent = new FakeTorrent(12);
  const all = { buffer: new Uint8Array(), get: () => true };
  for (let index = 0; index < 11; index++) torrent.take(index);
  assert.equal(torrent.wants(all), true);
  torrent.take(11);
  assert.equal(torrent.wants(all), false);
});
