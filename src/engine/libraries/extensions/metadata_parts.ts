/**
 * The parts of a torrent's metadata (BEP 9), as peers send them. All peers of a torrent fill the same
 * buffer, so that each part is asked for as rarely as possible. If the whole turns out to be wrong, and
 * several peers have sent parts, each peer fills a buffer of its own from then on, which tells who lied.
 *
 * @module
 */

/** Length of a part in bytes; the last one may be shorter. */
export const PART_BYTES: number = 16 * 1024;

/** The parts of metadata of one length. */
export class MetadataParts {
  readonly sizeBytes: number;
  /** Number of parts. */
  readonly count: number;
  readonly #got = new Set<number>();
  /** For each part: the number of peers that it is requested from. */
  readonly #asked: Uint16Array;
  readonly #senders = new Set<object>();
  #bytes: Uint8Array | undefined;

  constructor(sizeBytes: number) {
    this.sizeBytes = sizeBytes;
    this.count = Math.ceil(sizeBytes / PART_BYTES);
    this.#asked = new Uint16Array(this.count);
  }

  /** Peers that have sent parts. */
  get senders(): ReadonlySet<object> {
    return this.#senders;
  }

  /** The whole metadata; `undefined` while a part is missing. */
  get whole(): Uint8Array | undefined {
    return this.#got.size === this.count ? this.#bytes : undefined;
  }

  /** Whether a part is there. */
  has(part: number): boolean {
    return this.#got.has(part);
  }

  /**
   * Returns the missing part that is requested from the fewest peers, the first one of several.
   *
   * @param asked parts that the peer has been asked for already
   */
  next(asked: ReadonlySet<number>): number | undefined {
    let found: number | undefined;
    for (let part = 0; part < this.count; part++) {
      if (this.#got.has(part) || asked.has(part)) continue;
      if (found === undefined || this.#asked[part]! < this.#asked[found]!) found = part;
    }
    return found;
  }

  /** Counts a request for a part, or the end of a request. */
  countRequest(part: number, change: 1 | -1): void {
    this.#asked[part]! += change;
  }

  /** Whether a part has the right number and length. */
  fits(part: unknown, lengthBytes: number): part is number {
    return isPart(part, this.sizeBytes) &&
      lengthBytes === Math.min(PART_BYTES, this.sizeBytes - part * PART_BYTES);
  }

  /** Takes a part that fits, and copies its bytes. A second copy of a part is ignored. */
  put(part: number, bytes: Uint8Array, sender: object): void {
    if (this.#got.has(part)) return;
    // Memory is taken for what arrives, and not for what is announced.
    this.#bytes ??= new Uint8Array(this.sizeBytes);
    this.#bytes.set(bytes, part * PART_BYTES);
    this.#got.add(part);
    this.#senders.add(sender);
  }

  /** Forgets all parts. */
  clear(): void {
    this.#got.clear();
    this.#senders.clear();
    this.#bytes = undefined;
  }
}

/** Whether a value is the number of a part. */
export function isPart(part: unknown, sizeBytes: number): part is number {
  return typeof part === "number" && Number.isInteger(part) && part >= 0 &&
    part * PART_BYTES < sizeBytes;
}
