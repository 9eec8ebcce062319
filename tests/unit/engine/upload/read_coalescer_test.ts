import assert from "node:assert/strict";
import { type BlockSource, ReadCoalescer } from "../../../../src/engine/upload/read_coalescer.ts";
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

function read(reads: ReadCoalescer, queue: RequestQueue): Promise<Uint8Array | undefined> {
  return new Promise((resolve) =>
    reads.read(reads.take(queue, source), source, (messages) => resolve(messages))
  );
}

/** Parses the bytes sent to a peer as BitTorrent messages (BEP 3). */
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

Deno.test("adjacent blocks are read together, also across a piece boundary", async () => {
  const requests: Request[] = Array.from({ length: 7 }, (_, n) => {
    const start = 3 * PIECE_BYTES + 16_384 + n * 16_384;
    return [Math.floor(start / PIECE_BYTES), start % PIECE_BYTES, 16_384];
  });
  const queue = queueOf(...requests, [9, 0, 16_384]);
  const reads = new ReadCoalescer();
  const together = reads.take(queueOf(...requests), source);
  assert.deepEqual(together.parts, [{ start: 3 * PIECE_BYTES + 16_384, lengthBytes: 7 * 16_384 }]);
  assertAnswers((await read(reads, queue))!, requests);
  assert.equal(queue.length, 1);
});

Deno.test("blocks that are requested in random order are sent together, in that order", async () => {
  const requests: Request[] = [
    [7, 16_384, 16_384],
    [2, 0, 16_384],
    [2, 16_384, 100],
    [0, 5, 7],
    [19, 49_152, 16_384],
    [2, 0, 16_384],
  ];
  const reads = new ReadCoalescer();
  assert.equal(reads.take(queueOf(...requests), source).parts.length, 5);
  // Reads end in another order than they began.
  const ends: (() => void)[] = [];
  const slow: BlockSource = {
    ...source,
    read: (start, target, done) => {
      ends.unshift(() => {
        target.set(content.subarray(start, start + target.length));
        done(null);
      });
    },
  };
  const messages = new Promise<Uint8Array>((resolve) =>
    reads.read(reads.take(queueOf(...requests), slow), slow, (messages) => resolve(messages!))
  );
  for (const end of ends) end();
  assertAnswers(await messages, requests);
});

Deno.test("a read of which one part fails yields undefined, after all parts have ended", () => {
  const reads = new ReadCoalescer();
  const ends: ((error: Error | null) => void)[] = [];
  const slow: BlockSource = { ...source, read: (_start, _target, done) => void ends.push(done) };
  const heard: unknown[] = [];
  const queue = queueOf([7, 0, 16_384], [2, 0, 16_384], [4, 0, 16_384]);
  reads.read(reads.take(queue, slow), slow, (messages) => heard.push(messages));
  ends[1]!(new Error("no"));
  ends[0]!(null);
  assert.deepEqual(heard, []);
  ends[2]!(null);
  assert.deepEqual(heard, [undefined]);
});

Deno.test("blocks of odd lengths are sent intact, also from reused buffers", async () => {
  const reads = new ReadCoalescer();
  const rounds: Request[][] = [
    [[0, 0, 1], [0, 1, 1], [0, 2, 16_000], [0, 16_002, 3]],
    [[5, 7, 131_000]],
    [[2, 100, 5]],
    [[19, 0, PIECE_BYTES]],
  ];
  for (const requests of [...rounds, ...rounds.toReversed()]) {
    const messages = (await read(reads, queueOf(...requests)))!;
    assertAnswers(messages, requests);
    reads.release(messages);
  }
});

Deno.test("a read ends at a missing block and at the maximum length", async () => {
  const readOf = (...requests: Request[]) => new ReadCoalescer().take(queueOf(...requests), source);
  assert.equal(readOf([8, 49_152, 16_384], [9, 0, 16_384]).requests.length, 1);
  const many = Array.from({ length: 30 }, (_, n): Request => [0, n * 100, 100]);
  assert.equal(readOf(...many).requests.length, 16);
  const long = Array.from({ length: 3 }, (_, n): Request => [2 * n, 0, 2 * PIECE_BYTES]);
  assert.equal(readOf(...long).lengthBytes, 4 * PIECE_BYTES);
  // A buffer that was released is reused for the next read.
  const reads = new ReadCoalescer();
  const first = (await read(reads, queueOf([0, 0, 16_384])))!;
  reads.release(first);
  const second = (await read(reads, queueOf([1, 0, 16_384])))!;
  assert.equal(second.buffer, first.buffer);
  assertAnswers(second, [[1, 0, 16_384]]);
});

Deno.test("reads are shortened under memory pressure", async () => {
  const reads = new ReadCoalescer();
  const requests = Array.from({ length: 16 }, (_, n): Request => {
    return [Math.floor(n / 4), n % 4 * 16_384, 16_384];
  });
  const pending: Uint8Array[] = [];
  for (let n = 0; n < 40; n++) pending.push((await read(reads, queueOf(...requests)))!);
  assert.equal(parse(pending[0]!).length, 16);
  assert.equal(parse(pending.at(-1)!).length, 8);
  for (const messages of pending.slice(0, 20)) reads.release(messages);
  for (const messages of pending.slice(20)) reads.forget(messages);
  assert.equal(parse((await read(reads, queueOf(...requests)))!).length, 16);
});

Deno.test("a failed read yields undefined and releases its memory", async () => {
  const reads = new ReadCoalescer();
  const broken: BlockSource = { ...source, read: (_start, _target, done) => done(new Error("no")) };
  for (let n = 0; n < 100; n++) {
    const queue = queueOf([0, 0, 16_384]);
    reads.read(reads.take(queue, broken), broken, (messages) => {
      assert.equal(messages, undefined);
    });
  }
  const requests = Array.from({ length: 8 }, (_, n): Request => [0, n * 10, 10]);
  assert.equal(parse((await read(reads, queueOf(...requests)))!).length, 8);
});
