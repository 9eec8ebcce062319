/**
 * A map from texts to texts that is kept in few byte arrays. A hundred thousand entries of a `Map` take
 * two to three times as much memory, and each garbage collection walks through them.
 *
 * The entries lie one after the other in chunks, in the order in which they were set: two lengths, then
 * the bytes of key and value in UTF-8. A hash table (open addressing, linear probing) has the places of
 * the entries.
 *
 * @module
 */

/** Bytes of a chunk. */
const CHUNK_BYTES = 1 << 18;
/** Bytes before each entry: the lengths of key and value, 16 bits each. */
const HEAD_BYTES = 4;
/** Longest key or value, bytes. */
const MAX_BYTES = 0x7fff;
/** Flag in the length of a value: the entry was removed. */
const REMOVED = 0x8000;
const FIRST_SLOTS = 64;
/** Share of the slots in use at which the table is made anew. */
const MAX_FILL = 0.7;
const [EMPTY, DELETED] = [0, 0xffff_ffff];

const encoder = new TextEncoder();
const decoder = new TextDecoder();

interface Chunk {
  bytes: Uint8Array;
  view: DataView;
  /** Number of bytes in use. */
  used: number;
}

/** A map from texts to texts that takes little memory. */
export class CompactMap {
  #chunks: Chunk[] = [];
  /** For each slot of the hash table the place of an entry plus one, `EMPTY` or `DELETED`. */
  #slots = new Uint32Array(FIRST_SLOTS);
  /** Number of slots that are not empty. */
  #usedSlots = 0;
  #size = 0;
  #removedBytes = 0;
  readonly #key = new Uint8Array(MAX_BYTES);
  readonly #value = new Uint8Array(MAX_BYTES);
  /** Makes the slots of keys unpredictable, so that nobody chooses keys that share one. */
  readonly #seed = crypto.getRandomValues(new Uint32Array(1))[0]!;

  /** Number of entries. */
  get size(): number {
    return this.#size;
  }

  /** Returns the value of a key; `undefined` if there is none. */
  get(key: string): string | undefined {
    const slot = this.#find(encode(key, this.#key));
    return slot === undefined ? undefined : entryAt(this.#chunks, this.#slots[slot]! - 1).value;
  }

  /** Whether there is an entry for a key. */
  has(key: string): boolean {
    return this.#find(encode(key, this.#key)) !== undefined;
  }

  /**
   * Sets the value of a key. The entry is then the last one.
   *
   * @throws {RangeError} if key or value are longer than 32,767 bytes
   */
  set(key: string, value: string): void {
    const keyBytes = encode(key, this.#key);
    const valueBytes = encode(value, this.#value);
    const hash = this.#hash(keyBytes);
    this.#remove(this.#find(keyBytes, hash));
    if (this.#usedSlots + 1 > this.#slots.length * MAX_FILL) this.#renew();
    this.#insert(this.#write(keyBytes, valueBytes), hash);
    this.#size++;
  }

  /** Removes the entry of a key. Returns whether there was one. */
  delete(key: string): boolean {
    return this.#remove(this.#find(encode(key, this.#key)));
  }

  /** Removes all entries. */
  clear(): void {
    this.#chunks = [];
    this.#slots = new Uint32Array(FIRST_SLOTS);
    this.#usedSlots = this.#size = this.#removedBytes = 0;
  }

  /**
   * Yields the entries in the order in which they were set. If entries are set meanwhile, it may yield
   * some that were removed.
   */
  *[Symbol.iterator](): Generator<[key: string, value: string]> {
    const chunks = this.#chunks;
    for (const place of placesIn(chunks)) {
      const { key, value } = entryAt(chunks, place);
      yield [key, value];
    }
  }

  /** Yields the keys in the order in which they were set. */
  *keys(): Generator<string> {
    for (const [key] of this) yield key;
  }

  /** Returns the slot of a key; `undefined` if there is none. */
  #find(key: Uint8Array, hash = this.#hash(key)): number | undefined {
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask;; slot = (slot + 1) & mask) {
      const place = this.#slots[slot]!;
      if (place === EMPTY) return undefined;
      if (place !== DELETED && this.#isKey(place - 1, key)) return slot;
    }
  }

  #isKey(place: number, key: Uint8Array): boolean {
    const { bytes, view } = this.#chunks[Math.floor(place / CHUNK_BYTES)]!;
    const at = place % CHUNK_BYTES;
    if (view.getUint16(at) !== key.length) return false;
    for (let i = 0; i < key.length; i++) if (bytes[at + HEAD_BYTES + i] !== key[i]) return false;
    return true;
  }

  /** Appends an entry, and returns its place. */
  #write(key: Uint8Array, value: Uint8Array): number {
    const length = HEAD_BYTES + key.length + value.length;
    let chunk = this.#chunks.at(-1);
    if (!chunk || chunk.used + length > CHUNK_BYTES) {
      const bytes = new Uint8Array(CHUNK_BYTES);
      chunk = { bytes, view: new DataView(bytes.buffer), used: 0 };
      this.#chunks.push(chunk);
    }
    const { bytes, view, used: at } = chunk;
    view.setUint16(at, key.length);
    view.setUint16(at + 2, value.length);
    bytes.set(key, at + HEAD_BYTES);
    bytes.set(value, at + HEAD_BYTES + key.length);
    chunk.used += length;
    return (this.#chunks.length - 1) * CHUNK_BYTES + at;
  }

  #insert(place: number, hash: number): void {
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    while (this.#slots[slot] !== EMPTY) slot = (slot + 1) & mask;
    this.#slots[slot] = place + 1;
    this.#usedSlots++;
  }

  #remove(slot: number | undefined): boolean {
    if (slot === undefined) return false;
    const place = this.#slots[slot]! - 1;
    const { view } = this.#chunks[Math.floor(place / CHUNK_BYTES)]!;
    const at = place % CHUNK_BYTES;
    const valueLength = view.getUint16(at + 2);
    view.setUint16(at + 2, valueLength | REMOVED);
    this.#removedBytes += HEAD_BYTES + view.getUint16(at) + valueLength;
    this.#slots[slot] = DELETED;
    this.#size--;
    return true;
  }

  /** Makes the table anew, twice as large if that is needed, and the chunks if half of them is unused. */
  #renew(): void {
    const before = this.#chunks;
    const usedBytes = before.reduce((sum, { used }) => sum + used, 0);
    const compacts = this.#removedBytes * 2 > usedBytes;
    const needed = (this.#size + 1) * 2;
    let slots = FIRST_SLOTS;
    while (slots < needed) slots *= 2;
    this.#slots = new Uint32Array(slots);
    this.#usedSlots = 0;
    if (compacts) {
      this.#chunks = [];
      this.#removedBytes = 0;
    }
    for (const place of placesIn(before)) {
      const { bytes, view } = before[Math.floor(place / CHUNK_BYTES)]!;
      const at = place % CHUNK_BYTES;
      const valueAt = at + HEAD_BYTES + view.getUint16(at);
      const key = bytes.subarray(at + HEAD_BYTES, valueAt);
      const value = bytes.subarray(valueAt, valueAt + view.getUint16(at + 2));
      this.#insert(compacts ? this.#write(key, value) : place, this.#hash(key));
    }
  }

  /** FNV-1a with a secret start, mixed once more, because the low bits choose the slot. */
  #hash(key: Uint8Array): number {
    let hash = this.#seed;
    for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key[i]!, 0x0100_0193);
    hash = Math.imul(hash ^ hash >>> 16, this.#seed | 1);
    return (hash ^ hash >>> 15) >>> 0;
  }
}

/** Yields the places of the entries: an entry's first byte, counted over all chunks. */
function* placesIn(chunks: readonly Chunk[]): Generator<number> {
  for (const [index, chunk] of chunks.entries()) {
    for (let at = 0; at < chunk.used;) {
      const keyLength = chunk.view.getUint16(at);
      const valueLength = chunk.view.getUint16(at + 2);
      if (valueLength <= MAX_BYTES) yield index * CHUNK_BYTES + at;
      at += HEAD_BYTES + keyLength + (valueLength & MAX_BYTES);
    }
  }
}

function entryAt(chunks: readonly Chunk[], place: number): { key: string; value: string } {
  const { bytes, view } = chunks[Math.floor(place / CHUNK_BYTES)]!;
  const at = place % CHUNK_BYTES;
  const keyAt = at + HEAD_BYTES;
  const valueAt = keyAt + view.getUint16(at);
  const end = valueAt + (view.getUint16(at + 2) & MAX_BYTES);
  return {
    key: decoder.decode(bytes.subarray(keyAt, valueAt)),
    value: decoder.decode(bytes.subarray(valueAt, end)),
  };
}

function encode(text: string, into: Uint8Array): Uint8Array {
  const { read, written } = encoder.encodeInto(text, into);
  if (read === text.length) return into.subarray(0, written);
  throw new RangeError(`a text of a compact map is longer than ${MAX_BYTES} bytes`);
}
