/**
 * Table of mirrored archives: those that the daemon has fetched because a publisher is followed, and that
 * nobody has asked for at this machine. They leave when the seed directory is full. An archive that has left
 * keeps its row, so that it is compared with others before it is fetched again.
 *
 * @module
 */

import type { Sqlite } from "./sqlite.ts";

/** Time after which an old request counts half (ms). */
const HALF_LIFE_MS = 7 * 24 * 3_600_000;
/** Maximum number of rows of archives that have left. The least wanted are forgotten. */
const MAX_LEFT = 10_000;

/** A mirrored archive in the seed directory. */
export interface MirroredArchive {
  /** Infohash of the archive's torrent, 40 hexadecimal digits. */
  infoHashHex: string;
  /** Path of the archive, as it was verified. */
  path: string;
  sizeBytes: number;
  /** Text of the minimal manifest. */
  manifest: string;
  /** Time when it was fetched, Unix milliseconds. */
  sinceMs: number;
  /** Number of requests of peers; those of a week ago count half. */
  wanted: number;
}

/** The table `mirrored_archives`, one row per infohash. */
export class MirroredTable {
  readonly #sqlite: Sqlite;

  constructor(sqlite: Sqlite) {
    this.#sqlite = sqlite;
  }

  /** Notes that an archive (infohash of 20 bytes) is about to be fetched by the mirror. */
  hold(infoHash: Uint8Array, sinceMs: number): void {
    this.#sqlite.change(
      `INSERT INTO mirrored_archives (info_hash, is_held, since_ms, wanted, asked_ms)
        VALUES (?1, 1, ?2, 0, ?2)
        ON CONFLICT (info_hash) DO UPDATE SET is_held = 1, since_ms = excluded.since_ms`,
      infoHash,
      sinceMs,
    );
  }

  /**
   * Notes that an archive is not in the seed directory any more.
   *
   * @param maxLeft maximum number of such archives that are remembered
   */
  leave(infoHash: Uint8Array, maxLeft = MAX_LEFT): void {
    this.#sqlite.change("UPDATE mirrored_archives SET is_held = 0 WHERE info_hash = ?", infoHash);
    this.#sqlite.change(
      `DELETE FROM mirrored_archives WHERE info_hash IN (SELECT info_hash FROM mirrored_archives
        WHERE is_held = 0 ORDER BY wanted DESC, asked_ms DESC LIMIT -1 OFFSET ?)`,
      maxLeft,
    );
  }

  /** Notes that a user's own command has got or added an archive, which is the user's from now on. */
  claim(infoHash: Uint8Array): void {
    const row = this.#sqlite.row("SELECT 1 FROM mirrored_archives WHERE info_hash = ?", infoHash);
    if (row) this.#sqlite.change("DELETE FROM mirrored_archives WHERE info_hash = ?", infoHash);
  }

  /** Notes that a peer has asked for an archive. Does nothing for one that is not mirrored. */
  ask(infoHash: Uint8Array, askedMs: number): void {
    const wanted = this.wanted(infoHash, askedMs);
    if (wanted === undefined) return;
    this.#sqlite.change(
      "UPDATE mirrored_archives SET wanted = ?, asked_ms = ? WHERE info_hash = ?",
      ...[wanted + 1, askedMs, infoHash],
    );
  }

  /**
   * Returns how often peers have asked for an archive, as of {@linkcode MirroredArchive.wanted}; `undefined`
   * if it was never mirrored.
   */
  wanted(infoHash: Uint8Array, nowMs: number): number | undefined {
    const row = this.#sqlite.row(
      "SELECT wanted, asked_ms FROM mirrored_archives WHERE info_hash = ?",
      infoHash,
    );
    return row && decayed(row.wanted as number, row.asked_ms as number, nowMs);
  }

  /** Whether an archive is in the seed directory because of the mirror. */
  isHeld(infoHash: Uint8Array): boolean {
    return this.#sqlite.row(
      "SELECT 1 FROM mirrored_archives WHERE info_hash = ? AND is_held = 1",
      infoHash,
    ) !== undefined;
  }

  /** Lists the mirrored archives that were verified in the seed directory. */
  held(nowMs: number): MirroredArchive[] {
    return this.#sqlite.rows(
      `SELECT lower(hex(info_hash)) AS hash, path, size_bytes, manifest, since_ms, wanted, asked_ms
        FROM mirrored_archives JOIN verified_files USING (info_hash)
        WHERE is_held = 1 AND manifest IS NOT NULL ORDER BY since_ms, info_hash`,
    ).map((row) => ({
      infoHashHex: row.hash as string,
      path: row.path as string,
      sizeBytes: row.size_bytes as number,
      manifest: row.manifest as string,
      sinceMs: row.since_ms as number,
      wanted: decayed(row.wanted as number, row.asked_ms as number, nowMs),
    }));
  }
}

/** Returns how much requests count at a time. A request from a time in the future counts whole. */
function decayed(wanted: number, askedMs: number, nowMs: number): number {
  return wanted * 2 ** (-Math.max(nowMs - askedMs, 0) / HALF_LIFE_MS);
}
