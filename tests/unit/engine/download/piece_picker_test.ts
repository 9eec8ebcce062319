import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { PiecePicker } from "../../../../src/engine/download/piece_picker.ts";
import {
  countFreedRequest,
  letSpeedBeAssumed,
} from "../../../../src/engine/libraries/webtorrent/requests.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { seededRandom } from "../../../support/simulated_dht.ts";

/** Number of blocks in a piece. */
const BLOCKS = 2;

/**
 * Makes a peer that has the pieces for which `has` returns true. Its measured speed is `speed`
 * bytes per second.
 */
function peer(has: (index: number) => boolean, { isSeeder = false, speed = 0 } = {}) {
  return {
    isSeeder,
    destroyed: false,
    peerChoking: false,
    hasFast: false,
    peerAllowedFastSet: [] as number[],
    downloaded: 1,
    /** Indexes of the requested pieces, one entry for each requested block. */
    requests: [] as number[],
    peerPieces: { get: has },
    downloadSpeed: (): number => speed,
  };
}

type Peer = ReturnType<typeof peer>;

/** A fake of WebTorrent's torrent that records the block requests. */
class Download extends EventEmitter {
  ready = true;
  readonly pieceLength = BLOCKS * 16_384;
  pieces;
  readonly clock = new FakeClock();
  requestStrategy!: { askPeer(wire: Peer): void };
  /**
   * Number of requests made with hotswap (taking over a block that a slower peer was asked for).
   */
  swapped = 0;

  readonly picker: PiecePicker;

  constructor(count: number, readonly wires: Peer[], wantedBytes?: number) {
    super();
    this.pieces = Array.from({ length: count }, () => this.#piece()) as (Piece | null)[];
    this.picker = new PiecePicker(this as never, this.clock, seededRandom(7), wantedBytes);
  }

  #piece(): Piece {
    return { _cancellations: [], _reservations: 0, _chunks: BLOCKS };
  }

  _request(wire: Peer, index: number, isIdle: boolean): boolean {
    const piece = this.pieces[index]!;
    if (piece._cancellations.length > 0) piece._cancellations.pop();
    else if (piece._reservations < piece._chunks) piece._reservations++;
    else {
      if (isIdle) this.swapped++;
      return false;
    }
    wire.requests.push(index);
    return true;
  }

  /**
   * Treats a peer's earlier requests as answered, and returns the pieces that the peer is asked for
   * next.
   */
  asked(wire: Peer): number[] {
    wire.requests = [];
    this.requestStrategy.askPeer(wire);
    return wire.requests;
  }

  /** Has a request for a block fail. */
  failed(index: number): void {
    this.pieces[index]!._cancellations.push(0);
    countFreedRequest();
  }

  /** Marks a piece of the torrent as downloaded and verified. */
  verified(index: number): void {
    this.pieces[index] = null;
    this.emit("verified", index);
  }
}

interface Piece {
  _cancellations: number[];
  _reservations: number;
  _chunks: number;
}

const everything = () => true;

Deno.test("pieces are begun nearly in order while all peers are seeders", () => {
  const seeder = peer(everything, { isSeeder: true });
  const download = new Download(1_000, [seeder]);
  const begun: number[] = [];
  for (let n = 0; n < 1_000; n++) {
    const [first, second] = download.asked(seeder);
    assert.equal(first, second, "a piece is finished before the next is begun");
    begun.push(first!);
    download.verified(first!);
    if (n % 10 === 0) download.clock.advance(1_000);
  }
  assert.deepEqual(begun.toSorted((a, b) => a - b), [...begun.keys()]);
  assert.notDeepEqual(begun, [...begun.keys()]);
  // A window of 64 runs of eight pieces, and a run, because the order is computed anew.
  begun.forEach((index, n) => assert.ok(index < n + 65 * 8, `${index} was number ${n}`));
  const isInRun = (index: number, n: number) => n > 0 && index === begun[n - 1]! + 1;
  assert.ok(begun.filter(isInRun).length > 800, "small pieces are begun in runs of eight");
});

Deno.test("the rarest pieces among leechers come first, ties at random", () => {
  const many = peer((index) => index % 2 === 0);
  const few = peer((index) => index % 4 === 0);
  const seeder = peer(everything, { isSeeder: true });
  const download = new Download(80, [many, few, seeder]);
  const begun: number[] = [];
  for (let n = 0; n < 80; n++) begun.push(download.asked(seeder)[0]!);
  const holders = begun.map((index) => index % 4 === 0 ? 2 : index % 2 === 0 ? 1 : 0);
  assert.deepEqual(holders, holders.toSorted((a, b) => a - b));
  const rarest = begun.slice(0, 40);
  assert.notDeepEqual(rarest, rarest.toSorted((a, b) => a - b));
});

Deno.test("a piece begun with one peer is finished with another", () => {
  const first = peer((index) => index < 10, { isSeeder: false });
  const second = peer(everything);
  const download = new Download(20, [first, second]);
  const [index] = download.asked(first);
  download.failed(index!);
  assert.ok(download.asked(second).includes(index!));
});

Deno.test("a seeder is first asked for pieces that no leecher has", () => {
  const leecher = peer((index) => index < 5);
  const seeder = peer(everything, { isSeeder: true });
  const download = new Download(10, [leecher, seeder]);
  const [begun] = download.asked(leecher);
  download.failed(begun!);
  const asked: number[] = [];
  for (let n = 0; n < 5; n++) asked.push(...download.asked(seeder));
  assert.deepEqual([...new Set(asked)].toSorted(), [5, 6, 7, 8, 9]);
  // Now only one of the torrent's pieces is left to download.
  for (let n = 0; n < 5; n++) asked.push(...download.asked(seeder));
  assert.ok(asked.includes(begun!));
});

Deno.test("a peer is asked only for pieces that it has, and not while it chokes us", () => {
  const nothing = peer(() => false);
  const choking = Object.assign(peer(everything), { peerChoking: true });
  const gone = Object.assign(peer(everything), { destroyed: true });
  const download = new Download(10, [nothing, choking, gone]);
  assert.deepEqual(download.asked(nothing), []);
  assert.deepEqual(download.asked(gone), []);
  assert.deepEqual(download.asked(choking), []);
});

Deno.test("a choking peer is asked only for allowed-fast pieces, while we have few pieces", () => {
  const choking = Object.assign(peer((index) => index !== 4), {
    peerChoking: true,
    hasFast: true,
    peerAllowedFastSet: [4, 7, 99],
  });
  const download = new Download(10, [choking]);
  assert.deepEqual(download.asked(choking), [7, 7]);
  for (const index of [0, 1, 2]) download.verified(index);
  download.failed(7);
  assert.deepEqual(download.asked(choking), []);
  const slow = Object.assign(choking, { hasFast: false });
  assert.deepEqual(new Download(10, [slow]).asked(slow), []);
});

Deno.test("a new peer is asked for a few blocks, a fast one for a second of its speed", () => {
  const unknown = Object.assign(peer(everything), { downloaded: 0, requests: [] });
  const fast = peer(everything, { speed: 100 * 16_384 });
  const modest = Object.assign(peer(everything, { speed: 100 * 16_384 }), {
    peerExtendedHandshake: { reqq: 30 },
  });
  const download = new Download(1_000, [unknown, fast, modest]);
  assert.equal(download.asked(unknown).length, 8);
  // A peer of unknown speed gets no more requests before its first block has arrived.
  download.requestStrategy.askPeer(unknown);
  assert.equal(unknown.requests.length, 8);
  const shy = Object.assign(peer(everything), {
    downloaded: 0,
    peerExtendedHandshake: { reqq: 3 },
  });
  assert.equal(download.asked(shy).length, 3);
  assert.equal(download.asked(fast).length, 102);
  assert.equal(download.asked(modest).length, 30);
  // The request pipeline is refilled when half of the requests have been answered.
  fast.requests = fast.requests.slice(0, 51);
  download.requestStrategy.askPeer(fast);
  assert.equal(fast.requests.length, 51);
  fast.requests.pop();
  download.requestStrategy.askPeer(fast);
  assert.equal(fast.requests.length, 102);
});

Deno.test("the fastest peer has 512 requests at a time, and gets more when half are answered", () => {
  const fastest = Object.assign(peer(everything, { speed: 10_000 * 16_384 }), {
    peerExtendedHandshake: { reqq: 2_000 },
  });
  const download = new Download(1_000, [fastest]);
  assert.equal(download.asked(fastest).length, 512);
  fastest.requests = fastest.requests.slice(0, 256);
  download.requestStrategy.askPeer(fastest);
  assert.equal(fastest.requests.length, 256);
  fastest.requests.pop();
  download.requestStrategy.askPeer(fastest);
  assert.equal(fastest.requests.length, 512);
});

Deno.test("WebTorrent sees a sufficient speed while blocks are requested", () => {
  const unknown = peer(everything, { speed: 5 });
  letSpeedBeAssumed(unknown);
  const download = new Download(1, [unknown, peer(everything)]);
  const speeds = new Set<number>();
  const { _request } = download;
  download._request = (wire, index, isIdle) => {
    speeds.add(isIdle ? -wire.downloadSpeed() : wire.downloadSpeed());
    return _request.call(download, wire, index, isIdle);
  };
  assert.equal(download.asked(unknown).length, BLOCKS);
  // When WebTorrent's hotswap looks for a slower peer, `downloadSpeed()` returns the peer's
  // measured speed.
  assert.deepEqual([...speeds].sort((a, b) => a - b), [-5, 3 * 16_384]);
  assert.equal(unknown.downloadSpeed(), 5);
});

Deno.test("an idle peer is asked for blocks that others have not sent (end game)", () => {
  const slow = peer(everything);
  const idle = peer(everything);
  const download = new Download(3, [slow, idle]);
  for (let n = 0; n < 3; n++) download.asked(slow);
  assert.equal(download.swapped, 0);
  assert.deepEqual(download.asked(idle), []);
  assert.equal(download.swapped, 3);
});

Deno.test("a piece that failed verification is requested again", () => {
  const seeder = peer(everything, { isSeeder: true });
  const download = new Download(1, [seeder]);
  assert.deepEqual(download.asked(seeder), [0, 0]);
  assert.deepEqual(download.asked(seeder), []);
  download.pieces[0] = { _cancellations: [], _reservations: 0, _chunks: BLOCKS };
  download.emit("warning", new Error("Piece 0 failed verification"));
  assert.deepEqual(download.asked(seeder), [0, 0]);
});

Deno.test("of a beginning, only its pieces are requested, in order and from one peer each", async () => {
  const one = peer(everything, { isSeeder: true, speed: 1_000_000 });
  const other = peer(everything, { isSeeder: true, speed: 1_000_000 });
  const pieceBytes = BLOCKS * 16_384;
  const download = new Download(50, [one, other], 2 * pieceBytes + 1);
  assert.deepEqual(download.asked(one), [0, 0, 1, 1, 2, 2]);
  assert.deepEqual(download.asked(other), []);
  assert.equal(download.swapped, 0);
  await download.clock.advance(5_000);
  download.asked(other);
  assert.ok(download.swapped > 0, "the first peer is silent, so the second one is asked, too");
  for (const index of [0, 1, 2]) download.verified(index);
  assert.deepEqual(download.asked(one), []);
  other.requests = [];
  download.picker.widen(pieceBytes);
  assert.deepEqual(one.requests, []);
  download.picker.widen(4 * pieceBytes);
  assert.deepEqual([one.requests, other.requests], [[3, 3], []]);
});

Deno.test("of a beginning, a choking peer's allowed-fast pieces beyond it are not requested", () => {
  const choking = peer(everything);
  Object.assign(choking, { peerChoking: true, hasFast: true, peerAllowedFastSet: [7, 0] });
  const download = new Download(50, [choking], 1);
  assert.deepEqual(download.asked(choking), [0, 0]);
});

Deno.test("pieces that are wholly requested are not looked at for each next request", () => {
  const seeder = peer(everything, { isSeeder: true });
  const download = new Download(4_000, [seeder]);
  for (let n = 0; n < 2_000; n++) download.asked(seeder);
  let looks = 0;
  seeder.peerPieces.get = () => {
    looks++;
    return true;
  };
  for (let n = 0; n < 1_000; n++) assert.equal(download.asked(seeder).length, BLOCKS);
  assert.ok(looks < 3_000, `${looks}`);
});

Deno.test("a peer that has nothing for us is searched once, then only for what it announces", () => {
  const has = new Set<number>();
  const leecher = Object.assign(new EventEmitter(), peer((index) => has.has(index)));
  const download = new Download(1_000, [leecher]);
  download.emit("wire", leecher);
  let looks = 0;
  leecher.peerPieces.get = (index) => {
    looks++;
    return has.has(index);
  };
  assert.deepEqual(download.asked(leecher), []);
  looks = 0;
  for (let n = 0; n < 100; n++) assert.deepEqual(download.asked(leecher), []);
  assert.equal(looks, 0);
  has.add(400);
  leecher.emit("offer", 400);
  assert.deepEqual(download.asked(leecher), [400, 400]);
  assert.deepEqual(download.asked(leecher), []);
  // A bitfield tells of any number of pieces.
  has.add(7);
  leecher.emit("bitfield");
  assert.deepEqual(download.asked(leecher), [7, 7]);
});

Deno.test("the end game tries the pieces that were begun first, and not at each event", async () => {
  const slow = peer(everything, { speed: 1_000_000 });
  const idle = peer(everything);
  const download = new Download(500, [slow, idle]);
  while (download.asked(slow).length > 0);
  download.swapped = 0;
  for (let n = 0; n < 100; n++) download.asked(idle);
  assert.equal(download.swapped, 64);
  await download.clock.advance(100);
  download.asked(idle);
  assert.equal(download.swapped, 128);
});

Deno.test("pieces that wait to be hashed are requested from nobody, until they turn out wrong", () => {
  const seeder = peer(everything, { isSeeder: true });
  const download = new Download(10, [seeder]);
  const pending = new Set([2, 3, 4, 5, 6, 7, 8, 9]);
  const requested: number[] = [];
  download.picker.rules = {
    isPending: (index) => pending.has(index),
    mayRequest: () => true,
    onRequested: (_wire, index) => requested.push(index),
  };
  const asked = new Set<number>();
  for (let n = 0; n < 10; n++) for (const index of download.asked(seeder)) asked.add(index);
  assert.deepEqual([...asked].sort(), [0, 1]);
  assert.deepEqual([...new Set(requested)].sort(), [0, 1]);
  pending.delete(7);
  seeder.requests = [];
  download.picker.askAgain();
  assert.deepEqual([...new Set(seeder.requests)], [7]);
});

Deno.test("a peer is not asked for pieces that the rules keep from it", () => {
  const one = peer(everything, { isSeeder: true });
  const other = peer(everything, { isSeeder: true });
  const download = new Download(6, [one, other]);
  download.picker.rules = {
    isPending: () => false,
    mayRequest: (wire, index) => wire !== one as never || index % 2 === 0,
    onRequested: () => {},
  };
  const asked: number[] = [];
  for (let n = 0; n < 10; n++) asked.push(...download.asked(one));
  assert.deepEqual([...new Set(asked)].sort(), [0, 2, 4]);
  for (let n = 0; n < 10; n++) asked.push(...download.asked(other));
  assert.deepEqual([...new Set(asked)].sort(), [0, 1, 2, 3, 4, 5]);
});
