/** Tests requests for blocks that a peer gets before the torrent's metadata are known. */

import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import {
  type EarlyRequester,
  requestEarly,
} from "../../../../../src/engine/libraries/bittorrent_protocol/early_requests.ts";
import { FakeClock } from "../../../../support/fake_clock.ts";

const BLOCK = new Uint8Array(100).fill(7);

/** A connection that has requested block 0 of piece 0 early. Records what is sent, and what arrives. */
function connect() {
  const [sent, answers]: [string[], string[]] = [[], []];
  const clock = new FakeClock();
  const wire: EarlyRequester & EventEmitter = Object.assign(new EventEmitter(), {
    peerChoking: true,
    destroyed: false,
    _finished: false,
    requests: [] as EarlyRequester["requests"],
    _message: (type: number, numbers: readonly number[]) => void sent.push(`${type}:${numbers}`),
    request(
      piece: number,
      offset: number,
      length: number,
      callback: EarlyRequester["requests"][number]["callback"],
    ) {
      wire.requests.push({ piece, offset, length, callback });
      wire._message(6, [piece, offset, length], null);
    },
    _onPiece(piece: number, offset: number, block: Uint8Array) {
      const at = wire.requests.findIndex((request) =>
        request.piece === piece && request.offset === offset && request.length === block.length
      );
      if (at === -1) answers.push("unasked");
      else wire.requests.splice(at, 1)[0]!.callback(null, block);
    },
  });
  requestEarly(wire, [[0, 0, 100]], clock);
  const ask = () => wire.request(0, 0, 100, (_, block) => void answers.push(`${block}`));
  return { wire, clock, sent, answers, ask };
}

Deno.test("a block that has arrived early answers the request for it once", async () => {
  const { wire, sent, answers, ask } = connect();
  const message = BLOCK.slice();
  wire._onPiece(0, 0, message);
  message.fill(0);
  assert.deepEqual(answers, []);
  wire.peerChoking = false;
  ask();
  await Promise.resolve();
  assert.deepEqual(answers, [`${BLOCK}`]);
  assert.deepEqual(sent, ["6:0,0,100"]);
  ask();
  assert.deepEqual(sent, ["6:0,0,100", "6:0,0,100"]);
});

Deno.test("a block that arrives before the peer unchokes us answers a request of an allowed piece", async () => {
  const { wire, sent, answers, ask } = connect();
  wire._onPiece(0, 0, BLOCK);
  ask();
  await Promise.resolve();
  assert.deepEqual([answers, sent], [[`${BLOCK}`], ["6:0,0,100"]]);
});

Deno.test("a block that is requested twice is sent once, if it is on its way", () => {
  const { wire, sent, answers, ask } = connect();
  wire.peerChoking = false;
  ask();
  assert.deepEqual(sent, ["6:0,0,100"]);
  wire._onPiece(0, 0, BLOCK);
  assert.deepEqual(answers, [`${BLOCK}`]);
});

Deno.test("a peer that drops an early request gets it again after three seconds", async () => {
  const { wire, clock, sent, answers, ask } = connect();
  wire.peerChoking = false;
  ask();
  await clock.advance(3_000);
  assert.deepEqual(sent, ["6:0,0,100", "6:0,0,100"]);
  assert.equal(wire.requests.length, 1);
  wire._onPiece(0, 0, BLOCK);
  assert.deepEqual(answers, [`${BLOCK}`]);
  await clock.advance(10_000);
  assert.equal(sent.length, 2);
});

Deno.test("while other blocks arrive, an early request is not sent again", async () => {
  const { wire, clock, sent, answers, ask } = connect();
  wire.peerChoking = false;
  ask();
  await clock.advance(2_000);
  wire._onPiece(9, 0, BLOCK);
  await clock.advance(1_000);
  assert.deepEqual([sent, answers], [["6:0,0,100"], ["unasked"]]);
});

Deno.test("a rejected block is requested by a new message", () => {
  const { wire, sent, ask } = connect();
  wire.emit("reject", 0, 0, 100);
  wire.peerChoking = false;
  ask();
  assert.deepEqual(sent, ["6:0,0,100", "6:0,0,100"]);
});

Deno.test("a connection that has ended gets no early block", async () => {
  const { wire, answers, ask } = connect();
  wire._onPiece(0, 0, BLOCK);
  wire.peerChoking = false;
  ask();
  wire.destroyed = true;
  await Promise.resolve();
  assert.deepEqual(answers, []);
});
