/**
 * A hash table for the names in directories: open addressing in typed arrays, at most 32 bytes per
 * name. A `Map` of strings for each directory would take ten times as much memory.
 *
 * @module
 */

const FIRST_SLOTS = 1024;

/** An entry of the hash table: one name in one directory. */
export interface NamedEntry {
  /** Index of the path that added the name, in the list of the archive's paths. */
  owner: number;
  /** Number of the directory that contains the name. */
  parent: number;
  /** Number of the directory that has this name; 0 if the name is a file's. */
  directory: number;
}

/**
 * A hash table that finds the entry of a name. The table stores hashes but no names: if the hashes
 * are equal, the caller compares the names.
 */
export class NameTable {
  readonly #seed: number;
  readonly #factor: number;
  #hashes = new Uint32Array(FIRST_SLOTS);
  /** For each slot, the index of the path that added the entry, plus 1; 0 marks a free slot. */
  #owners = new Uint32Array(FIRST_SLOTS);
  #parents = new Uint32Array(FIRST_SLOTS);
  #directories = new Uint32Array(FIRST_SLOTS);
  #size = 0;

  /**
   * @param key two secret numbers that seed the hash, so that an attacker cannot choose names whose
   * hashes collide
   */
  constructor(key: Uint32Array = crypto.getRandomValues(new Uint32Array(2))) {
    this.#seed = key[0]!;
    this.#factor = key[1]! | 1;
  }

  /**
   * Computes the hash of a name in a directory.
   *
   * @param parent number of the directory
   */
  hash(parent: number, name: string): number {
    let hash = Math.imul(this.#seed ^ parent, this.#factor);
    hash ^= hash >>> 15;
    for (let i = 0; i < name.length; i++) {
      hash = Math.imul(hash ^ name.charCodeAt(i), this.#factor);
      hash ^= hash >>> 15;
    }
    hash = Math.imul(hash, 0x85ebca6b);
    return (hash ^ hash >>> 13) >>> 0;
  }

  /** Finds the first entry with this hash and directory for which `isIt` returns true. */
  find(hash: number, parent: number, isIt: (entry: NamedEntry) => boolean): NamedEntry | undefined {
    const mask = this.#owners.length - 1;
    for (let slot = hash & mask; this.#owners[slot] !== 0; slot = (slot + 1) & mask) {
      if (this.#hashes[slot] !== hash || this.#parents[slot] !== parent) continue;
      const entry = { owner: this.#owners[slot]! - 1, parent, directory: this.#directories[slot]! };
      if (isIt(entry)) return entry;
    }
  }

  /** Adds a name that is not in the table yet. */
  add(hash: number, { owner, parent, directory }: NamedEntry): void {
    if (++this.#size * 2 > this.#owners.length) this.#grow();
    this.#put(hash, owner + 1, parent, directory);
  }

  /** Frees the memory of the hash table, which must not be used afterwards. */
  [Symbol.dispose](): void {
    for (const { buffer } of this.#arrays) buffer.transfer(0);
  }

  get #arrays(): Uint32Array<ArrayBuffer>[] {
    return [this.#hashes, this.#owners, this.#parents, this.#directories];
  }

  #put(hash: number, owner: number, parent: number, directory: number): void {
    const mask = this.#owners.length - 1;
    let slot = hash & mask;
    while (this.#owners[slot] !== 0) slot = (slot + 1) & mask;
    this.#hashes[slot] = hash;
    this.#owners[slot] = owner;
    this.#parents[slot] = parent;
    this.#directories[slot] = directory;
  }

  #grow(): void {
    const before = this.#arrays;
    const [hashes, owners, parents, directories] = before as [
      Uint32Array,
      Uint32Array,
      Uint32Array,
      Uint32Array,
    ];
    const slots = owners.length * 2;
    this.#hashes = new Uint32Array(slots);
    this.#owners = new Uint32Array(slots);
    this.#parents = new Uint32Array(slots);
    this.#directories = new Uint32Array(slots);
    for (let slot = 0; slot < owners.length; slot++) {
      if (owners[slot] === 0) continue;
      this.#put(hashes[slot]!, owners[slot]!, parents[slot]!, directories[slot]!);
    }
    // Free the old buffers explicitly: garbage collection would keep them for a long time.
    for (const { buffer } of before) buffer.transfer(0);
  }
}
