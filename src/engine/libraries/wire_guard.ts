/**
 * Mends npm:bittorrent-protocol for everybody in this thread, when it is imported: what one peer sends
 * must not end the program. It throws on members of an extended handshake that are not what they should
 * be, in a callback where nobody catches it, collects as many bytes for a message as the peer says it
 * has, up to four gigabytes, and holds without a bound what the peer asks for and does not read. A
 * connection can be refused and still be read, so no event of WebTorrent comes early enough to guard
 * connections one by one.
 *
 * @module
 */

// deno-lint-ignore no-import-prefix
import Connection from "bittorrent-protocol";

/** The parts of a connection that are called with what the peer sent. */
interface Reader {
  /** What is to be sent and has not left yet. */
  _readableState: { buffered: number };
  destroy(): void;
  _push(bytes: Uint8Array): unknown;
  _processBuffer(): void;
  _parse(bytes: number, handler: (bytes: Uint8Array) => void): void;
}

/** The longest messages that there are: 128 KiB of a piece, a bitfield of eight million pieces. */
const MAX_MESSAGE_BYTES = 1024 * 1024;
/** Blocks of pieces wait for their turn elsewhere and come to five megabytes, the metadata to two. */
const MAX_UNSENT_BYTES = 8 * 1024 * 1024;

const reader = Connection.prototype as unknown as Reader;

const processBuffer = reader._processBuffer;
reader._processBuffer = function () {
  try {
    processBuffer.call(this);
  } catch {
    this.destroy();
  }
};

const parse = reader._parse;
reader._parse = function (bytes, handler) {
  // After its end a connection reads on without a bound, and drops what it reads.
  if (bytes > MAX_MESSAGE_BYTES && bytes !== Number.MAX_VALUE) this.destroy();
  else parse.call(this, bytes, handler);
};

const push = reader._push;
reader._push = function (bytes) {
  if (this._readableState.buffered <= MAX_UNSENT_BYTES) return push.call(this, bytes);
  this.destroy();
  return false;
};
