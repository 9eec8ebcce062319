/** Peers that lie only when they are asked for a part of a piece, beside honest ones. */

import assert from "node:assert/strict";
import { eventually, TestEngine } from "../support/engines.ts";
import { downloadWith, oddRanges } from "../support/reuse.ts";
import { withoutStall } from "../support/stalls.ts";
import { sampleTorrent } from "../support/torrents.ts";
import {
  uint32At,
  type WireBehaviour,
  WireListener,
  wireMessage,
  type WirePeer,
} from "../support/wire_peer.ts";

const [UNCHOKE, BITFIELD, REQUEST, PIECE, HAVE_ALL] = [1, 5, 6, 7, 14];
const BLOCK_BYTES = 16_384;
const PIECE_BYTES = 4 * BLOCK_BYTES;
const PIECES = 60;

const sample = sampleTorrent(PIECES * PIECE_BYTES, { pieceBytes: PIECE_BYTES });
const { torrent, content } = sample;
/** Nothing of the last piece is reused. */
const ranges = oddRanges((PIECES - 1) * PIECE_BYTES);

/** Bitfield of a peer that has all pieces but the last one. */
const allButLast = new Uint8Array(Math.ceil(PIECES / 8))
  .map((_, at) => 0xff << Math.max(0, 8 * (at + 1) - (PIECES - 1)));

/** Pieces of a peer, and its answer to a request. */
interface Manners {
  /** Message that says which pieces the peer has. */
  pieces: Uint8Array;
  /** Whether the first byte is altered. */
  isLie(isOdd: boolean): boolean;
  /** Resolves when the peer may answer. */
  mayAnswer(index: number): Promise<void>;
}

function seederWith(
  { pieces, isLie, mayAnswer }: Manners,
  opened: (peer: WirePeer) => void,
): WireBehaviour {
  return {
    opened(peer) {
      opened(peer);
      return peer.send(pieces, wireMessage(UNCHOKE));
    },
    message(peer, id, body) {
      if (id !== REQUEST) return;
      const [index, offset, length] = [0, 4, 8].map((at) => uint32At(body, at)) as [
        ...[number, number, number],
      ];
      void mayAnswer(index).then(async () => {
        const start = index * PIECE_BYTES + offset;
        const bytes = content.slice(start, start + length);
        const isOdd = offset % BLOCK_BYTES !== 0 || length !== BLOCK_BYTES;
        if (isLie(isOdd)) {
          peer.deeds++;
          bytes[0]! ^= 1;
        }
        await peer.send(wireMessage(PIECE, body.subarray(0, 8), bytes));
      });
    },
  };
}

/**
 * Downloads from liars and honest peers, with parts of nearly all pieces reused. The honest peers send most
 * only after each liar has lied, and the last piece only when all liars are disconnected.
 *
 * @param old the bytes that are reused
 */
async function downloadBeside(liars: number, honest: number, old: Uint8Array): Promise<void> {
  const until = (holds: () => boolean) => eventually(holds, "the liars act, and are disconnected");
  let failure: unknown;
  let areHonestThere = false;
  using stack = new DisposableStack();
  const listen = (manners: Manners) => {
    // A stall of the machine may end a connection, so that a peer is dialled again.
    const connections: WirePeer[] = [];
    const behaviour = () => seederWith(manners, (peer) => connections.push(peer));
    return { connections, listener: stack.use(new WireListener(sample, behaviour)) };
  };
  const haveLied = () =>
    lies.every(({ connections }) => connections.some(({ deeds }) => deeds > 0));
  const areGone = () => haveLied() && lies.every(isGone);
  const lie: Manners = {
    // The test waits for the last piece. A liar that had it and did not send it would be disconnected
    // for its silence, and dialled again.
    pieces: wireMessage(BITFIELD, allButLast),
    isLie: (isOdd) => isOdd,
    mayAnswer: () => Promise.resolve(),
  };
  const tell: Manners = {
    pieces: wireMessage(HAVE_ALL),
    isLie: () => false,
    async mayAnswer(index) {
      // The beginning comes before anything is reused. After a failure, the download has to end.
      if (index === 0 || failure) return;
      await until(index === PIECES - 1 ? areGone : haveLied).catch((error) => failure ??= error);
      areHonestThere = !told.some(isGone);
    },
  };
  const lies = Array.from({ length: liars }, () => listen(lie));
  const told = Array.from({ length: honest }, () => listen(tell));
  await using reader = await TestEngine.start();
  const peers = [...lies, ...told].map(({ listener }) => listener.address);
  const { downloaded } = await downloadWith(reader, peers, sample, old, ranges, { torrent });
  assert.deepEqual(downloaded, content);
  assert.equal(failure, undefined);
  assert.ok(areHonestThere, "no honest peer is disconnected");
  const dials = (peers: typeof lies) => peers.map(({ listener }) => listener.dialled);
  assert.deepEqual(dials(lies), Array(liars).fill(1), "a banned peer is not dialled again");
  assert.deepEqual(dials(told), Array(honest).fill(1), "an honest peer stays connected");
}

/** Whether all connections to a peer have ended. */
function isGone({ connections }: { connections: readonly WirePeer[] }): boolean {
  return connections.every(({ closed }) => closed);
}

Deno.test("a peer that lies in parts of pieces alone is banned, beside an honest one", () =>
  withoutStall(() => downloadBeside(1, 1, content)));

Deno.test("three peers that lie in parts of pieces alone are banned, and two honest ones stay", () =>
  withoutStall(() => downloadBeside(3, 2, content)));

Deno.test("an honest peer is not blamed for reused bytes that are wrong, a liar beside it is", () => {
  const old = content.slice();
  for (const { startBytes } of ranges.filter((_, i) => i % 2 === 0)) old[startBytes]! ^= 1;
  return withoutStall(() => downloadBeside(1, 2, old));
});
