/**
 * A hash table for the names in directories: open addressing in typed arrays, at most 32 bytes a name.
 * A `Map` of strings for each directory would take ten times as much memory.
 *
 * @module
 */

const FIRST_SLOTS = 1024;

/** An entry of the table: one name in one directory. */
export interface NamedEntry {
  /** Index of the path that added the name. */
  owner: number;
  /** Number of the directory that holds the name. */
  parent: number;
  /** Number of the directory that the name stands for; 0 for a file. */
  directory: number;
}

/**
 * Finds the entry of a name. The table holds hashes and no names: for an entry with an equal hash, the
 * caller compares the names.
 */
export class NameTable {
  readonly #seed: number;
  readonly #factor: number;
  #hashes = new Uint32Array(FIRST_SLOTS);
  /** By slot: index of the entry's owner plus 1; 0 marks a free slot. */
  #owners = new Uint32Array(FIRST_SLOTS);
  #parents = new Uint32Array(FIRST_SLOTS);
  #directories = new Uint32Array(FIRST_SLOTS);
  #size = 0;

  /**
   * @param key two secret numbers, so that nobody can choose names whose hashes collide
   */
  constructor(key: Uint32Array = crypto.getRandomValues(new Uint32Array(2))) {
    this.#seed = key[0]!;
    this.#factor = key[1]! | 1;
  }

  /** Hashes a name in a directory. @param parent number of the directory */
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

  /** The first entry of a directory with this hash for which `isIt` returns true. */
  find(hash: number, parent: number, isIt: (entry: NamedEntry) => boolean): NamedEntry | undefined {
    const mask = this.#owners.length - 1;
    for (let slot = hash & mask; this.#owners[slot] !== 0; slot = (slot + 1) & mask) {
      if (this.#hashes[slot] !== hash || this.#parents[slot] !== parent) continue;
      const entry = { owner: this.#owners[slot]! - 1, parent, directory: this.#directories[slot]! };
      if (isIt(entry)) return entry;
    }
  }

  /** Adds a name that the table does not have yet. */
  add(hash: number, { owner, parent, directory }: NamedEntry): void {
    if (++this.#size * 2 > this.#owners.length) this.#grow();
    this.#put(hash, owner + 1, parent, directory);
  }

  /** Frees the memory. The table must not be used afterwards. */
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
    // Freed at once: the garbage collector would keep these buffers for a long time.
    for (const { buffer } of before) buffer.transfer(0);
  }
}
