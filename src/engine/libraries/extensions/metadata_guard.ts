/**
 * A guard before npm:ut_metadata (BEP 9): the connection passes a peer's messages to the guard
 * instead of the package. Without the guard, npm:ut_metadata
 *
 * - accepts any metadata from a peer that dialled us, because the package is set up after the
 *   handshake and so does not know the infohash;
 * - hashes up to ten megabytes again for each small message that a peer adds, and accepts parts
 *   that the peer changes between two messages;
 * - throws an uncaught exception if a peer withdraws the extension in the middle of a transfer;
 * - asks each peer for all parts at once, of which libtorrent sends ten, and the others a second later;
 * - decodes and copies the metadata for each peer of a torrent that has them.
 *
 * The guard requests the parts, collects them before it passes the whole to the package, and answers
 * the requests of peers. A peer that sent the metadata of another torrent is disconnected.
 *
 * @module
 */

import bencode from "bencode";
import { type Clock, concatBytes, type Timer } from "../../../base/mod.ts";
import type { Extension, ExtensionClass } from "./extension.ts";
import { MetadataFetch, type MetadataPeer } from "./metadata_fetch.ts";
import { isPart, type MetadataParts, PART_BYTES } from "./metadata_parts.ts";

/**
 * Maximum length of the metadata, in bytes: enough for 100,000 pieces.
 */
const MAX_METADATA_BYTES = 2 * 1024 * 1024;
/**
 * Maximum number of parts that a peer is asked for at once. libtorrent answers at once while less than
 * 160 KiB wait to be sent, and answers what is above once a second.
 */
const MAX_ASKED = 8;
/**
 * Time without a part after which a peer is asked again, and for one part at a time (ms). rtorrent
 * drops requests that come while it has a part to send.
 */
const SILENCE_MS = 2_000;
/** Beginning of the client name of rtorrent's library; the one of libtorrent is `libtorrent/`. */
const RTORRENT = "libTorrent ";
/**
 * Maximum length of the bencoded dictionary at the start of a message (BEP 9). Its members
 * `msg_type`, `piece` and `total_size` take about 50 bytes.
 */
const MAX_HEADER_BYTES = 256;
const LETTER_E = 0x65;

/**
 * Values of `msg_type` (BEP 9): a request for a metadata part, a message that contains a part, and the
 * answer that there is none.
 */
const [REQUEST, DATA, REJECT] = [0, 1, 2];

/** The members of a torrent that the guard uses. */
export interface Described {
  /** The infohash that the metadata must match. */
  infoHash: string;
  /** The metadata, once they are known. */
  infoBuffer?: Uint8Array;
}

/** The members of a connection that the guard uses. */
interface Wire {
  ut_metadata: Extension & {
    /** Passes metadata to the torrent. Resolves to whether the metadata match the infohash. */
    setMetadata(metadata: Uint8Array): Promise<boolean>;
  };
  /** Our extended handshake (BEP 10). */
  extendedHandshake: { metadata_size?: number };
  /** The peer's numbers of extended messages, by the name of their extension (BEP 10). */
  peerExtendedMapping: { ut_metadata?: number };
  once(event: "close", listener: () => void): void;
  extended(extension: "ut_metadata", message: Uint8Array): void;
  destroy(): void;
}

const fetches = new WeakMap<Described, MetadataFetch>();

/** Returns the search for the metadata of a torrent, which all its peers take part in. */
function fetchOf(torrent: Described): MetadataFetch {
  const fetch = fetches.get(torrent) ?? new MetadataFetch();
  fetches.set(torrent, fetch);
  return fetch;
}

/**
 * Lets all connections of a torrent share its metadata, which the guard reads from `infoBuffer`.
 * npm:webtorrent hands `metadata` to npm:ut_metadata, which takes only bytes, and decodes and copies them.
 * To be called at the torrent's event `metadata`.
 */
export function shareMetadata(torrent: object): void {
  (torrent as { metadata: unknown }).metadata = true;
}

/**
 * Returns the guard class for a torrent's connections. A connection must `use` it after
 * npm:webtorrent has set up npm:ut_metadata.
 */
export function metadataGuard(torrent: Described, clock: Clock): ExtensionClass<Wire> {
  return class MetadataGuard implements Extension, MetadataPeer {
    readonly #wire: Wire;
    readonly #library: Wire["ut_metadata"];
    readonly #fetch = fetchOf(torrent);
    /** Length of the metadata in bytes, as the peer states in its extended handshake. */
    #sizeBytes: number | undefined;
    /** The parts that the peer helps to fill; `undefined` while it is asked for none. */
    #parts: MetadataParts | undefined;
    /** Parts that the peer has been asked for and has not sent. */
    readonly #asked = new Set<number>();
    /** Number of requests that the peer may still reject or leave unanswered before it is asked no more. */
    #failuresLeft = 0;
    /** Whether the peer is asked for one part at a time. */
    #answersOne = false;
    /** Waits for the next part. */
    #silence: Timer | undefined;

    constructor(wire: Wire) {
      this.#wire = wire;
      this.#library = wire.ut_metadata;
      this.#library.onHandshake(torrent.infoHash);
      this.#announceSize();
      wire.once("close", () => {
        this.#fetch.leave(this);
        this.#ask(undefined);
      });
    }

    get name(): string {
      return "ut_metadata";
    }

    onHandshake(infoHashHex: string): void {
      this.#library.onHandshake(infoHashHex);
    }

    onExtendedHandshake(handshake: { metadata_size?: unknown; v?: unknown }): void {
      // Only the first handshake counts. A second one would have all parts requested again.
      if (this.#sizeBytes !== undefined || torrent.infoBuffer) return;
      const size = handshake.metadata_size;
      if (typeof size !== "number" || !Number.isInteger(size) || size <= 0) return;
      this.#sizeBytes = size;
      if (size > MAX_METADATA_BYTES) return;
      const { v } = handshake;
      this.#answersOne = v instanceof Uint8Array &&
        new TextDecoder().decode(v).startsWith(RTORRENT);
      const parts = this.#fetch.join(this, size);
      this.#failuresLeft = 2 * parts.count;
      this.#ask(parts);
    }

    onMessage(message: Uint8Array): void {
      const header = headerOf(message);
      if (!header) return;
      const { type, part, lengthBytes } = header;
      if (type === DATA) this.#take(part, message.subarray(lengthBytes));
      else if (type === REQUEST) this.#answer(part);
      else if (type === REJECT) this.#rejected(part);
    }

    /** Called by npm:webtorrent when it has got the metadata, by whatever way. */
    setMetadata(): Promise<boolean> {
      this.#announceSize();
      return Promise.resolve(true);
    }

    offer(metadata: Uint8Array): Promise<boolean> {
      return this.#library.setMetadata(metadata);
    }

    restart(wrong: MetadataParts): void {
      if (this.#parts === wrong) this.#ask(this.#fetch.join(this, wrong.sizeBytes));
    }

    destroy(): void {
      this.#wire.destroy();
    }

    #announceSize(): void {
      const { infoBuffer } = torrent;
      if (infoBuffer) this.#wire.extendedHandshake.metadata_size = infoBuffer.length;
    }

    /**
     * Asks the peer for missing parts. If the peer helps to fill another buffer than before, its pending
     * requests are forgotten.
     */
    #ask(parts: MetadataParts | undefined): void {
      if (parts !== this.#parts) {
        for (const part of this.#asked) this.#parts?.countRequest(part, -1);
        this.#asked.clear();
        this.#parts = parts;
      }
      while (parts && this.#asked.size < (this.#answersOne ? 1 : MAX_ASKED)) {
        const part = parts.next(this.#asked);
        if (part === undefined || !this.#send({ msg_type: REQUEST, piece: part })) break;
        this.#asked.add(part);
        parts.countRequest(part, 1);
      }
      this.#silence?.cancel();
      const isWaiting = this.#asked.size > 0 && !torrent.infoBuffer;
      this.#silence = isWaiting ? clock.after(SILENCE_MS, () => this.#askAgain()) : undefined;
    }

    /** Asks a silent peer again, and for one part at a time from then on. */
    #askAgain(): void {
      const parts = this.#parts;
      if (!parts || parts.whole || torrent.infoBuffer || --this.#failuresLeft <= 0) return;
      this.#answersOne = true;
      this.#repeat(parts);
      this.#ask(parts);
    }

    /** Sends the first request again that the peer has not answered, if its part is still missing. */
    #repeat(parts: MetadataParts): void {
      for (const part of this.#asked) {
        if (!parts.has(part)) return void this.#send({ msg_type: REQUEST, piece: part });
        this.#asked.delete(part);
        parts.countRequest(part, -1);
      }
    }

    #take(part: unknown, bytes: Uint8Array): void {
      const parts = this.#parts;
      if (torrent.infoBuffer || parts?.whole) return;
      if (!parts?.fits(part, bytes.length)) return this.#wire.destroy();
      if (!this.#asked.delete(part)) return;
      parts.countRequest(part, -1);
      parts.put(part, bytes, this);
      if (parts.whole) return void this.#fetch.complete(parts, this);
      if (this.#answersOne) this.#repeat(parts);
      this.#ask(parts);
    }

    #rejected(part: unknown): void {
      const parts = this.#parts;
      if (!parts || typeof part !== "number" || !this.#asked.delete(part)) return;
      parts.countRequest(part, -1);
      if (--this.#failuresLeft > 0) this.#ask(parts);
    }

    #answer(part: unknown): void {
      const metadata = torrent.infoBuffer;
      if (!metadata) {
        if (typeof part === "number") this.#send({ msg_type: REJECT, piece: part });
        return;
      }
      if (!isPart(part, metadata.length)) return this.#wire.destroy();
      const bytes = metadata.subarray(part * PART_BYTES, (part + 1) * PART_BYTES);
      this.#send({ msg_type: DATA, piece: part, total_size: metadata.length }, bytes);
    }

    /** Sends a message (BEP 9). Returns `false` if the peer has no number for it. */
    #send(header: Record<string, number>, bytes: Uint8Array = new Uint8Array()): boolean {
      // A peer may withdraw an extension at any time (BEP 10).
      if (!this.#wire.peerExtendedMapping.ut_metadata) return false;
      this.#wire.extended("ut_metadata", concatBytes(bencode.encode(header), bytes));
      return true;
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
