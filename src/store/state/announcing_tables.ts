/**
 * Tables that decide what is announced in the DHT by itself: the archives that were asked for, and the
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
  /** Modification time of the archive, Unix milliseconds. */
  modifiedMs: number;
  /** Time of the manifest by its signer, Unix milliseconds; absent unless it was asked for. */
  timestampMs?: number;
}

/** When an archive was asked for. */
export interface AskedArchive {
  /** Time of the last request, Unix milliseconds. */
  askedMs: number;
  /** Whether the user has named the archive. */
  isByHand: boolean;
}

/** A version by its last announcement, see {@linkcode AnnouncingTables.oldestManifests}. */
export interface OldManifest {
  /** The manifest record, as `encodeItem` writes it. */
  item: Uint8Array;
  /** Time of the record's last announcement, Unix milliseconds; 0 if there was none. */
  announcedMs: number;
}

/** Number of archives that are read from the file at once. */
const ROWS_AT_ONCE = 500;

/** SQL condition that a key is in a JSON list of keys in hexadecimal. */
const IS_OF_KEYS = (column: string) => `lower(hex(${column})) IN (SELECT value FROM json_each(?))`;

/** SQL for a key and an infohash as hexadecimal digits. */
const HEX_COLUMNS = "lower(hex(public_key)) AS publisher, lower(hex(info_hash)) AS info_hash_hex";

/** The tables `asked_archives` and `publisher_mirrors`, and queries over other tables. */
export class AnnouncingTables {
  readonly #sqlite: Sqlite;

  constructor(sqlite: Sqlite) {
    this.#sqlite = sqlite;
  }

  /**
   * Stores when an archive was asked for last (Unix ms), by its infohash of 20 bytes. An archive that the
   * user has named stays one whatever peers ask for, and no longer than without them: what is announced
   * whatever the budget must end.
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
   * Returns the archives that were asked for between two times (Unix ms), by infohash (hex). Deletes
   * the others, also those far in the future, which were stored while the clock was ahead.
   */
  asked(fromMs: number, toMs: number): Map<string, AskedArchive> {
    this.#sqlite.change(
      "DELETE FROM asked_archives WHERE asked_ms < ? OR asked_ms > ?",
      fromMs,
      toMs,
    );
    return new Map(
      this.#sqlite.rows("SELECT * FROM asked_archives").map((row) => [
        toHex(row.info_hash as Uint8Array),
        { askedMs: row.asked_ms as number, isByHand: row.by_hand === 1 },
      ]),
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
      `SELECT (SELECT count(*) FROM verified_files WHERE manifest IS NOT NULL) AS archives,
        (SELECT count(*) FROM records WHERE kind = 'manifest') AS manifests`,
    )!;
    return { archives: Number(archives), manifests: Number(manifests) };
  }

  /**
   * Yields the verified archives, in the order of their rows in the file. SQLite converts keys and hashes to
   * text, because a hundred thousand byte arrays keep the garbage collector busy.
   *
   * @param datedFromMs the manifests of archives that were modified since then (Unix ms) are dated.
   * Reading the date takes as long as all the rest. Default: none
   */
  *archives(datedFromMs = Infinity): Generator<ArchiveRow> {
    for (const row of this.#archiveRows(Math.min(datedFromMs, Number.MAX_SAFE_INTEGER))) {
      yield {
        name: row.name as string,
        version: row.version as string,
        publisher: row.publisher as string,
        infoHashHex: row.info_hash_hex as string,
        modifiedMs: row.mtime_ms as number,
        ...(typeof row.timestamp_ms === "number" && { timestampMs: row.timestamp_ms }),
      };
    }
  }

  /** Reads rows in batches, which takes half as long as one call of SQLite for each row. */
  *#archiveRows(datedFromMs: number): Generator<Row> {
    for (let after = 0;;) {
      const rows = this.#sqlite.rows(
        `SELECT rowid AS row, name, version, ${HEX_COLUMNS}, mtime_ms,
          CASE WHEN mtime_ms >= ? THEN manifest ->> 'timestamp' END AS timestamp_ms
          FROM verified_files WHERE rowid > ? AND manifest IS NOT NULL ORDER BY rowid LIMIT ?`,
        datedFromMs,
        after,
        ROWS_AT_ONCE,
      );
      if (rows.length === 0) return;
      yield* rows;
      after = rows.at(-1)!.row as number;
    }
  }

  /**
   * Lists verified archives by their last announcement as torrents, the oldest first; those that were
   * never announced come before them.
   *
   * @param publicKeys keys that have signed the archives, 32 bytes each
   */
  oldestArchives(
    publicKeys: readonly Uint8Array[],
    limit: number,
  ): (ArchiveRow & { announcedMs: number })[] {
    return this.#sqlite.rows(
      `SELECT name, version, ${HEX_COLUMNS}, mtime_ms, last_attempt_ms FROM verified_files
        LEFT JOIN outcomes ON target = info_hash
        WHERE manifest IS NOT NULL AND ${IS_OF_KEYS("public_key")}
        ORDER BY last_attempt_ms, info_hash LIMIT ?`,
      JSON.stringify(publicKeys.map(toHex)),
      limit,
    ).map((row) => ({
      name: row.name as string,
      version: row.version as string,
      publisher: row.publisher as string,
      infoHashHex: row.info_hash_hex as string,
      modifiedMs: row.mtime_ms as number,
      announcedMs: row.last_attempt_ms as number | null ?? 0,
    }));
  }

  /**
   * Lists serialised manifest records by their last announcement, the oldest first; those that were
   * never announced come before them.
   *
   * @param publicKeys keys that have signed the records, 32 bytes each
   */
  oldestManifests(publicKeys: readonly Uint8Array[], limit: number): OldManifest[] {
    return this.#sqlite.rows(
      `SELECT item, last_attempt_ms FROM records LEFT JOIN outcomes USING (target)
        WHERE kind = 'manifest' AND ${IS_OF_KEYS("substr(item, 1, 32)")}
        ORDER BY last_attempt_ms, records.rowid LIMIT ?`,
      JSON.stringify(publicKeys.map(toHex)),
      limit,
    ).map((row) => ({
      item: row.item as Uint8Array,
      announcedMs: row.last_attempt_ms as number | null ?? 0,
    }));
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
