/**
 * A hash table for the names in directories: open addressing in arrays of numbers, 32 bytes a
 * name and mostly less. A `Map` of strings for each directory takes ten times as much.
 *
 * @module
 */

const FIRST_SLOTS = 1024;

/** A name that is in the table. */
export interface Named {
  /** Index of the path that brought it. */
  owner: number;
  /** Number of the directory that it is in. */
  parent: number;
  /** Number of the directory that it is; 0 for a file. */
  directory: number;
}

/**
 * Finds who brought a name. Holds hashes and not the names: whoever asks has them, and decides whether
 * one with the same hash is the same.
 */
export class NameTable {
  readonly #seed: number;
  readonly #factor: number;
  #hashes = new Uint32Array(FIRST_SLOTS);
  /** Index of the owner and 1; 0 where a slot is free. */
  #owners = new Uint32Array(FIRST_SLOTS);
  #parents = new Uint32Array(FIRST_SLOTS);
  #directories = new Uint32Array(FIRST_SLOTS);
  #size = 0;

  /**
   * @param key two secret numbers, so that a stranger cannot choose names that have one hash
   */
  constructor(key: Uint32Array = crypto.getRandomValues(new Uint32Array(2))) {
    this.#seed = key[0]!;
    this.#factor = key[1]! | 1;
  }

  /** The hash of a name in a directory. @param parent number of the directory */
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

  /** The first of those in a directory with this hash that `isIt` says yes to. */
  find(hash: number, parent: number, isIt: (named: Named) => boolean): Named | undefined {
    const mask = this.#owners.length - 1;
    for (let slot = hash & mask; this.#owners[slot] !== 0; slot = (slot + 1) & mask) {
      if (this.#hashes[slot] !== hash || this.#parents[slot] !== parent) continue;
      const named = { owner: this.#owners[slot]! - 1, parent, directory: this.#directories[slot]! };
      if (isIt(named)) return named;
    }
  }

  /** Adds a name that is not there yet. */
  add(hash: number, { owner, parent, directory }: Named): void {
    if (++this.#size * 2 > this.#owners.length) this.#grow();
    this.#put(hash, owner + 1, parent, directory);
  }

  /** Gives the memory back. The table is of no more use. */
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
    // The garbage collector would leave them lying for long.
    for (const { buffer } of before) buffer.transfer(0);
  }
}
