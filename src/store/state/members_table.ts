/**
 * Index of the gzip members of archives: tells in which archive, and where in it, a member lies that
 * another archive lists. It holds verified archives that begin with a list of members (docs/protocol.md
 * section 4). A row has 8 bytes of the member's hash, so a caller compares the bytes with the whole hash.
 *
 * Rows follow the table of verified archives: they disappear with their archive (triggers in the schema),
 * and an archive whose file has changed counts as not read. When the index is full, it forgets the archive
 * that it has had for the longest time.
 *
 * @module
 */

import type { Sqlite } from "./sqlite.ts";
import type { FileIdentity } from "./verified_files_table.ts";

/** A verified archive whose list of members is not in the index yet. */
export interface UnreadArchive extends FileIdentity {
  path: string;
}

/** A member that goes into the index. */
export interface IndexedMember {
  /** Hash of the member; at least 8 bytes, of which the first 8 are stored. */
  hash: Uint8Array;
  /** Position of the member in its archive, in bytes. */
  offsetBytes: number;
}

/** An archive that may have a member, and the member's position in it, in bytes. */
export interface MemberPlace {
  path: string;
  offsetBytes: number;
}

/**
 * Maximum number of members in the index. A million members of a mean of 27 KiB are 27 GiB of archives, and
 * take 40 MB in the database.
 */
export const MAX_INDEXED_MEMBERS = 1_000_000;
/** Number of bytes of a member's hash that a row has. A member whose bytes differ is found when it is read. */
const KEY_BYTES = 8;
/** Maximum number of archives that one look-up of a member returns, the newest. */
const MAX_PLACES = 8;
/** Number of rows that one transaction inserts, so that a long list does not block the thread for long. */
export const INSERTED_AT_ONCE = 2_000;

/** The index of members. */
export class MembersTable {
  readonly #sqlite: Sqlite;
  readonly #maxMembers: number;

  /** @param maxMembers maximum number of members in the index */
  constructor(sqlite: Sqlite, maxMembers = MAX_INDEXED_MEMBERS) {
    this.#sqlite = sqlite;
    this.#maxMembers = maxMembers;
  }

  /** Whether the index has no member at all. */
  get isEmpty(): boolean {
    return this.#sqlite.row("SELECT 1 FROM members LIMIT 1") === undefined;
  }

  /**
   * Lists verified archives of a directory whose lists are not in the index yet, oldest first.
   *
   * @param directory path of the directory, as in the paths that were stored
   */
  unread(directory: string, limit: number): UnreadArchive[] {
    const prefix = directory.endsWith("/") ? directory : `${directory}/`;
    return this.#sqlite.rows(
      `SELECT path, size_bytes, mtime_ms, inode FROM verified_files
        WHERE members IS NULL AND substr(path, 1, ?) = ? ORDER BY rowid LIMIT ?`,
      prefix.length,
      prefix,
      limit,
    ).map((row) => ({
      path: row.path as string,
      sizeBytes: row.size_bytes as number,
      mtimeMs: row.mtime_ms as number,
      inode: row.inode as number,
    }));
  }

  /** Stores that an archive has no list of members, or that its file has gone or changed. */
  setWithout(path: string): void {
    this.#sqlite.change(
      "UPDATE verified_files SET member_list = NULL, members = 0 WHERE path = ?",
      path,
    );
  }

  /**
   * Puts the members of an archive into the index. If the index is full, other archives leave it; an
   * archive with more members than the index may have is left out. If the generator is not run to its
   * end, the archive counts as not read.
   *
   * @yields after each transaction, so that the caller can let other work run
   */
  *add(path: string, members: readonly IndexedMember[]): Generator<void> {
    if (members.length > this.#maxMembers) return this.setWithout(path);
    const list = this.#sqlite.transaction(() => {
      const { next } = this.#sqlite.row(
        "SELECT ifnull(max(member_list), 0) + 1 AS next FROM verified_files",
      )!;
      this.#sqlite.change(
        "UPDATE verified_files SET member_list = ?, members = NULL WHERE path = ?",
        next as number,
        path,
      );
      return next as number;
    });
    this.#makeRoom(members.length, list);
    for (let from = 0; from < members.length; from += INSERTED_AT_ONCE) {
      const isThere = this.#sqlite.transaction(() => {
        // Another process may have removed the archive, or stored that its file has changed.
        if (!this.#sqlite.row("SELECT 1 FROM verified_files WHERE member_list = ?", list)) {
          return false;
        }
        for (const { hash, offsetBytes } of members.slice(from, from + INSERTED_AT_ONCE)) {
          this.#sqlite.change(
            "INSERT OR IGNORE INTO members (key, list, offset_bytes) VALUES (?, ?, ?)",
            hash.subarray(0, KEY_BYTES),
            list,
            offsetBytes,
          );
        }
        return true;
      });
      if (!isThere) return;
      yield;
    }
    this.#sqlite.change(
      "UPDATE verified_files SET members = ? WHERE path = ? AND member_list = ?",
      members.length,
      path,
      list,
    );
  }

  /** Returns where a member may lie, in the archive that the index got last first. */
  find(hash: Uint8Array): MemberPlace[] {
    return this.#sqlite.rows(
      `SELECT path, offset_bytes FROM members JOIN verified_files ON member_list = list
        WHERE key = ? ORDER BY list DESC LIMIT ${MAX_PLACES}`,
      hash.subarray(0, KEY_BYTES),
    ).map((row) => ({ path: row.path as string, offsetBytes: row.offset_bytes as number }));
  }

  /** Removes the oldest archives until there is room for some more members beside them. */
  #makeRoom(wanted: number, list: number): void {
    for (;;) {
      const { sum, oldest } = this.#sqlite.row(
        `SELECT ifnull(sum(members), 0) AS sum, min(member_list) AS oldest FROM verified_files
          WHERE member_list IS NOT NULL AND member_list IS NOT ?`,
        list,
      )!;
      if (oldest === null || (sum as number) + wanted <= this.#maxMembers) return;
      this.#sqlite.change(
        "UPDATE verified_files SET member_list = NULL, members = 0 WHERE member_list = ?",
        oldest as number,
      );
    }
  }
}
