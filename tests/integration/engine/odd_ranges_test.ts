/** Peers that send no ranges but blocks, in downloads of which parts of pieces are reused. */

import assert from "node:assert/strict";
import { TestEngine } from "../../support/engines.ts";
import { fastClock } from "../../support/fast_clock.ts";
import { downloadWith, oddRanges } from "../../support/reuse.ts";
import { type SampleTorrent, sampleTorrent } from "../../support/torrents.ts";
import {
  uint32At,
  type WireBehaviour,
  WireListener,
  wireMessage,
  type WirePeer,
} from "../../support/wire_peer.ts";

const [UNCHOKE, REQUEST, PIECE, HAVE_ALL, REJECT] = [1, 6, 7, 14, 16];
const BLOCK_BYTES = 16_384;
const PIECE_BYTES = 4 * BLOCK_BYTES;

/** A clock with which no test waits for silent peers. */
const hurried = fastClock(16);

/** A seeder that sends whole blocks; what it does when it is asked for another range is given. */
function blocksAlone(
  { content }: SampleTorrent,
  refuse: (peer: WirePeer, body: Uint8Array) => void | Promise<unknown>,
): WireBehaviour {
  return {
    opened: (peer) => peer.send(wireMessage(HAVE_ALL), wireMessage(UNCHOKE)),
    async message(peer, id, body) {
      if (id !== REQUEST) return;
      const [index, offset, length] = [0, 4, 8].map((at) => uint32At(body, at));
      const start = index! * PIECE_BYTES + offset!;
      const blockBytes = Math.min(BLOCK_BYTES, content.length - start);
      if (offset! % BLOCK_BYTES !== 0 || length !== blockBytes) {
        peer.deeds++;
        await refuse(peer, body);
      } else {
        const block = content.subarray(start, start + blockBytes);
        await peer.send(wireMessage(PIECE, body.subarray(0, 8), block));
      }
    },
  };
}

const refusals: Record<string, (peer: WirePeer, body: Uint8Array) => void | Promise<unknown>> = {
  "refuses other ranges": (peer, body) => peer.send(wireMessage(REJECT, body)),
  "hangs up when it is asked for another range": (peer) => peer[Symbol.dispose](),
  "does not answer requests for other ranges": () => {},
  "sends a block for another range": (peer, body) => {
    const wrong = new Uint8Array(BLOCK_BYTES);
    return peer.send(wireMessage(PIECE, body.subarray(0, 8), wrong));
  },
};

const sample = sampleTorrent(40 * PIECE_BYTES + 12_345, { pieceBytes: PIECE_BYTES });
const ranges = oddRanges(sample.content.length);
const { torrent, content } = sample;

for (const [name, refuse] of Object.entries(refusals)) {
  Deno.test(`a seeder that ${name} is asked for whole blocks`, async () => {
    using listener = new WireListener(sample, () => blocksAlone(sample, refuse));
    await using reader = await TestEngine.start({ clock: hurried });
    const peers = [listener.address];
    const { downloaded, last } = await downloadWith(reader, peers, sample, content, ranges, {
      torrent,
    });
    assert.deepEqual(downloaded, content);
    assert.ok(listener.deeds > 0, "it was asked for other ranges");
    assert.equal(last.downloadedBytes, content.length);
  });

  Deno.test(`beside a seeder that ${name}, another one sends ranges`, async () => {
    using listener = new WireListener(sample, () => blocksAlone(sample, refuse));
    await using seeder = await TestEngine.start();
    await seeder.seed(sample);
    await using reader = await TestEngine.start({ clock: hurried });
    const peers = [listener.address, seeder.address];
    const { downloaded, last } = await downloadWith(reader, peers, sample, content, ranges, {
      torrent,
    });
    assert.deepEqual(downloaded, content);
    assert.ok(last.reusedBytes > 0);
  });
}

/** A seeder that alters the first byte of what `lies` says. */
function liar(lies: (start: number, length: number) => boolean): WireBehaviour {
  return {
    opened: (peer) => peer.send(wireMessage(HAVE_ALL), wireMessage(UNCHOKE)),
    async message(peer, id, body) {
      if (id !== REQUEST) return;
      const [index, offset, length] = [0, 4, 8].map((at) => uint32At(body, at));
      const start = index! * PIECE_BYTES + offset!;
      const bytes = content.slice(start, start + length!);
      if (lies(start, length!)) {
        peer.deeds++;
        bytes[0]! ^= 1;
      }
      await peer.send(wireMessage(PIECE, body.subarray(0, 8), bytes));
    },
  };
}

Deno.test("a peer that sends wrong ranges costs the pieces that it was asked for, no more", async () => {
  const isBlock = (start: number, length: number) =>
    start % BLOCK_BYTES === 0 && (length === BLOCK_BYTES || start + length === content.length);
  using listener = new WireListener(sample, () => liar((...range) => !isBlock(...range)));
  await using reader = await TestEngine.start();
  const peers = [listener.address];
  const { downloaded, last } = await downloadWith(reader, peers, sample, content, ranges, {
    torrent,
  });
  assert.deepEqual(downloaded, content);
  assert.ok(listener.deeds > 0);
  assert.equal(listener.dialled, 1, "it was not banned, since it sends whole pieces");
  assert.ok(last.fetchedBytes < 2 * content.length, `${last.fetchedBytes} bytes came`);
});

Deno.test("a peer that sends wrong bytes for all that it is asked for is banned", async () => {
  let isLying = false;
  using listener = new WireListener(sample, () => liar(() => isLying));
  await using seeder = await TestEngine.start();
  await seeder.seed(sample);
  await using reader = await TestEngine.start();
  const peers = [listener.address];
  const { downloaded } = await downloadWith(reader, peers, sample, content, ranges, {
    torrent,
    onProgress: (progress) => {
      if (progress.readyBytes > 0) isLying = true;
      // The piece that is requested whole after a wrong range is wrong, too.
      if (progress.peers === 0 && listener.deeds > 0) {
        reader.engine.addPeers(sample.infoHashHex, [seeder.address]);
      }
    },
  });
  assert.deepEqual(downloaded, content);
  assert.ok(listener.deeds > 0);
  assert.equal(listener.dialled, 1, "it is not dialled again");
});

Deno.test("a peer that hardly sends anything keeps no other peer from sending blocks", async () => {
  let isOffered = false;
  const requests: (() => Promise<boolean>)[] = [];
  using trickling = new WireListener(sample, () => ({
    opened: (peer) => peer.send(wireMessage(HAVE_ALL), wireMessage(UNCHOKE)),
    async message(peer, id, body) {
      if (id !== REQUEST) return;
      const [index, offset, length] = [0, 4, 8].map((at) => uint32At(body, at));
      const start = index! * PIECE_BYTES + offset!;
      const bytes = content.subarray(start, start + length!);
      const answer = () => peer.send(wireMessage(PIECE, body.subarray(0, 8), bytes));
      const isOdd = offset! % BLOCK_BYTES !== 0 || length !== BLOCK_BYTES;
      if (!isOffered || (isOdd && peer.deeds++ === 0)) await answer();
      else requests.push(answer);
    },
  }));
  using honest = new WireListener(
    sample,
    () => blocksAlone(sample, refusals["refuses other ranges"]!),
  );
  await using reader = await TestEngine.start({ clock: hurried });
  // More often than a connection is given up, and too seldom for the download to end.
  const timer = setInterval(() => void requests.shift()?.().catch(() => {}), 20_000);
  try {
    const peers = [honest.address, trickling.address];
    const { downloaded } = await downloadWith(reader, peers, sample, content, ranges, {
      torrent,
      onProgress: ({ readyBytes }) => isOffered ||= readyBytes > 0,
    });
    assert.deepEqual(downloaded, content);
    assert.ok(trickling.deeds > 0 && honest.deeds > 0);
  } finally {
    clearInterval(timer);
  }
});
