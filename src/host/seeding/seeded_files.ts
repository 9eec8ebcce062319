/**
 * The archives that are seeded, by file name, in memory. There may be 100,000, so that they are kept as
 * text. The state that outlives the process is in `state.db`.
 *
 * @module
 */

import { CompactMap } from "../../base/mod.ts";

/** A seeded archive. */
export interface Seeded {
  /** Infohash of the archive, 40 hexadecimal digits. */
  infoHashHex: string;
  /** Size, modification time and inode of the archive's files at the time of verification; see `markOf`. */
  mark: string;
}

/** Table of the seeded archives. */
export class SeededFiles {
  /** Infohash, a space, and the mark, by file name. */
  readonly #rows = new CompactMap();
  /** Number of additions, replacements and removals so far. */
  changes = 0;

  /** Number of seeded archives. */
  get size(): number {
    return this.#rows.size;
  }

  /** Returns the archive that is seeded under a file name; `undefined` if there is none. */
  get(fileName: string): Seeded | undefined {
    const row = this.#rows.get(fileName);
    return row === undefined ? undefined : seededOf(row);
  }

  /** Whether an archive is seeded under a file name. */
  has(fileName: string): boolean {
    return this.#rows.has(fileName);
  }

  /** Adds or replaces a seeded archive. */
  set(fileName: string, { infoHashHex, mark }: Seeded): void {
    this.changes++;
    this.#rows.set(fileName, `${infoHashHex} ${mark}`);
  }

  /** Removes a seeded archive. */
  delete(fileName: string): void {
    this.changes++;
    this.#rows.delete(fileName);
  }

  /** Yields the mark of each seeded archive, by file name. */
  *marks(): Generator<[fileName: string, mark: string]> {
    for (const [fileName, row] of this.#rows) yield [fileName, seededOf(row).mark];
  }

  /** Yields the file names under which an infohash is seeded. */
  *ofInfoHash(infoHashHex: string): Generator<string> {
    for (const [fileName, row] of this.#rows) if (row.startsWith(infoHashHex)) yield fileName;
  }
}

/** The problems of archives that cannot be seeded, by file name. */
export class ArchiveProblems {
  readonly #rows = new Map<string, string>();
  /** Number of additions, replacements and removals so far. */
  changes = 0;

  /** Number of archives with a problem. */
  get size(): number {
    return this.#rows.size;
  }

  /** Returns the file names of archives with a problem. */
  fileNames(): string[] {
    return [...this.#rows.keys()];
  }

  /** Returns the problem of an archive; `undefined` if it has none. */
  get(fileName: string): string | undefined {
    return this.#rows.get(fileName);
  }

  /** Sets the problem of an archive. */
  set(fileName: string, problem: string): void {
    if (this.#rows.get(fileName) !== problem) this.changes++;
    this.#rows.set(fileName, problem);
  }

  /** Removes the problem of an archive, if it has one. */
  delete(fileName: string): void {
    if (this.#rows.delete(fileName)) this.changes++;
  }
}

function seededOf(row: string): Seeded {
  return { infoHashHex: row.slice(0, 40), mark: row.slice(41) };
}
