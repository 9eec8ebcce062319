/**
 * Reads what peers send, in place of npm:bittorrent-protocol's own reading, when it is imported. That
 * joins all that has come each time anything comes; here a message that came whole is taken where it
 * lies, and only one that came in parts is put together.
 *
 * @module
 */

import Connection from "bittorrent-protocol";
import { prototypeOf } from "./override.ts";

type Parser = (bytes: Uint8Array) => void;

/** The parts of a connection that have to do with reading. */
export interface Reader {
  destroy(): void;
  end(): unknown;
  /** Called with the next `_parserSize` bytes. */
  _parser: Parser;
  _parserSize: number;
  /** How much the library has kept of a message. */
  _bufferSize: number;
  _encryptor: { decrypt(bytes: Uint8Array): Uint8Array } | null;
  /** Set while an encrypted handshake looks for its place in what comes. */
  _cryptoSyncPattern: Uint8Array | null;
  _pePending: boolean;
  _onMessage: Parser;
  _onMessageLength: Parser;
  _write(bytes: Uint8Array, done: (error: null) => void): void;
  /** Ours: the part that has come of what the parser waits for, and how long that part is. */
  partial?: Uint8Array;
  partialBytes?: number;
  /** Ours: nothing is read any more. */
  isEnding?: boolean;
}

/**
 * Types of messages of which nothing is held on to (BEP 3, 5, 6): they consist of numbers, or of a block
 * that is copied to its place in the piece at once.
 */
const READ_AT_ONCE = new Set([0, 1, 2, 3, 4, 6, 7, 8, 9, 13, 14, 15, 16, 17]);
/** A message with a block of 16 KiB. */
const USUAL_BYTES = 16_397;

const reader = prototypeOf<Reader>(Connection, ["_onMessage", "_onMessageLength", "_write", "end"]);
const { _onMessage, _onMessageLength, _write, end } = reader;

reader.end = function () {
  this.isEnding = true;
  return end.call(this);
};

/**
 * Hands a connection what its peer has sent. Nothing holds on to the bytes afterwards, so the memory
 * may be used again.
 */
export function receive(wire: Reader, bytes: Uint8Array): void {
  if (wire.isEnding) return;
  // A handshake is left to the library, which keeps parts of what it is given.
  if (!isBetweenMessages(wire)) return _write.call(wire, bytes.slice(), () => {});
  try {
    readMessages(wire, wire._encryptor ? wire._encryptor.decrypt(bytes) : bytes);
  } catch {
    // The peer sent what nobody expects.
    wire.destroy();
  }
}

/** Whether the handshakes are over, and the library holds nothing back. */
function isBetweenMessages(wire: Reader): boolean {
  return (wire._parser === _onMessageLength || wire._parser === _onMessage) &&
    wire._bufferSize === 0 && !wire._cryptoSyncPattern && !wire._pePending;
}

function readMessages(wire: Reader, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length && !wire.isEnding;) {
    const size = wire._parserSize;
    const had = wire.partialBytes ?? 0;
    const part = bytes.subarray(at, at + size - had);
    at += part.length;
    if (part.length === size) {
      parse(wire, part);
      continue;
    }
    // Not as long as the peer says the message is: it may never come.
    wire.partial = grown(wire.partial, had, had + part.length, size);
    wire.partial.set(part, had);
    wire.partialBytes = had + part.length;
    if (wire.partialBytes < size) return;
    const message = wire.partial.subarray(0, size);
    wire.partial = undefined;
    wire.partialBytes = 0;
    parse(wire, message);
  }
}

/** Room for `needed` bytes, of `most` in the end, with the first `kept` as they are. */
function grown(
  partial: Uint8Array | undefined,
  kept: number,
  needed: number,
  most: number,
): Uint8Array {
  if (partial && partial.length >= needed) return partial;
  const larger = new Uint8Array(Math.min(Math.max(needed, 2 * kept, USUAL_BYTES), most));
  if (partial) larger.set(partial.subarray(0, kept));
  return larger;
}

function parse(wire: Reader, message: Uint8Array): void {
  const isPassing = wire._parser === _onMessageLength || READ_AT_ONCE.has(message[0]!);
  wire._parser(isPassing ? message : message.slice());
}
