/**
 * Table of verified archives. An archive in this table need not be hashed again as long as it is
 * unchanged.
 *
 * A file counts as unchanged if its size, modification time and inode are the same. This detects
 * every accidental change. It does not detect a change by an attacker with write permission, who
 * can restore the modification time. A caller that does not trust all users with write permission
 * must hash the file.
 *
 * @module
 */

import { versionOrder } from "../../base/mod.ts";
import type { Row, Sqlite } from "./sqlite.ts";

/** Condition of an upsert: whether the row is of the same file as the new values. */
const IS_SAME = "size_bytes = excluded.size_bytes AND mtime_ms = excluded.mtime_ms " +
  "AND inode = excluded.inode AND sha256 = excluded.sha256";

/**
 * Size, modification time and inode of a file. If all three are the same as before, the file counts
 * as unchanged.
 */
export interface FileIdentity {
  sizeBytes: number;
  /** Modification time of the file, Unix milliseconds. */
  mtimeMs: number;
  inode: number;
}

/** The hashes of a verified archive, which need not be computed again. */
export interface VerifiedFile {
  /** SHA-256 of the archive, 32 bytes. */
  sha256: Uint8Array;
  /** BitTorrent v1 infohash of the archive's torrent, 20 bytes. */
  infoHash: Uint8Array;
}

/**
 * The minimal manifest of a verified archive, stored so that the manifest file need not be read
 * again.
 */
export interface KnownManifest {
  /** Text of the manifest file, whose signature was verified. */
  text: string;
  /** Size, modification time and inode of the manifest file as text, to detect changes. */
  mark: string;
  name: string;
  version: string;
  /** The publisher's Ed25519 public key, 32 bytes. */
  publicKey: Uint8Array;
}

/**
 * Data about a verified archive: to detect changes of archive and manifest, and to seed the
 * archive.
 */
export interface KnownSeed extends FileIdentity {
  /** Infohash of the archive's torrent, 40 hexadecimal digits. */
  infoHashHex: string;
  manifestMark: string;
}

/** A verified archive of a package. */
export interface SeededVersion {
  path: string;
  version: string;
  lengthBytes: number;
  /** Publisher as `ed25519:BASE64`. */
  pubkey: string;
}

/** The table of verified archives, one row per path. */
export class VerifiedFilesTable {
  readonly #sqlite: Sqlite;

  constructor(sqlite: Sqlite) {
    this.#sqlite = sqlite;
  }

  /** Stores that an archive with this size, modification time and inode was verified. */
  remember(
    path: string,
    identity: FileIdentity,
    verified: VerifiedFile,
    manifest?: KnownManifest,
  ): void {
    this.#sqlite.change(
      `INSERT INTO verified_files (path, size_bytes, mtime_ms, inode, sha256, info_hash,
        manifest, manifest_mark, name, version, version_order, public_key)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (path) DO UPDATE SET listed = listed AND manifest IS excluded.manifest,
        member_list = CASE WHEN ${IS_SAME} THEN member_list END,
        members = CASE WHEN ${IS_SAME} THEN members END,
        size_bytes = excluded.size_bytes, mtime_ms = excluded.mtime_ms, inode = excluded.inode,
        sha256 = excluded.sha256, info_hash = excluded.info_hash, manifest = excluded.manifest,
        manifest_mark = excluded.manifest_mark, name = excluded.name, version = excluded.version,
        version_order = excluded.version_order, public_key = excluded.public_key`,
      path,
      identity.sizeBytes,
      identity.mtimeMs,
      identity.inode,
      verified.sha256,
      verified.infoHash,
      manifest?.text ?? null,
      manifest?.mark ?? null,
      manifest?.name ?? null,
      manifest?.version ?? null,
      manifest ? versionOrder(manifest.version) : null,
      manifest?.publicKey ?? null,
    );
  }

  /**
   * Returns the data to seed an archive; `undefined` if no manifest was stored with the archive.
   */
  seed(path: string): KnownSeed | undefined {
    const row = this.#sqlite.row(
      `SELECT size_bytes, mtime_ms, inode, lower(hex(info_hash)) AS info_hash_hex, manifest_mark
        FROM verified_files WHERE path = ? AND manifest IS NOT NULL`,
      path,
    );
    return row && seedOf(row);
  }

  /**
   * Yields the data to seed each archive of a directory, in batches, in the order of the rows in the
   * file. Reading them so takes a fifth of the time of one query for each archive.
   *
   * @param directory path of the directory, as in the paths that were stored
   * @param limit maximum number of archives in a batch
   */
  *seedsIn(directory: string, limit: number): Generator<(KnownSeed & { fileName: string })[]> {
    const prefix = directory.endsWith("/") ? directory : `${directory}/`;
    for (let after = 0;;) {
      // SQLite cuts the file names out, because a part of a string would keep the whole string in memory.
      const rows = this.#sqlite.rows(
        `SELECT rowid AS row, substr(path, ?1 + 1) AS file_name, size_bytes, mtime_ms, inode,
          lower(hex(info_hash)) AS info_hash_hex, manifest_mark FROM verified_files
          WHERE rowid > ?2 AND manifest IS NOT NULL AND substr(path, 1, ?1) = ?3
          ORDER BY rowid LIMIT ?4`,
        prefix.length,
        after,
        prefix,
        limit,
      );
      if (rows.length === 0) return;
      after = rows.at(-1)!.row as number;
      const seeds = rows.map((row) => ({ fileName: row.file_name as string, ...seedOf(row) }));
      yield seeds.filter(({ fileName }) => !fileName.includes("/"));
    }
  }

  /** Returns the text of an archive's minimal manifest; `undefined` if no manifest was stored. */
  manifest(path: string): string | undefined {
    const row = this.#sqlite.row("SELECT manifest FROM verified_files WHERE path = ?", path);
    return row && row.manifest !== null ? row.manifest as string : undefined;
  }

  /**
   * Yields the paths of archives for which the table of records lacks the package's manifest record
   * or the publisher's entry in the name index, in parts of the table. The last part has one archive
   * of each publisher that lacks an announce record.
   */
  *withoutRecords(): Generator<string[]> {
    for (const part of this.#sqlite.parts("verified_files")) {
      yield this.#sqlite.rows(
        `SELECT path FROM verified_files AS file
          WHERE manifest IS NOT NULL AND file.rowid > ? AND file.rowid <= ? AND (
            NOT EXISTS (SELECT 1 FROM records WHERE kind = 'manifest' AND name = file.name
              AND version = file.version AND substr(item, 1, 32) = file.public_key)
            OR NOT EXISTS (SELECT 1 FROM records WHERE kind = 'name-entry' AND name = file.name
              AND substr(item, 1, 32) = file.public_key))
          ORDER BY path`,
        ...part,
      ).map(({ path }) => path as string);
    }
    yield this.#sqlite.rows(
      `SELECT min(path) AS path FROM verified_files WHERE manifest IS NOT NULL AND public_key NOT IN
        (SELECT substr(item, 1, 32) FROM records WHERE kind = 'announce') GROUP BY public_key
        ORDER BY path`,
    ).map(({ path }) => path as string);
  }

  /** Lists the paths of the archives whose minimal manifest a key has signed. */
  ofKey(publicKey: Uint8Array): string[] {
    return this.#sqlite.rows(
      "SELECT path FROM verified_files WHERE public_key = ? ORDER BY path",
      publicKey,
    ).map(({ path }) => path as string);
  }

  /** Lists the paths of the archives of one version of a package, by all publishers. */
  pathsOf(name: string, version: string): string[] {
    return this.#sqlite.rows(
      "SELECT path FROM verified_files WHERE name = ? AND version = ? ORDER BY path",
      name,
      version,
    ).map(({ path }) => path as string);
  }

  /**
   * Lists the archives of a package, by all publishers.
   *
   * @param pathPrefix beginning of their paths, so that the index of paths finds them among 100,000
   */
  ofName(name: string, pathPrefix: string): SeededVersion[] {
    return this.#sqlite.rows(
      `SELECT path, version, size_bytes, manifest ->> 'pubkey' AS pubkey FROM verified_files
        WHERE path >= ? AND path < ? AND name = ? AND manifest IS NOT NULL ORDER BY path`,
      pathPrefix,
      `${pathPrefix}\u{10ffff}`,
      name,
    ).map((row) => ({
      path: row.path as string,
      version: row.version as string,
      lengthBytes: row.size_bytes as number,
      pubkey: row.pubkey as string,
    }));
  }

  /** Counts the archives that each key has signed, and their bytes. */
  totals(): { publicKey: Uint8Array; archives: number; bytes: number }[] {
    return this.#sqlite.rows(
      `SELECT public_key, count(*) AS archives, sum(size_bytes) AS bytes FROM verified_files
        WHERE public_key IS NOT NULL GROUP BY public_key`,
    ).map((row) => ({
      publicKey: row.public_key as Uint8Array,
      archives: Number(row.archives),
      bytes: Number(row.bytes),
    }));
  }

  /** Lists the paths of a publisher's archives that are not known to be in the publisher's list. */
  unlisted(publicKey: Uint8Array): string[] {
    return this.#sqlite.rows(
      "SELECT path FROM verified_files WHERE listed = 0 AND public_key = ? ORDER BY name, version",
      publicKey,
    ).map(({ path }) => path as string);
  }

  /** Stores that a package is in its publisher's list. */
  setListed(publicKey: Uint8Array, { name, version }: { name: string; version: string }): void {
    this.#sqlite.change(
      `UPDATE verified_files SET listed = 1
        WHERE listed = 0 AND public_key = ? AND name = ? AND version = ?`,
      publicKey,
      name,
      version,
    );
  }

  /** Returns the hashes of an archive; `undefined` if the archive is not stored or has changed. */
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

  /** Deletes the row of an archive. Returns whether there was one. */
  forget(path: string): boolean {
    return this.#sqlite.change("DELETE FROM verified_files WHERE path = ?", path) > 0;
  }
}

function seedOf(row: Row): KnownSeed {
  return {
    sizeBytes: row.size_bytes as number,
    mtimeMs: row.mtime_ms as number,
    inode: row.inode as number,
    infoHashHex: row.info_hash_hex as string,
    manifestMark: row.manifest_mark as string,
  };
}
