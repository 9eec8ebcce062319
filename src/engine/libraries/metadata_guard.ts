/**
 * Mends npm:ut_metadata (BEP 9) for everybody in this thread, when it is imported. By itself
 *
 * - it takes whatever a peer that dialled us says for the metadata of the torrent, because it learns the
 *   infohash only from handshakes that come after it was set up;
 * - it hashes ten megabytes again for each small message that a peer adds to what it has sent, and takes
 *   what the peer changes meanwhile;
 * - it throws, where nobody catches it, if a peer takes the extension back in between.
 *
 * A peer that sent metadata of another torrent is hung up on.
 *
 * @module
 */

import Connection from "bittorrent-protocol";
import { toHex } from "../../base/mod.ts";

/** Of a hundred thousand pieces. Packages have two thousand at the most. */
const MAX_METADATA_BYTES = 2 * 1024 * 1024;
const PART_BYTES = 16 * 1024;

/** The parts of a connection that the extension uses. */
interface Peer {
  _infoHash: Uint8Array | null;
  use(extension: { prototype: MetadataExchange }): void;
  destroy(): void;
}

/** The extension of one connection. */
interface MetadataExchange {
  name: string;
  metadata?: Uint8Array;
  _wire: Peer;
  _infoHash?: string;
  _metadataComplete: boolean;
  _metadataSize: number | null;
  _numPieces: number;
  /** Which parts have come. */
  _bitfield: { get(part: number): boolean };
  /** Ours: the peer has said its size. */
  saidSize?: boolean;
  /** Ours: everything has come and is being hashed. */
  checking?: boolean;
  onExtendedHandshake(handshake: { metadata_size?: unknown }): void;
  _onRequest(part: unknown): void;
  _onData(part: unknown, bytes: Uint8Array, totalBytes: unknown): void;
  _reject(part: unknown): void;
  _checkDone(): Promise<void>;
  _failedMetadata(): void;
}

const peer = Connection.prototype as unknown as Peer;
const { use } = peer;

peer.use = function (extension) {
  // Each connection has a class of its own.
  if (extension.prototype.name === "ut_metadata") guard(extension.prototype);
  use.call(this, extension);
};

function guard(exchange: MetadataExchange): void {
  const { onExtendedHandshake, _onRequest, _onData, _checkDone } = exchange;

  exchange.onExtendedHandshake = function (handshake) {
    // Said again, it would have everything asked for again; and who has it need not be told its size.
    if (this.saidSize || this._metadataComplete) return;
    const size = handshake.metadata_size;
    this.saidSize = size !== undefined;
    if (typeof size === "number" && size > MAX_METADATA_BYTES) return;
    onExtendedHandshake.call(this, handshake);
  };

  exchange._onRequest = function (part) {
    if (!this._metadataComplete || isPart(part, this._metadataSize)) _onRequest.call(this, part);
    else this._wire.destroy();
  };

  exchange._onData = function (part, bytes, totalBytes) {
    if (this.checking || this._metadataComplete) return;
    const size = this._metadataSize;
    if (!isPart(part, size) || bytes.length !== Math.min(PART_BYTES, size! - part * PART_BYTES)) {
      return this._wire.destroy();
    }
    _onData.call(this, part, bytes, totalBytes);
  };

  exchange._checkDone = async function () {
    // It waits even where a part is missing, and the next one may come with this one.
    if (this.checking || !hasAllParts(this)) return;
    this._infoHash ??= this._wire._infoHash ? toHex(this._wire._infoHash) : "none";
    this.checking = true;
    try {
      await _checkDone.call(this);
    } catch {
      this._wire.destroy();
    } finally {
      this.checking = false;
    }
  };

  exchange._failedMetadata = function () {
    // All of it came from this one peer.
    this._wire.destroy();
  };
}

function hasAllParts({ _numPieces, _bitfield }: MetadataExchange): boolean {
  for (let part = 0; part < _numPieces; part++) if (!_bitfield.get(part)) return false;
  return true;
}

function isPart(part: unknown, size: number | null): part is number {
  return typeof part === "number" && Number.isInteger(part) && part >= 0 && size !== null &&
    part * PART_BYTES < size;
}
