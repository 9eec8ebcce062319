/**
 * Table of the last complete listing of each seed directory. A directory that is unchanged since then
 * need not be listed again.
 *
 * @module
 */

import type { Sqlite } from "./sqlite.ts";

/** Result of a complete listing of a directory. */
export interface DirectoryListing {
  /** Inode and times of the directory at the listing, as `directoryStamp` returns them. */
  stamp: string;
  /** Number of archives. */
  archives: number;
  /** The names of hidden files and catalogs. */
  otherNames: string[];
}

/** The table of listings, one row per directory. */
export class ListingsTable {
  readonly #sqlite: Sqlite;

  constructor(sqlite: Sqlite) {
    this.#sqlite = sqlite;
  }

  /** Returns the last listing of a directory; `undefined` if there is none. */
  get(path: string): DirectoryListing | undefined {
    const row = this.#sqlite.row("SELECT * FROM directory_listings WHERE path = ?", path);
    return row && {
      stamp: row.stamp as string,
      archives: row.archives as number,
      otherNames: JSON.parse(row.other_names as string) as string[],
    };
  }

  /** Stores a listing of a directory in place of the one before. */
  set(path: string, { stamp, archives, otherNames }: DirectoryListing): void {
    this.#sqlite.change(
      `INSERT OR REPLACE INTO directory_listings (path, stamp, archives, other_names)
        VALUES (?, ?, ?, ?)`,
      path,
      stamp,
      archives,
      JSON.stringify(otherNames),
    );
  }
}
