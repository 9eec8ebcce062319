import assert from "node:assert/strict";
import { type BlockSource, RunBuffers } from "../../../../src/engine/upload/block_run.ts";
import { type Request, RequestQueue } from "../../../../src/engine/upload/request_queue.ts";
import { randomBytes } from "../../../support/torrents.ts";

const PIECE_BYTES = 65_536;
const content = randomBytes(20 * PIECE_BYTES, 3);

const source: BlockSource = {
  pieceLength: PIECE_BYTES,
  has: (index) => index !== 9,
  read: (start, target, done) => {
    target.set(content.subarray(start, start + target.length));
    queueMicrotask(() => done(null));
  },
};

function queueOf(...requests: Request[]): RequestQueue {
  const queue = new RequestQueue();
  for (const request of requests) queue.push(...request);
  return queue;
}

function read(buffers: RunBuffers, queue: RequestQueue): Promise<Uint8Array | undefined> {
  return new Promise((resolve) =>
    buffers.read(buffers.takeRun(queue, source), source, (messages) => resolve(messages))
  );
}

/** The blocks in what goes out, as a peer would read them (BEP 3). */
function parse(messages: Uint8Array): { request: Request; block: Uint8Array }[] {
  const view = new DataView(messages.buffer, messages.byteOffset, messages.byteLength);
  const parsed = [];
  for (let at = 0; at < messages.length;) {
    const length = view.getUint32(at) - 9;
    assert.equal(messages[at + 4], 7);
    const request: Request = [view.getUint32(at + 5), view.getUint32(at + 9), length];
    parsed.push({ request, block: messages.slice(at + 13, at + 13 + length) });
    at += 13 + length;
  }
  return parsed;
}

function assertAnswers(messages: Uint8Array, requests: Request[]): void {
  const parsed = parse(messages);
  assert.deepEqual(parsed.map(({ request }) => request), requests);
  for (const { request: [index, offset, length], block } of parsed) {
    const start = index * PIECE_BYTES + offset;
    assert.deepEqual(block, content.slice(start, start + length));
  }
}

Deno.test("blocks that lie side by side go out together, across the end of a piece", async () => {
  const requests: Request[] = Array.from({ length: 7 }, (_, n) => {
    const start = 3 * PIECE_BYTES + 16_384 + n * 16_384;
    return [Math.floor(start / PIECE_BYTES), start % PIECE_BYTES, 16_384];
  });
  const queue = queueOf(...requests, [1, 0, 16_384]);
  assertAnswers((await read(new RunBuffers(), queue))!, requests);
  assert.equal(queue.length, 1);
});

Deno.test("blocks of odd lengths come out as they were asked for, also from used memory", async () => {
  const buffers = new RunBuffers();
  const rounds: Request[][] = [
    [[0, 0, 1], [0, 1, 1], [0, 2, 16_000], [0, 16_002, 3]],
    [[5, 7, 131_000]],
    [[2, 100, 5]],
    [[19, 0, PIECE_BYTES]],
  ];
  for (const requests of [...rounds, ...rounds.toReversed()]) {
    const messages = (await read(buffers, queueOf(...requests)))!;
    assertAnswers(messages, requests);
    buffers.give(messages);
  }
});

Deno.test("a run ends where blocks are missing, not side by side, or too many", async () => {
  const run = (...requests: Request[]) => new RunBuffers().takeRun(queueOf(...requests), source);
  assert.equal(run([8, 49_152, 16_384], [9, 0, 16_384]).requests.length, 1);
  assert.equal(run([0, 0, 16_384], [0, 32_768, 16_384]).requests.length, 1);
  assert.equal(run([0, 16_384, 16_384], [0, 0, 16_384]).requests.length, 1);
  const many = Array.from({ length: 30 }, (_, n): Request => [0, n * 100, 100]);
  assert.equal(run(...many).requests.length, 16);
  const long = Array.from({ length: 3 }, (_, n): Request => [2 * n, 0, 2 * PIECE_BYTES]);
  assert.equal(run(...long).lengthBytes, 4 * PIECE_BYTES);
  // Memory is used again.
  const buffers = new RunBuffers();
  const first = (await read(buffers, queueOf([0, 0, 16_384])))!;
  buffers.give(first);
  const second = (await read(buffers, queueOf([1, 0, 16_384])))!;
  assert.equal(second.buffer, first.buffer);
  assertAnswers(second, [[1, 0, 16_384]]);
});

Deno.test("while many runs are under way they are short", async () => {
  const buffers = new RunBuffers();
  const requests = Array.from({ length: 16 }, (_, n): Request => {
    return [Math.floor(n / 4), n % 4 * 16_384, 16_384];
  });
  const underWay: Uint8Array[] = [];
  for (let n = 0; n < 40; n++) underWay.push((await read(buffers, queueOf(...requests)))!);
  assert.equal(parse(underWay[0]!).length, 16);
  assert.equal(parse(underWay.at(-1)!).length, 8);
  for (const messages of underWay.slice(0, 20)) buffers.give(messages);
  for (const messages of underWay.slice(20)) buffers.forget(messages);
  assert.equal(parse((await read(buffers, queueOf(...requests)))!).length, 16);
});

Deno.test("what cannot be read is told, and its memory is free again", async () => {
  const buffers = new RunBuffers();
  const broken: BlockSource = { ...source, read: (_start, _target, done) => done(new Error("no")) };
  for (let n = 0; n < 100; n++) {
    const queue = queueOf([0, 0, 16_384]);
    buffers.read(buffers.takeRun(queue, broken), broken, (messages) => {
      assert.equal(messages, undefined);
    });
  }
  const requests = Array.from({ length: 8 }, (_, n): Request => [0, n * 10, 10]);
  assert.equal(parse((await read(buffers, queueOf(...requests)))!).length, 8);
});
