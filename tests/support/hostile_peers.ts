/**
 * Hostile peers that claim to have a torrent, each with one kind of misbehaviour. Each peer counts
 * how often it has misbehaved, so that a test can assert that the misbehaviour took place.
 *
 * @module
 */

import { utf8 } from "../../src/base/mod.ts";
import { gossip } from "./peer_exchange.ts";
import type { SampleTorrent } from "./torrents.ts";
import { randomBytes } from "./torrents.ts";
import {
  extendedMessage,
  uint32,
  uint32At,
  type WireBehaviour,
  wireHandshake,
  wireMessage,
  type WirePeer,
} from "./wire_peer.ts";

const [UNCHOKE, INTERESTED, HAVE, BITFIELD, REQUEST, PIECE, HAVE_ALL, EXTENDED] = [
  1,
  2,
  4,
  5,
  6,
  7,
  14,
  20,
];
const BLOCK = 16_384;
const noise = randomBytes(BLOCK, 99);

/** Makes a `piece` message with random bytes in place of a block of the torrent. */
function wrongBlock(body: Uint8Array): Uint8Array {
  const length = Math.min(uint32At(body, 8), BLOCK);
  return wireMessage(PIECE, body.subarray(0, 8), noise.subarray(0, length));
}

/** Makes a `piece` message with the correct block of a torrent. */
function rightBlock({ content }: SampleTorrent, pieceBytes: number, body: Uint8Array): Uint8Array {
  const start = uint32At(body, 0) * pieceBytes + uint32At(body, 4);
  return wireMessage(
    PIECE,
    body.subarray(0, 8),
    content.subarray(start, start + uint32At(body, 8)),
  );
}

const offer = (peer: WirePeer) => peer.send(wireMessage(HAVE_ALL), wireMessage(UNCHOKE));

/** Sends hostile bytes, and counts the misbehaviour once they have been sent. */
async function doHarm(peer: WirePeer, ...parts: Uint8Array[]): Promise<void> {
  if (await peer.send(...parts)) peer.deeds++;
}

/** Serves the metadata of the torrent (BEP 9). */
function withMetadata({ torrent }: SampleTorrent, behaviour: WireBehaviour): WireBehaviour {
  const before = utf8("4:info");
  const at = torrent.findIndex((_, i) => before.every((byte, n) => torrent[i + n] === byte));
  const info = torrent.subarray(at + before.length, torrent.length - 1);
  return {
    ...behaviour,
    async opened(peer) {
      await peer.send(extendedMessage(0, { m: { ut_metadata: 7 }, metadata_size: info.length }));
      await behaviour.opened?.(peer);
    },
    async message(peer, id, body) {
      const part = id === EXTENDED && body[0] === 7
        ? /5:piecei(\d+)e/.exec(new TextDecoder().decode(body))?.[1]
        : undefined;
      if (part !== undefined) {
        const piece = Number(part);
        await peer.send(
          extendedMessage(
            1,
            { msg_type: 1, piece, total_size: info.length },
            info.subarray(piece * BLOCK, (piece + 1) * BLOCK),
          ),
        );
      }
      await behaviour.message?.(peer, id, body);
    },
  };
}

function hangUp(peer: WirePeer): void {
  peer.deeds++;
  peer[Symbol.dispose]();
}

/** Returns the hostile behaviours, by description. */
export function hostileWays(
  sample: SampleTorrent,
  pieceBytes: number,
): Record<string, WireBehaviour> {
  const asked = new WeakMap<WirePeer, number>();
  return {
    "sends noise for every block": withMetadata(sample, {
      opened: offer,
      message: (peer, id, body) => id === REQUEST ? doHarm(peer, wrongBlock(body)) : undefined,
    }),
    "sends noise for one block of twenty": withMetadata(sample, {
      opened: offer,
      async message(peer, id, body) {
        if (id !== REQUEST) return;
        const before = asked.get(peer) ?? 0;
        asked.set(peer, before + 1);
        if (before % 20 === 0) await doHarm(peer, wrongBlock(body));
        else await peer.send(rightBlock(sample, pieceBytes, body));
      },
    }),
    "has everything and sends nothing": withMetadata(sample, {
      opened: offer,
      message: (peer, id) => void (id === REQUEST && peer.deeds++),
    }),
    "has everything and never unchokes": withMetadata(sample, {
      opened: (peer) => peer.send(wireMessage(HAVE_ALL)),
      message: (peer, id) => void (id === INTERESTED && peer.deeds++),
    }),
    "chokes and unchokes all the time": withMetadata(sample, {
      opened: offer,
      message: (peer, id) =>
        id === REQUEST ? doHarm(peer, wireMessage(0), wireMessage(UNCHOKE)) : undefined,
    }),
    "refuses every block": withMetadata(sample, {
      opened: offer,
      message: (peer, id, body) => id === REQUEST ? doHarm(peer, wireMessage(16, body)) : undefined,
    }),
    "names a block a second": withMetadata(sample, {
      opened: offer,
      async message(peer, id, body) {
        if (id !== REQUEST) return;
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        await doHarm(peer, rightBlock(sample, pieceBytes, body));
      },
    }),
    "sends blocks that nobody asked for": withMetadata(sample, {
      async opened(peer) {
        await offer(peer);
        for (let piece = 0; piece < 8; piece++) {
          for (let at = 0; at < pieceBytes; at += BLOCK) {
            await doHarm(peer, wireMessage(PIECE, uint32(piece, at), noise));
          }
        }
      },
    }),
    "hangs up after a request": withMetadata(sample, {
      opened: offer,
      message: (peer, id) => id === REQUEST ? hangUp(peer) : undefined,
    }),
    "hangs up at once": { opened: hangUp },
    "says the handshake of another torrent": {
      handshake: wireHandshake({ infoHash: new Uint8Array(20) }),
      greeted: (peer) => void peer.deeds++,
    },
    "says no handshake": {
      handshake: new Uint8Array(),
      greeted: (peer) => void peer.deeds++,
    },
    "has metadata of ten megabytes": {
      async opened(peer) {
        await offer(peer);
        await peer.send(extendedMessage(0, { m: { ut_metadata: 7 }, metadata_size: 10_000_000 }));
        for (let piece = 0; piece < 610; piece++) {
          await doHarm(
            peer,
            extendedMessage(1, { msg_type: 1, piece, total_size: 10_000_000 }, noise),
          );
        }
      },
    },
    "has metadata of another torrent": {
      async opened(peer) {
        await offer(peer);
        const info = utf8(
          "d6:lengthi1e4:name1:x12:piece lengthi262144e6:pieces20:aaaaaaaaaaaaaaaaaaaae",
        );
        await doHarm(
          peer,
          extendedMessage(0, { m: { ut_metadata: 7 }, metadata_size: info.length }),
          extendedMessage(1, { msg_type: 1, piece: 0, total_size: info.length }, info),
        );
      },
    },
    "takes the metadata back while it is hashed": {
      async opened(peer) {
        await doHarm(
          peer,
          extendedMessage(0, { m: { ut_metadata: 7 }, metadata_size: 100 }),
          extendedMessage(1, { msg_type: 1, piece: 0, total_size: 100 }, noise.subarray(0, 100)),
          extendedMessage(0, { m: { ut_metadata: 0 } }),
        );
      },
    },
    "sends bencode of odd shape": {
      opened: (peer) =>
        doHarm(
          peer,
          extendedMessage(0, { m: { ut_metadata: 7, ut_pex: 2 }, metadata_size: -1 }),
          extendedMessage(0, utf8("d1:md11:ut_metadatali1eeee")),
          extendedMessage(1, utf8("d8:msg_typei1e5:piecei99999999999eexxxx")),
          extendedMessage(2, utf8("d5:addedi5ee")),
          extendedMessage(0, utf8("d-3:")),
        ),
    },
    "announces pieces for ever": withMetadata(sample, {
      async opened(peer) {
        for (let i = 0; i < 200_000 && !peer.closed; i += 100) {
          await doHarm(
            peer,
            ...Array.from({ length: 100 }, (_, n) => wireMessage(HAVE, uint32(i + n))),
          );
        }
      },
    }),
    "has everything again and again": withMetadata(sample, {
      async opened(peer) {
        for (let i = 0; i < 2_000 && !peer.closed; i++) {
          await doHarm(
            peer,
            ...Array.from({ length: 50 }, () => wireMessage(HAVE_ALL)),
            wireMessage(BITFIELD, Uint8Array.of(255)),
          );
        }
      },
    }),
    "asks and does not read": {
      reads: false,
      async opened(peer) {
        await offer(peer);
        await peer.send(extendedMessage(0, { m: { ut_metadata: 7 } }), wireMessage(2));
        for (let i = 0; i < 1_000 && !peer.closed; i++) {
          await doHarm(
            peer,
            ...Array.from({ length: 10 }, (_, n) => [
              extendedMessage(1, { msg_type: 0, piece: n }),
              wireMessage(REQUEST, uint32(n % 2, 0, BLOCK)),
            ]).flat(),
          );
        }
      },
    },
    "names ten thousand peers": exchanging(10_000),
    "names as many peers as a message may hold": exchanging(2_000),
  };
}

/** Makes one peer exchange message that names `count` unreachable peers. */
function exchanging(count: number): WireBehaviour {
  const added = new Uint8Array(count * 6);
  for (let i = 0; i < count; i++) added.set([127, 9, i >> 8, i & 255, 0, 9], i * 6);
  return gossip({ added });
}
