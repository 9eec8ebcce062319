/**
 * A guard around npm:ut_metadata (BEP 9), which a connection uses in the package's place. By itself the
 * package
 *
 * - takes whatever a peer that dialled us sends for the metadata of the torrent, because it learns the
 *   infohash only from handshakes that come after it was set up;
 * - hashes ten megabytes again for each small message that a peer adds to what it has sent, and takes
 *   what the peer changes meanwhile;
 * - throws, where nobody catches it, if a peer takes the extension back in between.
 *
 * The guard collects the parts itself and hands the package a whole. A peer that sent metadata of another
 * torrent gets disconnected.
 *
 * @module
 */

import bencode from "bencode";
import type { Extension, ExtensionClass } from "./extension.ts";

/** Length of the metadata of a hundred thousand pieces. Packages have two thousand at the most. */
const MAX_METADATA_BYTES = 2 * 1024 * 1024;
const PART_BYTES = 16 * 1024;
/** Length of a message's dictionary: type, part and size are some 50 bytes. */
const MAX_HEADER_BYTES = 256;
const LETTER_E = 0x65;

/** Types of messages (BEP 9). */
const [REQUEST, DATA] = [0, 1];

/** The torrent that metadata is fetched for. */
export interface Described {
  infoHash: string;
}

/** The parts of a connection that the guard uses. */
interface Wire {
  ut_metadata: Extension & {
    /** Resolves to whether the metadata are those of the infohash. */
    setMetadata(metadata: Uint8Array): Promise<boolean>;
  };
  /** Our extended handshake (BEP 10). It has the size once we have the metadata. */
  extendedHandshake: { metadata_size?: number };
  destroy(): void;
}

/**
 * The last attempt to hand metadata to a torrent, resolved to whether it has them. Attempts wait for each
 * other: npm:webtorrent would set itself up twice.
 */
const attempts = new WeakMap<Described, Promise<boolean>>();

/** The extension to use for the connections of a torrent, after npm:webtorrent has set up its own. */
export function metadataGuard(torrent: Described): ExtensionClass<Wire> {
  return class MetadataGuard implements Extension {
    readonly #wire: Wire;
    readonly #library: Wire["ut_metadata"];
    /** Length of the metadata by the peer's account, in bytes. */
    #sizeBytes: number | undefined;
    #bytes: Uint8Array | undefined;
    /** Numbers of the parts of the metadata that have come. */
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
      // A second handshake would have everything asked for again.
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

    /** Called by npm:webtorrent once it has the metadata from elsewhere. */
    setMetadata(metadata: Uint8Array): Promise<boolean> {
      return this.#library.setMetadata(metadata);
    }

    /** Length of our metadata, in bytes, once we have them. */
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

    /** Hands the metadata to the torrent, unless another peer has sent them meanwhile. */
    async #offer(metadata: Uint8Array): Promise<void> {
      this.#isChecking = true;
      const before = attempts.get(torrent) ?? Promise.resolve(false);
      const attempt = before
        .then((isThere) => isThere || this.#library.setMetadata(metadata))
        .catch(() => false);
      attempts.set(torrent, attempt);
      // All parts came from this one peer.
      if (!await attempt) this.#wire.destroy();
      this.#bytes = undefined;
      this.#parts.clear();
      this.#isChecking = false;
    }
  };
}

/**
 * Reads the dictionary at the start of a message (BEP 9), as the package does it: up to the first `ee`.
 *
 * @returns undefined if there is none
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
