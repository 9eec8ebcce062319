/**
 * Requests blocks of a peer before the torrent's metadata are known. A block that arrives is held until
 * npm:webtorrent requests it, and answers that request at once. A block that is requested and has not
 * arrived is not requested again.
 *
 * @module
 */

import type { Clock } from "../../../base/mod.ts";
import { type Use, uses } from "../replacing/mod.ts";
import type { Request } from "../../upload/mod.ts";
import { connectionPrototype } from "./connection.ts";
import { type Block, takeBlock } from "./wire_writer.ts";

type Answer = (error: Error | null, block: Uint8Array | null) => void;

/** The members of a connection that are needed to request blocks early. */
export interface EarlyRequester {
  peerChoking: boolean;
  destroyed: boolean;
  requests: (Block & { callback: Answer })[];
  request(index: number, offset: number, length: number, callback: Answer): void;
  on(event: "reject", listener: (...request: Request) => void): void;
  _finished: boolean;
  _message(type: number, numbers: readonly number[], bytes: null): void;
  _onPiece(index: number, offset: number, block: Uint8Array): void;
}

/** A request that was sent early, and that npm:webtorrent has not made since. */
interface EarlyRequest extends Block {
  /** The block, once it has arrived. */
  block?: Uint8Array;
}

/** Type of the message `request` (BEP 3). */
const REQUEST = 6;
/**
 * Time without a block after which npm:webtorrent's request for one on its way is sent (ms). By BEP 6, a peer rejects each
 * request that it does not answer; this is for a peer that drops requests while it chokes us.
 */
const SEND_AFTER_MS = 3_000;

const connection = connectionPrototype<EarlyRequester>();

/** Private members of npm:bittorrent-protocol that {@linkcode requestEarly} calls. */
export const earlyUses: Use = uses(connection, ["_message", "_onPiece"]);

/**
 * Requests blocks of a peer, although the peer may choke us. To be called at most once for a connection,
 * of which both sides support the fast extension (BEP 6): others ignore such requests. The blocks that
 * arrive stay in memory until they are requested, or the connection ends.
 */
export function requestEarly(wire: object, blocks: readonly Request[], clock: Clock): void {
  const requester = wire as EarlyRequester;
  const { request, _onPiece: onPiece } = requester;
  const early: EarlyRequest[] = blocks.map(([piece, offset, length]) => {
    requester._message(REQUEST, [piece, offset, length], null);
    return { piece, offset, length };
  });
  let blocksReceived = 0;

  requester._onPiece = (piece, offset, bytes) => {
    blocksReceived++;
    const sent = takeBlock(early, piece, offset, bytes.length);
    if (!sent) return onPiece.call(requester, piece, offset, bytes);
    // A copy, because the memory of the message is reused.
    early.push({ ...sent, block: bytes.slice() });
  };

  requester.request = (piece, offset, length, callback) => {
    const sent = takeBlock(early, piece, offset, length);
    // A peer may send blocks and unchoke us afterwards, so a block counts even if it chokes us.
    if (!sent || requester._finished || (requester.peerChoking && !sent.block)) {
      return request.call(requester, piece, offset, length, callback);
    }
    const { block } = sent;
    const made = { piece, offset, length, callback };
    requester.requests.push(made);
    if (!block) return sendIfLost(made);
    queueMicrotask(() => requester.destroyed || onPiece.call(requester, piece, offset, block));
  };

  requester.on("reject", (...block) => void takeBlock(early, ...block));

  function sendIfLost(made: EarlyRequester["requests"][number]): void {
    const before = blocksReceived;
    clock.after(SEND_AFTER_MS, () => {
      const at = requester.requests.indexOf(made);
      if (at === -1 || requester.destroyed) return;
      if (blocksReceived > before) return sendIfLost(made);
      requester.requests.splice(at, 1);
      request.call(requester, made.piece, made.offset, made.length, made.callback);
    });
  }
}
