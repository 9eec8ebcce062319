/**
 * Archives that were verified, so that they need not be hashed again as long as they are unchanged.
 *
 * A file counts as unchanged if its size, modification time and inode are. That finds every honest
 * change; somebody who may write the file can set its time back. Whoever cannot trust those who may
 * write the seed directory must hash.
 *
 * @module
 */

import type { Sqlite } from "./sqlite.ts";

/** What tells a file from an altered one. */
export interface FileIdentity {
  sizeBytes: number;
  /** Modification time, Unix milliseconds. */
  mtimeMs: number;
  inode: number;
}

/** What was found out about an archive. */
export interface VerifiedFile {
  /** SHA-256 of the archive, 32 bytes. */
  sha256: Uint8Array;
  /** BitTorrent v1 infohash of its torrent, 20 bytes. */
  infoHash: Uint8Array;
}

/** The table of verified files, one for each path. */
export class VerifiedFilesTable {
  readonly #sqlite: Sqlite;

  constructor(sqlite: Sqlite) {
    this.#sqlite = sqlite;
  }

  /** Remembers that a file was verified when it was this one. */
  remember(path: string, identity: FileIdentity, verified: VerifiedFile): void {
    this.#sqlite.change(
      `INSERT OR REPLACE INTO verified_files (path, size_bytes, mtime_ms, inode, sha256, info_hash)
        VALUES (?, ?, ?, ?, ?, ?)`,
      path,
      identity.sizeBytes,
      identity.mtimeMs,
      identity.inode,
      verified.sha256,
      verified.infoHash,
    );
  }

  /** What was found out about a file, if it still is the same one. */
  find(path: string, identity: FileIdentity): VerifiedFile | undefined {
    const row = this.#sqlite.row(
      `SELECT sha256, info_hash FROM verified_files
        WHERE path = ? AND size_bytes = ? AND mtime_ms = ? AND inode = ?`,
      path,
      identity.sizeBytes,
      identity.mtimeMs,
      identity.inode,
    );
    if (!row) return undefined;
    return { sha256: row.sha256 as Uint8Array, infoHash: row.info_hash as Uint8Array };
  }

  /** Forgets a file; returns whether it was known. */
  forget(path: string): boolean {
    return this.#sqlite.change("DELETE FROM verified_files WHERE path = ?", path) > 0;
  }
}
