/**
 * Parses the messages that a peer sends, instead of npm:bittorrent-protocol. The package has four
 * faults:
 *
 * - Each time bytes arrive, it copies all unparsed bytes into one buffer. Here a message that
 *   arrives whole is parsed without a copy; only a message that arrives in parts is assembled.
 * - It waits for messages of up to four gigabytes. Here the connection is closed.
 * - It keeps extended handshakes of any length. Here the connection is closed.
 * - It throws an uncaught exception on an extended handshake with members of the wrong type. Here
 *   the connection is closed.
 *
 * A connection that must be encrypted is closed before a plain handshake is read.
 *
 * @module
 */

import { replace, type Replacement, type Use, uses } from "../replacing/mod.ts";
import { connectionPrototype } from "./connection.ts";

type Parser = (bytes: Uint8Array) => void;

/** The members of a connection that are needed to parse messages. */
export interface Reader {
  destroy(): void;
  end(data?: unknown): unknown;
  /** npm:bittorrent-protocol's parser function, called with the next `_parserSize` bytes. */
  _parser: Parser;
  _parserSize: number;
  /** Number of bytes of an incomplete message in npm:bittorrent-protocol's own buffer. */
  _bufferSize: number;
  _encryptor: { decrypt(bytes: Uint8Array): Uint8Array } | null;
  /** Byte sequence that npm:bittorrent-protocol searches for during an encrypted handshake. */
  _cryptoSyncPattern: Uint8Array | null;
  _pePending: boolean;
  _onMessage: Parser;
  _onMessageLength: Parser;
  _processBuffer(): void;
  _onHandshakeBuffer: Parser;
  /** Called with an extended message (BEP 10): its number, of which 0 is the handshake, and its body. */
  _onExtended(number: number, body: Uint8Array): void;
  /** npm:webtorrent's number for the encryption of the connection: 2 requires it. */
  _peEnabled: number;
  /** Encryption that was agreed on; 2 encrypts all bytes. */
  _encryptionMethod?: number | null;
  _write(bytes: Uint8Array, done: (error: null) => void): void;
  /**
   * Added by libreseed: a buffer that begins with the bytes of an incomplete message, and the number of
   * these bytes.
   */
  partial?: Uint8Array;
  partialBytes?: number;
  /** Added by libreseed: whether the connection is ending, so that nothing more is parsed. */
  isEnding?: boolean;
}

/**
 * Types of messages (BEP 3, 5, 6) that are parsed without a copy. Such a message has only numbers,
 * or a block that is copied to its place in the piece at once, so no reference to its bytes
 * remains.
 */
const READ_AT_ONCE = new Set([0, 1, 2, 3, 4, 6, 7, 8, 9, 13, 14, 15, 16, 17]);
/** Length of a `piece` message with a block of 16 KiB, in bytes, without its length prefix. */
const USUAL_BYTES = 16_393;

/**
 * Maximum length of a message, in bytes. The longest valid messages are a block of 128 KiB and a
 * bitfield of eight million pieces.
 */
const MAX_MESSAGE_BYTES = 1024 * 1024;

/**
 * Maximum length of an extended handshake, in bytes. Those of known programs have some hundred bytes.
 * npm:bittorrent-protocol keeps a handshake, decoded, as long as the connection.
 */
const MAX_HANDSHAKE_BYTES = 16 * 1024;

const connection = connectionPrototype<Reader>();
const { _onMessage, _onMessageLength, _write } = connection.object();

/** The replaced members of npm:bittorrent-protocol that parse messages. */
export const readerReplacements: readonly Replacement[] = [
  replace(connection, "end", {
    because: "what a peer sends after the end of a connection is still parsed",
    report: "docs/upstream/bittorrent-protocol.md",
    until: "a release stops parsing at `end`",
    pinned: "3f72bba715b6c2702c3f89f15112da49d8e1358cfa72e24e633f0ee5c6f4541e",
    parameters: 1,
    by: (end) =>
      function (this: Reader, data?: unknown) {
        this.isEnding = true;
        return end.call(this, data);
      },
  }),
  replace(connection, "_processBuffer", {
    because: "members of the wrong type in an extended handshake throw where nobody catches it",
    report: "docs/upstream/bittorrent-protocol.md",
    until: "a release ends the connection instead of throwing",
    pinned: "6f2ca7bd30947f8c9520bdf4a454a430b9bd04ed7ef2f7abc9b47a8b68f9521d",
    parameters: 0,
    by: (processBuffer) =>
      function (this: Reader) {
        try {
          processBuffer.call(this);
        } catch {
          this.destroy();
        }
      },
  }),
  replace(connection, "_onHandshakeBuffer", {
    because: "a client that requires encryption accepts a plain handshake",
    report: "docs/upstream/bittorrent-protocol.md",
    until: "a release ends a connection that is to be encrypted and is not",
    pinned: "675315e73be3a5217dbc0e356e3a28c65550bb94b55d84801f81d473879966d8",
    parameters: 1,
    by: (onHandshakeBuffer) =>
      function (this: Reader, handshake: Uint8Array) {
        if (requiresEncryption(this)) this.destroy();
        else onHandshakeBuffer.call(this, handshake);
      },
  }),
  replace(connection, "_onExtended", {
    because: "an extended handshake of a megabyte is decoded, and kept as long as the connection",
    report: "docs/upstream/bittorrent-protocol.md",
    until: "a release bounds extended handshakes",
    pinned: "f28e2ad93d70806c3cdae7a19957f9710e2b5f4bc66e1b813483e6af0505fb73",
    parameters: 2,
    by: (onExtended) =>
      function (this: Reader, number: number, body: Uint8Array) {
        if (number === 0 && body.length > MAX_HANDSHAKE_BYTES) this.destroy();
        else onExtended.call(this, number, body);
      },
  }),
];

/** Whether a connection must be encrypted and is not. To be asked after the encrypted handshake. */
export function requiresEncryption(
  { _peEnabled, _encryptionMethod }: Pick<Reader, "_peEnabled" | "_encryptionMethod">,
): boolean {
  return _peEnabled === 2 && _encryptionMethod !== 2;
}

/** Whether all bytes of a connection are encrypted (Message Stream Encryption with RC4). */
export function isEncrypted(wire: object): boolean {
  return (wire as Pick<Reader, "_encryptionMethod">)._encryptionMethod === 2;
}

/** Private members of npm:bittorrent-protocol that {@linkcode receive} calls. */
export const readerUses: Use = uses(connection, ["_onMessage", "_onMessageLength", "_write"]);

/**
 * Parses bytes received from a peer. No reference to the bytes is kept, so the caller may reuse
 * their memory afterwards.
 */
export function receive(wire: Reader, bytes: Uint8Array): void {
  if (wire.isEnding) return;
  // npm:bittorrent-protocol parses handshakes itself. The package gets a copy, because it keeps
  // references to the bytes.
  if (!isBetweenMessages(wire)) _write.call(wire, bytes.slice(), () => {});
  else {
    try {
      readMessages(wire, wire._encryptor ? wire._encryptor.decrypt(bytes) : bytes);
    } catch {
      // The parser throws if a message is malformed; the connection is then closed.
      return wire.destroy();
    }
  }
  if (wire._parserSize > MAX_MESSAGE_BYTES && !wire.isEnding) wire.destroy();
}

/** Whether the handshakes are over and npm:bittorrent-protocol has no unparsed bytes in its own buffer. */
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
    // The buffer grows with the received bytes, because a peer may announce a long message and
    // never send it.
    wire.partial = grown(wire.partial, had, had + part.length, size);
    wire.partial.set(part, had);
    wire.partialBytes = had + part.length;
    if (wire.partialBytes < size) return;
    const message = wire.partial.subarray(0, size);
    // A peer that sends blocks will send more of them, cut anywhere: their buffer is kept.
    if (wire.partial.length !== USUAL_BYTES) wire.partial = undefined;
    wire.partialBytes = 0;
    parse(wire, message);
  }
}

/**
 * Returns a buffer with room for `needed` bytes that starts with the first `kept` bytes of
 * `partial`. A new buffer is larger than needed, but no longer than `most` bytes.
 */
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
