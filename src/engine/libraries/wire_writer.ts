/**
 * What npm:bittorrent-protocol does for each message and need not, mended when it is imported: a system
 * call for every request that is sent, a search through all that wait for every block that comes, and
 * a line for a log that nobody reads.
 *
 * @module
 */

import Connection from "bittorrent-protocol";
import Torrent from "webtorrent/lib/torrent.js";
import { prototypeOf } from "./override.ts";

/** The parts of a connection that have to do with sending. */
export interface Writer {
  _finished: boolean;
  _encryptor: { encrypt(bytes: Uint8Array): Uint8Array } | null;
  push(bytes: Uint8Array): boolean;
  _debug(): void;
  _push(bytes: Uint8Array): void;
  _pull<T extends Block>(list: T[], piece: number, offset: number, length: number): T | null;
  /** Ours: what goes out together, and how long it is. */
  outgoing?: Uint8Array[];
  outgoingBytes?: number;
}

interface Block {
  piece: number;
  offset: number;
  length: number;
}

interface Updating {
  destroyed: boolean;
  _debug(): void;
  _update(): void;
  /** Ours: requests are about to be sent. */
  isUpdateDue?: boolean;
}

/** As much goes out at once; a block is 16 KiB. */
const MAX_TOGETHER_BYTES = 128 * 1024;

const writer = prototypeOf<Writer>(Connection, ["push", "_debug", "_push", "_pull"]);

writer._debug = () => {};

/** Messages of one turn go out together. */
writer._push = function (bytes) {
  if (this._finished) return;
  const outgoing = this.outgoing ??= [];
  if (outgoing.length === 0) queueMicrotask(() => flush(this));
  // In the order in which they are sent.
  outgoing.push(this._encryptor ? this._encryptor.encrypt(bytes) : bytes);
  this.outgoingBytes = (this.outgoingBytes ?? 0) + bytes.length;
  if (this.outgoingBytes >= MAX_TOGETHER_BYTES) flush(this);
};

function flush(wire: Writer): void {
  const { outgoing = [], outgoingBytes = 0 } = wire;
  if (outgoing.length === 0) return;
  wire.outgoing = [];
  wire.outgoingBytes = 0;
  if (wire._finished) return;
  const [first] = outgoing;
  if (outgoing.length === 1) return void wire.push(first!);
  const together = new Uint8Array(outgoingBytes);
  let at = 0;
  for (const bytes of outgoing) {
    together.set(bytes, at);
    at += bytes.length;
  }
  wire.push(together);
}

/** Takes a block off a list; the others keep their order, in which they are asked for and sent. */
writer._pull = function (list, piece, offset, length) {
  const at = list.findIndex((block) =>
    block.piece === piece && block.offset === offset && block.length === length
  );
  if (at === -1) return null;
  const [found] = at === 0 ? [list.shift()] : list.splice(at, 1);
  return found ?? null;
};

const updating = prototypeOf<Updating>(Torrent, ["_debug", "_update"]);
const { _update } = updating;

updating._debug = () => {};

/** Looks once for what to ask for, however many blocks have come in this turn. */
updating._update = function () {
  if (this.isUpdateDue) return;
  this.isUpdateDue = true;
  queueMicrotask(() => {
    this.isUpdateDue = false;
    if (!this.destroyed) _update.call(this);
  });
};
