/**
 * Sends messages to a peer, instead of npm:bittorrent-protocol. All messages of one turn of the
 * event loop share a system call, short messages share memory, and a peer that stops reading is disconnected
 * once too many bytes are unsent. Log lines are switched off.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { replace, type Replacement } from "../replacing/mod.ts";
import { connectionPrototype } from "./connection.ts";

/** The members of a connection that are needed to send messages. */
export interface Writer {
  /** State of the stream to the socket: number of bytes waiting to be sent. */
  _readableState: { buffered: number };
  _finished: boolean;
  _encryptor: { encrypt(bytes: Uint8Array): Uint8Array } | null;
  destroy(): void;
  push(bytes: Uint8Array): boolean;
  _debug(): void;
  /** Sends a message of the type `id` (BEP 3): 32-bit numbers, then the bytes of a block or bitfield. */
  _message(id: number, numbers: readonly number[], data: Uint8Array | null): void;
  _push(bytes: Uint8Array): void;
  /** Added by libreseed: messages that will be sent together, and their total length in bytes. */
  outgoing?: Uint8Array[];
  outgoingBytes?: number;
}

/** A requested block of a piece. */
export interface Block {
  piece: number;
  offset: number;
  length: number;
}

/**
 * Total length of collected messages, in bytes, at which they are sent without waiting for more. A
 * block is 16 KiB.
 */
const MAX_TOGETHER_BYTES = 128 * 1024;

/**
 * Maximum number of unsent bytes of one peer; beyond it the peer is disconnected. Blocks and
 * metadata stay far below. Only a peer that keeps requesting and does not read the answers reaches
 * this maximum.
 */
const MAX_UNSENT_BYTES = 8 * 1024 * 1024;

const connection = connectionPrototype<Writer>();

/** The replaced members of npm:bittorrent-protocol that send messages. */
export const writerReplacements: readonly Replacement[] = [
  replace(connection, "_debug", {
    because: "the text of a log line is made for each message, and no log is kept",
    report: "docs/upstream/bittorrent-protocol.md",
    until: "a release makes the text only for a log that is on",
    pinned: "f7193541f2f34507c15690b97625649dad9298e3a18c105fe7d6fac379feaa79",
    parameters: 0,
    by: () => () => {},
  }),
  replace(connection, "_message", {
    because: "each message is a buffer of its own, which Deno's V8 allocates outside its heap",
    report: "docs/upstream/bittorrent-protocol.md",
    until: "a release makes the heads of messages as parts of a larger buffer",
    pinned: "6dfd5ee38e73649aec2816e61b730ee59a3e71267cc7e33dde0ec051049c384e",
    parameters: 3,
    by: () =>
      function (this: Writer, id: number, numbers: readonly number[], data: Uint8Array | null) {
        const head = Buffer.allocUnsafe(5 + 4 * numbers.length);
        head.writeUInt32BE(head.length - 4 + (data?.length ?? 0));
        head[4] = id;
        for (let i = 0; i < numbers.length; i++) head.writeUInt32BE(numbers[i]! >>> 0, 5 + 4 * i);
        this._push(head);
        if (data) this._push(data);
      },
  }),
  replace(connection, "_push", {
    because: "each message is a system call, and messages to a peer that does not read pile up",
    report: "docs/upstream/bittorrent-protocol.md",
    until: "a release joins the messages of one turn and bounds what waits",
    pinned: "df0900cf3d63c7e4b386251c5e43842c600cf953880e58a2c874e40c92c0d0ca",
    parameters: 1,
    by: () =>
      function (this: Writer, bytes: Uint8Array) {
        if (this._readableState.buffered > MAX_UNSENT_BYTES) return this.destroy();
        if (this._finished) return;
        const outgoing = this.outgoing ??= [];
        if (outgoing.length === 0) queueMicrotask(() => flush(this));
        // The bytes are encrypted here, in the order of sending, because the encryption is a stream
        // cipher.
        outgoing.push(this._encryptor ? this._encryptor.encrypt(bytes) : bytes);
        this.outgoingBytes = (this.outgoingBytes ?? 0) + bytes.length;
        if (this.outgoingBytes >= MAX_TOGETHER_BYTES) flush(this);
      },
  }),
];

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

/**
 * Removes a block from a list and returns it, or `null` if the list does not have the block. The
 * remaining blocks keep the order in which they were requested.
 */
export function takeBlock<T extends Block>(
  list: T[],
  piece: number,
  offset: number,
  length: number,
): T | null {
  const at = list.findIndex((block) =>
    block.piece === piece && block.offset === offset && block.length === length
  );
  if (at === -1) return null;
  const [found] = at === 0 ? [list.shift()] : list.splice(at, 1);
  return found ?? null;
}
