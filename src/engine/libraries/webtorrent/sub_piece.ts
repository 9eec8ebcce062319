/**
 * A piece of which the file holds some bytes already, copied from elsewhere: only the other bytes
 * are requested. A peer may be asked for any range inside a piece (BEP 3), so each request of a
 * {@linkcode SubPiece} is for a range of missing bytes instead of a block.
 *
 * npm:webtorrent calls a piece's members by the number of a request. It would hash a complete piece
 * at once, although the bytes in the file have to be read first. So it never learns that the piece
 * is complete; the creator of the piece is told instead.
 *
 * @module
 */

import LibraryPiece from "torrent-piece";

/** A range of bytes inside a piece. */
export interface PieceRange {
  /** Position of the first byte in the piece. */
  startBytes: number;
  /** Position after the last byte. */
  endBytes: number;
}

/** A range of a piece that a peer, or a web seed, has sent. */
export interface ReceivedRange extends PieceRange {
  bytes: Uint8Array;
  /** The connection that npm:webtorrent has handed in with the bytes. */
  sender: unknown;
}

/** The members of npm:torrent-piece's class that a {@linkcode SubPiece} uses or overrides. */
interface Piece {
  length: number;
  missing: number;
  sources: unknown[] | null;
  _chunks: number;
  _buffered: number;
  _buffer: unknown[] | null;
  _cancellations: number[] | null;
  _reservations: number;
  _flushed: boolean;
  init(): boolean;
  cancel(request: number): void;
}

/** Maximum length of a request in bytes; longer ones are refused by many clients. */
const MAX_REQUEST_BYTES = 16_384;

const Library = LibraryPiece as unknown as new (lengthBytes: number) => Piece;

/** A piece of which some bytes are known. */
export class SubPiece extends Library {
  /** The ranges of missing bytes, each of which is one request, in order. */
  readonly requested: readonly PieceRange[];
  readonly #known: readonly PieceRange[];
  readonly #onFilled: (piece: SubPiece) => void;
  /** The missing bytes that have arrived, one range after the other. */
  #bytes: Uint8Array | undefined;
  /** For each range of missing bytes: its position in `#bytes`. */
  readonly #places: number[] = [];
  /** For each range of missing bytes: the connection that it came by. */
  readonly #senders: unknown[] = [];

  /**
   * @param known ranges of known bytes, in order
   * @param onFilled called when all missing bytes have arrived
   */
  constructor(
    lengthBytes: number,
    known: readonly PieceRange[],
    onFilled: (piece: SubPiece) => void,
  ) {
    super(lengthBytes);
    this.#known = known;
    this.#onFilled = onFilled;
    this.requested = requestsBetween(known, lengthBytes);
    this._chunks = this.requested.length;
    this.missing = 0;
    for (const { startBytes, endBytes } of this.requested) {
      this.#places.push(this.missing);
      this.missing += endBytes - startBytes;
    }
  }

  /** Number of known bytes. */
  get knownBytes(): number {
    return this.#known.reduce((sum, { startBytes, endBytes }) => sum + endBytes - startBytes, 0);
  }

  /** Position after the last known byte. The file may end there. */
  get knownEndBytes(): number {
    return this.#known.at(-1)?.endBytes ?? 0;
  }

  /** Position in the piece of what a request asks for. */
  chunkOffset(request: number): number {
    return this.requested[request]!.startBytes;
  }

  /** Number of bytes that a request asks for. */
  chunkLength(request: number): number {
    const { startBytes, endBytes } = this.requested[request]!;
    return endBytes - startBytes;
  }

  /** Number of the request that asks for the bytes from a position on; -1 if there is none. */
  requestAt(offset: number): number {
    // A piece may have tens of thousands of requests.
    let from = 0;
    for (let to = this.requested.length; from < to;) {
      const middle = (from + to) >> 1;
      if (this.requested[middle]!.startBytes < offset) from = middle + 1;
      else to = middle;
    }
    return this.requested[from]?.startBytes === offset ? from : -1;
  }

  /** Takes the bytes that a request asked for. Always returns `false`: npm:webtorrent has to do nothing. */
  set(request: number, bytes: Uint8Array, source: unknown): boolean {
    if (!this.init() || this._buffer![request] || bytes.length !== this.chunkLength(request)) {
      return false;
    }
    this.#bytes ??= new Uint8Array(this.length - this.knownBytes);
    this.#bytes.set(bytes, this.#places[request]);
    this._buffer![request] = true;
    this._buffered++;
    this.missing -= bytes.length;
    this.#senders[request] = source;
    if (!this.sources!.includes(source)) this.sources!.push(source);
    if (this._buffered === this._chunks) this.#onFilled(this);
    return false;
  }

  /** Returns `null`, since npm:webtorrent never gets the bytes. */
  flush(): null {
    return null;
  }

  /** Copies the bytes that have arrived to their places in the whole piece. */
  copyTo(whole: Uint8Array): void {
    this.requested.forEach(({ startBytes, endBytes }, request) => {
      const at = this.#places[request]!;
      whole.set(this.#bytes!.subarray(at, at + endBytes - startBytes), startBytes);
    });
  }

  /** Yields the ranges that have arrived. The bytes are valid as long as the piece is not begun anew. */
  *received(): Generator<ReceivedRange> {
    for (const [request, { startBytes, endBytes }] of this.requested.entries()) {
      if (!this._buffer?.[request]) continue;
      const at = this.#places[request]!;
      const bytes = this.#bytes!.subarray(at, at + endBytes - startBytes);
      yield { startBytes, endBytes, bytes, sender: this.#senders[request] };
    }
  }

  /** Returns the same piece, without the bytes that have arrived. */
  anew(): SubPiece {
    return new SubPiece(this.length, this.#known, this.#onFilled);
  }
}

/** Returns a piece of which nothing is known. */
export function wholePiece(lengthBytes: number): { length: number } {
  return new Library(lengthBytes);
}

/**
 * Divides the gaps between known ranges into requests. A gap longer than one request is divided at
 * multiples of a block, where peers divide pieces.
 */
export function requestsBetween(known: readonly PieceRange[], lengthBytes: number): PieceRange[] {
  const requests: PieceRange[] = [];
  let at = 0;
  for (
    const { startBytes, endBytes } of [
      ...known,
      { startBytes: lengthBytes, endBytes: lengthBytes },
    ]
  ) {
    while (at < startBytes) {
      const isShort = startBytes - at <= MAX_REQUEST_BYTES;
      const end = isShort ? startBytes : at - at % MAX_REQUEST_BYTES + MAX_REQUEST_BYTES;
      requests.push({ startBytes: at, endBytes: end });
      at = end;
    }
    at = endBytes;
  }
  return requests;
}
