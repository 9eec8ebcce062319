/**
 * A guard before npm:ut_metadata (BEP 9): the connection passes a peer's messages to the guard
 * instead of the package. Without the guard, npm:ut_metadata
 *
 * - accepts any metadata from a peer that dialled us, because the package is set up after the
 *   handshake and so does not know the infohash;
 * - hashes up to ten megabytes again for each small message that a peer adds, and accepts parts
 *   that the peer changes between two messages;
 * - throws an uncaught exception if a peer withdraws the extension in the middle of a transfer.
 *
 * The guard collects all parts of the metadata before it passes the whole to the package. A peer
 * that sent the metadata of another torrent is disconnected.
 *
 * @module
 */

import bencode from "bencode";
import type { Extension, ExtensionClass } from "./extension.ts";

/**
 * Maximum length of the metadata, in bytes: enough for 100,000 pieces. The torrent of a libreseed
 * package has at most 2,000.
 */
const MAX_METADATA_BYTES = 2 * 1024 * 1024;
const PART_BYTES = 16 * 1024;
/**
 * Maximum length of the bencoded dictionary at the start of a message (BEP 9). Its members
 * `msg_type`, `piece` and `total_size` take about 50 bytes.
 */
const MAX_HEADER_BYTES = 256;
const LETTER_E = 0x65;

/**
 * Values of `msg_type` (BEP 9): a request for a metadata part, and a message that contains a part.
 */
const [REQUEST, DATA] = [0, 1];

/** The member of a torrent that the guard uses: the infohash that the metadata must match. */
export interface Described {
  infoHash: string;
}

/** The members of a connection that the guard uses. */
interface Wire {
  ut_metadata: Extension & {
    /** Passes metadata to the torrent. Resolves to whether the metadata match the infohash. */
    setMetadata(metadata: Uint8Array): Promise<boolean>;
  };
  /** Our extended handshake (BEP 10). `metadata_size` is set once we have the metadata. */
  extendedHandshake: { metadata_size?: number };
  destroy(): void;
}

/**
 * The last attempt, for each torrent, to pass metadata to the torrent; resolves to whether the
 * torrent now has metadata. Attempts run one after the other, because two at once would make
 * npm:webtorrent initialize the torrent twice.
 */
const attempts = new WeakMap<Described, Promise<boolean>>();

/**
 * Returns the guard class for a torrent's connections. A connection must `use` it after
 * npm:webtorrent has set up npm:ut_metadata.
 */
export function metadataGuard(torrent: Described): ExtensionClass<Wire> {
  return class MetadataGuard implements Extension {
    readonly #wire: Wire;
    readonly #library: Wire["ut_metadata"];
    /** Length of the metadata in bytes, as the peer states in its extended handshake. */
    #sizeBytes: number | undefined;
    #bytes: Uint8Array | undefined;
    /** Numbers of the metadata parts that have been received. */
    #parts = new Set<number>();
    #isChecking = false;

    constructor(wire: Wire) {
      this.#wire = wire;
      this.#library = wire.ut_metadata;
      this.#library.onHandshake(torrent.infoHash);
    }

    get name(): string {
      return "ut_metadata";
    }

    onHandshake(infoHashHex: string): void {
      this.#library.onHandshake(infoHashHex);
    }

    onExtendedHandshake(handshake: { metadata_size?: unknown }): void {
      // Only the first handshake counts. A second one would make the package request all parts
      // again.
      if (this.#sizeBytes !== undefined || this.#ownSizeBytes !== undefined) return;
      const size = handshake.metadata_size;
      if (typeof size === "number" && Number.isInteger(size) && size > 0) this.#sizeBytes = size;
      if (typeof size === "number" && size > MAX_METADATA_BYTES) return;
      this.#library.onExtendedHandshake(handshake);
    }

    onMessage(message: Uint8Array): void {
      const header = headerOf(message);
      if (!header) return;
      const { type, part, lengthBytes } = header;
      if (type === DATA) return this.#take(part, message.subarray(lengthBytes));
      const ownSizeBytes = this.#ownSizeBytes;
      if (type === REQUEST && ownSizeBytes !== undefined && !isPart(part, ownSizeBytes)) {
        return this.#wire.destroy();
      }
      this.#library.onMessage(message);
    }

    /** Called by npm:webtorrent when it has got the metadata from another source. */
    setMetadata(metadata: Uint8Array): Promise<boolean> {
      return this.#library.setMetadata(metadata);
    }

    /** Length of our own copy of the metadata in bytes; `undefined` while we have none. */
    get #ownSizeBytes(): number | undefined {
      return this.#wire.extendedHandshake.metadata_size;
    }

    #take(part: unknown, bytes: Uint8Array): void {
      if (this.#isChecking || this.#ownSizeBytes !== undefined) return;
      const size = this.#sizeBytes;
      if (
        size === undefined || size > MAX_METADATA_BYTES || !isPart(part, size) ||
        bytes.length !== Math.min(PART_BYTES, size - part * PART_BYTES)
      ) {
        return this.#wire.destroy();
      }
      this.#bytes ??= new Uint8Array(size);
      this.#bytes.set(bytes, part * PART_BYTES);
      this.#parts.add(part);
      if (this.#parts.size === Math.ceil(size / PART_BYTES)) void this.#offer(this.#bytes);
    }

    /**
     * Passes the complete metadata to the torrent, unless the torrent has got them from another
     * peer meanwhile.
     */
    async #offer(metadata: Uint8Array): Promise<void> {
      this.#isChecking = true;
      const before = attempts.get(torrent) ?? Promise.resolve(false);
      const attempt = before
        .then((isThere) => isThere || this.#library.setMetadata(metadata))
        .catch(() => false);
      attempts.set(torrent, attempt);
      // If the metadata are wrong, this peer is to blame, because it sent all parts.
      if (!await attempt) this.#wire.destroy();
      this.#bytes = undefined;
      this.#parts.clear();
      this.#isChecking = false;
    }
  };
}

/**
 * Reads the bencoded dictionary at the start of a message (BEP 9). Like npm:ut_metadata, it takes
 * the first `ee` as the end of the dictionary.
 *
 * @returns `undefined` if there is no valid dictionary
 */
function headerOf(
  message: Uint8Array,
): { type: unknown; part: unknown; lengthBytes: number } | undefined {
  const end = Math.min(message.length, MAX_HEADER_BYTES) - 1;
  for (let at = 0; at < end; at++) {
    if (message[at] !== LETTER_E || message[at + 1] !== LETTER_E) continue;
    try {
      const header = bencode.decode(message.slice(0, at + 2)) as Record<string, unknown>;
      return { type: header.msg_type, part: header.piece, lengthBytes: at + 2 };
    } catch {
      return undefined;
    }
  }
  return undefined;
}

function isPart(part: unknown, sizeBytes: number): part is number {
  return typeof part === "number" && Number.isInteger(part) && part >= 0 &&
    part * PART_BYTES < sizeBytes;
}
