/**
 * Publishers that were trusted for a name. What follows from a pin is decided by those who install.
 *
 * @module
 */

import { CLOCK_TOLERANCE_MS } from "../../base/mod.ts";
import type { Row, Sqlite } from "./sqlite.ts";

/**
 * The highest versions that a publisher's list has given here, to tell an old list from a new one. A
 * version that was named outright is none of them: the list may not have it.
 */
export interface VersionMarks {
  /** Asked for by name alone; a stable version. */
  lastVersion?: string;
  /** Asked for by name alone, while the package had prereleases only. */
  lastPrerelease?: string;
  /** Asked for by a range; a stable version. */
  rangeVersion?: string;
  /** Asked for by a range; a prerelease. */
  rangePrerelease?: string;
}

/** Trust in one publisher for one name. */
export interface Pin extends VersionMarks {
  name: string;
  /** The publisher's Ed25519 public key, 32 bytes. */
  publicKey: Uint8Array;
  /** When the publisher was met first under this name, Unix milliseconds. */
  firstSeenMs: number;
  /** Whether a person said so; else it is the publisher that was met first. */
  byHand?: boolean;
}

/** The table of pins, one for each name and key. */
export class PinsTable {
  readonly #sqlite: Sqlite;

  constructor(sqlite: Sqlite) {
    this.#sqlite = sqlite;
  }

  /**
   * Keeps a pin in place of the one before, whose `byHand` stays, and its `firstSeenMs` too: unless the
   * new one is earlier, because the clock was ahead then.
   */
  set(pin: Pin): void {
    this.#sqlite.change(
      `INSERT INTO pins (name, public_key, first_seen_ms, last_version, last_prerelease,
          range_version, range_prerelease, by_hand)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (name, public_key) DO UPDATE
        SET last_version = excluded.last_version, last_prerelease = excluded.last_prerelease,
          range_version = excluded.range_version, range_prerelease = excluded.range_prerelease,
          by_hand = max(by_hand, excluded.by_hand),
          first_seen_ms = CASE WHEN first_seen_ms > excluded.first_seen_ms + ${CLOCK_TOLERANCE_MS}
            THEN excluded.first_seen_ms ELSE first_seen_ms END`,
      pin.name,
      pin.publicKey,
      pin.firstSeenMs,
      pin.lastVersion ?? null,
      pin.lastPrerelease ?? null,
      pin.rangeVersion ?? null,
      pin.rangePrerelease ?? null,
      pin.byHand ? 1 : 0,
    );
  }

  /** The pins of a name, or all of them; by name, those seen first at the beginning. */
  list(name?: string): Pin[] {
    return this.#sqlite.rows(
      `SELECT * FROM pins WHERE ?1 IS NULL OR name = ?1
        ORDER BY name, first_seen_ms, public_key`,
      name ?? null,
    ).map(pinOf);
  }

  /**
   * Pins of other publishers than one, those of the latest first use at the beginning. A publisher may
   * have tens of thousands of its own.
   */
  others(publicKey: Uint8Array | undefined, limit: number): Pin[] {
    return this.#sqlite.rows(
      `SELECT * FROM pins WHERE ?1 IS NULL OR public_key <> ?1
        ORDER BY first_seen_ms DESC, name LIMIT ?2`,
      publicKey ?? null,
      limit,
    ).map(pinOf);
  }

  /** Removes one pin of a name, or all of them; returns how many there were. */
  delete(name: string, publicKey?: Uint8Array): number {
    return this.#sqlite.change(
      "DELETE FROM pins WHERE name = ?1 AND (?2 IS NULL OR public_key = ?2)",
      name,
      publicKey ?? null,
    );
  }
}

function pinOf(row: Row): Pin {
  return {
    name: row.name as string,
    publicKey: row.public_key as Uint8Array,
    firstSeenMs: row.first_seen_ms as number,
    ...(row.last_version !== null && { lastVersion: row.last_version as string }),
    ...(row.last_prerelease !== null && { lastPrerelease: row.last_prerelease as string }),
    ...(row.range_version !== null && { rangeVersion: row.range_version as string }),
    ...(row.range_prerelease !== null && { rangePrerelease: row.range_prerelease as string }),
    ...(row.by_hand !== 0 && { byHand: true }),
  };
}
