/**
 * Tables that decide what is announced in the DHT individually: the archives that were asked for, and the
 * number of mirrors of each publisher. Also queries that list archives and records for the schedule.
 *
 * @module
 */

import { toHex } from "../../base/mod.ts";
import type { Row, Sqlite } from "./sqlite.ts";

/** A verified archive, as far as the schedule needs to know it. */
export interface ArchiveRow {
  name: string;
  version: string;
  /** The key that signed the manifest, 64 hexadecimal digits. */
  publisher: string;
  /** Infohash of the archive's torrent, 40 hexadecimal digits. */
  infoHashHex: string;
}

/** A verified archive that was published lately. */
export interface DatedArchive extends ArchiveRow {
  /** Whether it was also asked for. */
  isAsked: boolean;
}

/** A version by its last announcement, see {@linkcode AnnouncingTables.oldestManifests}. */
export interface OldManifest {
  /** The manifest record, as `encodeItem` writes it. */
  item: Uint8Array;
  /** Time of the record's last announcement, Unix milliseconds; 0 if there was none. */
  announcedMs: number;
}

/**
 * Number of archives, or of names, in a page: what is read from the file at once, in some milliseconds. A
 * caller can let other tasks of the event loop run between two pages.
 */
export const ROWS_IN_PAGE = 500;

/** SQL condition that a key is in a JSON list of keys in hexadecimal. */
const IS_OF_KEYS = (column: string) => `lower(hex(${column})) IN (SELECT value FROM json_each(?))`;

/**
 * SQL for an {@linkcode ArchiveRow}. SQLite converts keys and hashes to text, because a hundred thousand byte
 * arrays keep the garbage collector busy.
 */
const ARCHIVE_COLUMNS = `name, version, lower(hex(public_key)) AS publisher,
  lower(hex(verified_files.info_hash)) AS info_hash_hex`;

/** The tables `asked_archives` and `publisher_mirrors`, and queries over other tables. */
export class AnnouncingTables {
  readonly #sqlite: Sqlite;

  constructor(sqlite: Sqlite) {
    this.#sqlite = sqlite;
  }

  /**
   * Stores when an archive was asked for last (Unix ms), by its infohash of 20 bytes. A request of
   * a peer changes nothing about an archive that the user has named, not even its time: such an
   * archive is announced whatever the budget, so that must end.
   */
  ask(infoHash: Uint8Array, askedMs: number, isByHand = false): void {
    this.#sqlite.change(
      `INSERT INTO asked_archives (info_hash, asked_ms, by_hand) VALUES (?, ?, ?)
        ON CONFLICT (info_hash) DO UPDATE
        SET asked_ms = excluded.asked_ms, by_hand = excluded.by_hand
        WHERE excluded.by_hand >= by_hand`,
      infoHash,
      askedMs,
      Number(isByHand),
    );
  }

  /**
   * Forgets what was asked for before one time or after another (Unix ms). The latter was stored while the
   * clock was ahead.
   */
  forgetAsked(fromMs: number, toMs: number): void {
    this.#sqlite.change(
      "DELETE FROM asked_archives WHERE asked_ms < ? OR asked_ms > ?",
      fromMs,
      toMs,
    );
  }

  /**
   * Yields the verified archives that were asked for, in pages, the latest first.
   *
   * @param isByHand whether to yield those that the user has named, or those that only peers have
   * asked for
   */
  asked(isByHand: boolean): Generator<ArchiveRow[]> {
    return this.#pages(
      `SELECT ${ARCHIVE_COLUMNS}, asked_ms AS place, asked_archives.info_hash AS place_2
        FROM asked_archives CROSS JOIN verified_files USING (info_hash)
        WHERE manifest IS NOT NULL AND by_hand = ? AND (asked_ms, asked_archives.info_hash) < (?, ?)
        ORDER BY asked_ms DESC, asked_archives.info_hash DESC LIMIT ?`,
      [Number(isByHand)],
      [Number.MAX_SAFE_INTEGER, new Uint8Array()],
      archiveOf,
    );
  }

  /** Stores the estimated number of mirrors of a publisher (32 bytes), this home among them. */
  setMirrors(publicKey: Uint8Array, mirrors: number, seenMs: number): void {
    this.#sqlite.change(
      "INSERT OR REPLACE INTO publisher_mirrors (public_key, mirrors, seen_ms) VALUES (?, ?, ?)",
      publicKey,
      mirrors,
      seenMs,
    );
  }

  /** Returns the estimated number of mirrors of each publisher, by public key (hex). */
  mirrors(): Map<string, number> {
    return new Map(
      this.#sqlite.rows("SELECT public_key, mirrors FROM publisher_mirrors")
        .map((row) => [toHex(row.public_key as Uint8Array), row.mirrors as number]),
    );
  }

  /** Counts what could be announced: archives, and records of versions. */
  counts(): { archives: number; manifests: number } {
    const { archives, manifests } = this.#sqlite.row(
      `SELECT (SELECT count(*) FROM verified_files WHERE public_key IS NOT NULL) AS archives,
        (SELECT count(*) FROM records WHERE kind = 'manifest') AS manifests`,
    )!;
    return { archives: Number(archives), manifests: Number(manifests) };
  }

  /** Yields the verified archives in pages, in the order of their rows in the file. */
  archives(): Generator<ArchiveRow[]> {
    return this.#pages(
      `SELECT ${ARCHIVE_COLUMNS}, rowid AS place FROM verified_files
        WHERE manifest IS NOT NULL AND rowid > ? ORDER BY rowid LIMIT ?`,
      [],
      [0],
      archiveOf,
    );
  }

  /** Yields the newest verified archive of each package of each signing key, in pages. */
  newestArchives(): Generator<ArchiveRow[]> {
    // The index has all that finds the newest versions, so that the long rows of the others are not read.
    return this.#pages(
      `WITH page AS (
        SELECT public_key, name, max(version_order) AS version_order FROM verified_files
          WHERE manifest IS NOT NULL AND (public_key, name) > (?, ?)
          GROUP BY public_key, name ORDER BY public_key, name LIMIT ?
      )
      SELECT ${ARCHIVE_COLUMNS}, public_key AS place, name AS place_2, min(verified_files.rowid)
        FROM page CROSS JOIN verified_files USING (public_key, name, version_order)
        WHERE manifest IS NOT NULL GROUP BY public_key, name ORDER BY public_key, name`,
      [],
      [new Uint8Array(), ""],
      archiveOf,
    );
  }

  /**
   * Yields the verified archives whose manifests are dated after one time and before another (Unix ms), in
   * pages, the latest first.
   */
  dated(afterMs: number, beforeMs: number): Generator<DatedArchive[]> {
    return this.#pages(
      `SELECT ${ARCHIVE_COLUMNS}, timestamp_ms AS place, rowid AS place_2,
          EXISTS (SELECT 1 FROM asked_archives WHERE info_hash = verified_files.info_hash) AS is_asked
        FROM verified_files WHERE timestamp_ms > ? AND (timestamp_ms, rowid) < (?, ?)
        ORDER BY timestamp_ms DESC, rowid DESC LIMIT ?`,
      [afterMs],
      [beforeMs, 0],
      (row) => ({ ...archiveOf(row), isAsked: row.is_asked === 1 }),
    );
  }

  /**
   * Reads pages. The statement's columns `place` and `place_2` say where its next page begins.
   *
   * @param given parameters that are the same for each page; then come the place and the number of rows
   * @param start the place before the first page
   */
  *#pages<T>(
    sql: string,
    given: number[],
    start: (number | string | Uint8Array)[],
    toRow: (row: Row) => T,
  ): Generator<T[]> {
    for (let place = start;;) {
      const rows = this.#sqlite.rows(sql, ...given, ...place, ROWS_IN_PAGE);
      const last = rows.at(-1);
      if (!last) return;
      yield rows.map(toRow);
      if (rows.length < ROWS_IN_PAGE) return;
      place = [last.place, last.place_2].slice(0, start.length) as typeof start;
    }
  }

  /**
   * Yields verified archives by their last announcement as torrents, the oldest first; those that
   * were never announced come before them. The table is read in parts, and each part is sorted in
   * this order.
   *
   * @param publicKeys keys that have signed the archives, 32 bytes each
   * @param limit maximum number from each part
   */
  *oldestArchives(
    publicKeys: readonly Uint8Array[],
    limit: number,
  ): Generator<(ArchiveRow & { announcedMs: number })[]> {
    for (const part of this.#sqlite.parts("verified_files")) {
      yield this.#sqlite.rows(
        `SELECT ${ARCHIVE_COLUMNS}, last_attempt_ms FROM verified_files
          LEFT JOIN outcomes ON target = info_hash
          WHERE manifest IS NOT NULL AND ${IS_OF_KEYS("public_key")}
          AND verified_files.rowid > ? AND verified_files.rowid <= ?
          ORDER BY last_attempt_ms, info_hash LIMIT ?`,
        JSON.stringify(publicKeys.map(toHex)),
        ...part,
        limit,
      ).map((row) => ({ ...archiveOf(row), announcedMs: announcedMsOf(row) }));
    }
  }

  /**
   * Yields serialised manifest records by their last announcement, in parts of the table, as
   * {@linkcode AnnouncingTables.oldestArchives} does.
   *
   * @param publicKeys keys that have signed the records, 32 bytes each
   * @param limit maximum number from each part
   */
  *oldestManifests(
    publicKeys: readonly Uint8Array[],
    limit: number,
  ): Generator<OldManifest[]> {
    for (const part of this.#sqlite.parts("records")) {
      yield this.#sqlite.rows(
        `SELECT item, last_attempt_ms FROM records LEFT JOIN outcomes USING (target)
          WHERE kind = 'manifest' AND ${IS_OF_KEYS("substr(item, 1, 32)")}
          AND records.rowid > ? AND records.rowid <= ?
          ORDER BY last_attempt_ms, records.rowid LIMIT ?`,
        JSON.stringify(publicKeys.map(toHex)),
        ...part,
        limit,
      ).map((row) => ({ item: row.item as Uint8Array, announcedMs: announcedMsOf(row) }));
    }
  }

  /**
   * Returns the text of the minimal manifest of one of the archives that a key has signed; `undefined` if
   * there is none.
   */
  manifestOf(publicKey: Uint8Array): string | undefined {
    const row = this.#sqlite.row(
      "SELECT manifest FROM verified_files WHERE public_key = ? AND manifest IS NOT NULL LIMIT 1",
      publicKey,
    );
    return row && row.manifest as string;
  }

  /** Returns the infohashes of the archives of a version, 20 bytes each. */
  archivesOf(name: string, version: string): Uint8Array[] {
    return this.#sqlite.rows(
      "SELECT info_hash FROM verified_files WHERE name = ? AND version = ?",
      name,
      version,
    ).map(({ info_hash }) => info_hash as Uint8Array);
  }
}

function archiveOf(row: Row): ArchiveRow {
  return {
    name: row.name as string,
    version: row.version as string,
    publisher: row.publisher as string,
    infoHashHex: row.info_hash_hex as string,
  };
}

function announcedMsOf(row: Row): number {
  return row.last_attempt_ms as number | null ?? 0;
}
