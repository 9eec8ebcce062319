/**
 * Table of random secrets of this home that must outlive the process.
 *
 * @module
 */

import type { Sqlite } from "./sqlite.ts";

/** Length of a secret, bytes. */
const SECRET_BYTES = 32;

/** The table of secrets, one row per name. */
export class SecretsTable {
  readonly #sqlite: Sqlite;

  constructor(sqlite: Sqlite) {
    this.#sqlite = sqlite;
  }

  /** Returns the secret of a name, 32 bytes. Makes a random one at the first call for a name. */
  get(name: string): Uint8Array {
    const known = this.#find(name);
    if (known) return known;
    const bytes = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
    // If two processes make the secret at the same time, the first one's stays.
    this.#sqlite.change("INSERT OR IGNORE INTO secrets (name, bytes) VALUES (?, ?)", name, bytes);
    return this.#find(name)!;
  }

  #find(name: string): Uint8Array | undefined {
    const row = this.#sqlite.row("SELECT bytes FROM secrets WHERE name = ?", name);
    return row && Uint8Array.from(row.bytes as Uint8Array);
  }
}
