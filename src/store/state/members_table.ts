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

/** An archive whose list has been read: its members, none if it has no list or its file has changed. */
export interface ReadArchive {
  path: string;
  members: readonly IndexedMember[];
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
const MAX_INDEXED_MEMBERS = 1_000_000;
/** Number of bytes of a member's hash that a row has. A member whose bytes differ is found when it is read. */
const KEY_BYTES = 8;
/**
 * Maximum number of archives that one look-up of a member returns, the newest. The caller may use only some
 * of them, and any archive may list a member that it does not have.
 */
const MAX_PLACES = 64;
/** Number of rows that one transaction inserts, so that it does not block the thread for long. */
const INSERTED_AT_ONCE = 1_000;

/** The index of members. */
export class MembersTable {
  readonly #sqlite: Sqlite;
  readonly #maxMembers: number;
  /** Upper bound of the number of members in the index, before which their sum is not needed. */
  #membersAtMost = Infinity;

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

  /**
   * Puts the members of archives into the index. An archive without members, or with more than the index
   * may have, counts as read and is left out. If the index is full, other archives leave it. Archives for
   * which the generator is not run to its end count as not read.
   *
   * @yields after each transaction, so that the caller can let other work run
   */
  *add(archives: Iterable<ReadArchive>): Generator<void> {
    let short: ReadArchive[] = [];
    let rows = 0;
    for (const archive of archives) {
      const { length } = archive.members;
      if (length > INSERTED_AT_ONCE && length <= this.#maxMembers) {
        yield* this.#addLong(archive);
        continue;
      }
      short.push(archive);
      rows += length;
      if (rows < INSERTED_AT_ONCE) continue;
      this.#addShort(short);
      short = [];
      rows = 0;
      yield;
    }
    if (short.length > 0) this.#addShort(short);
  }

  /** Puts the members of several archives into the index by one transaction. */
  #addShort(archives: readonly ReadArchive[]): void {
    this.#sqlite.transaction(() => {
      for (const { path, members } of archives) {
        const isTaken = members.length > 0 && members.length <= this.#maxMembers;
        const list = isTaken ? this.#nextList(members.length) : null;
        if (!this.#setList(path, list, isTaken ? members.length : 0)) continue;
        if (list !== null) this.#insert(members, list);
      }
    });
  }

  *#addLong({ path, members }: ReadArchive): Generator<void> {
    const list = this.#sqlite.transaction(() => {
      const next = this.#nextList(members.length);
      this.#setList(path, next, null);
      return next;
    });
    for (let from = 0; from < members.length; from += INSERTED_AT_ONCE) {
      const isThere = this.#sqlite.transaction(() => {
        // Another process may have removed the archive, or stored that its file has changed.
        const row = this.#sqlite.row("SELECT 1 FROM verified_files WHERE member_list = ?", list);
        if (row) this.#insert(members.slice(from, from + INSERTED_AT_ONCE), list);
        return row !== undefined;
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

  /** Returns whether the archive is in the table of verified archives. */
  #setList(path: string, list: number | null, members: number | null): boolean {
    return this.#sqlite.change(
      "UPDATE verified_files SET member_list = ?, members = ? WHERE path = ?",
      list,
      members,
      path,
    ) > 0;
  }

  #insert(members: readonly IndexedMember[], list: number): void {
    for (const { hash, offsetBytes } of members) {
      this.#sqlite.change(
        "INSERT OR IGNORE INTO members (key, list, offset_bytes) VALUES (?, ?, ?)",
        hash.subarray(0, KEY_BYTES),
        list,
        offsetBytes,
      );
    }
  }

  /** Returns where a member may lie, in the archive that the index got last first. */
  find(hash: Uint8Array): MemberPlace[] {
    return this.#sqlite.rows(
      `SELECT path, offset_bytes FROM members JOIN verified_files ON member_list = list
        WHERE key = ? ORDER BY list DESC LIMIT ${MAX_PLACES}`,
      hash.subarray(0, KEY_BYTES),
    ).map((row) => ({ path: row.path as string, offsetBytes: row.offset_bytes as number }));
  }

  /** Makes room for some members, and returns the number of a new list. */
  #nextList(wanted: number): number {
    this.#makeRoom(wanted);
    return this.#sqlite.row(
      "SELECT ifnull(max(member_list), 0) + 1 AS next FROM verified_files",
    )!.next as number;
  }

  /** Removes the oldest archives until there is room for some more members beside them. */
  #makeRoom(wanted: number): void {
    // The sum takes a millisecond for 10,000 archives, so it is not computed for each archive. What other
    // processes remove makes the remembered sum too high at most.
    this.#membersAtMost += wanted;
    while (this.#membersAtMost > this.#maxMembers) {
      const { sum, oldest } = this.#sqlite.row(
        `SELECT ifnull(sum(members), 0) AS sum, min(member_list) AS oldest FROM verified_files
          WHERE member_list IS NOT NULL`,
      )!;
      this.#membersAtMost = (sum as number) + wanted;
      if (oldest === null || this.#membersAtMost <= this.#maxMembers) return;
      this.#sqlite.change(
        "UPDATE verified_files SET member_list = NULL, members = 0 WHERE member_list = ?",
        oldest as number,
      );
    }
  }
}
