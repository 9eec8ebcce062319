/**
 * The table of pins: the publishers that are trusted for a name. `src/names` decides what a pin
 * permits.
 *
 * @module
 */

import { CLOCK_TOLERANCE_MS } from "../../base/mod.ts";
import type { Row, Sqlite } from "./sqlite.ts";

/**
 * The highest versions that were taken from a publisher's list, to detect a downgrade to an old
 * list. A version that the user named exactly is not recorded, because the list may not contain it.
 */
export interface VersionMarks {
  /** Highest stable version taken for a request by name alone. */
  lastVersion?: string;
  /** Highest prerelease taken for a request by name alone, while there was no stable version. */
  lastPrerelease?: string;
  /** Highest stable version taken for a request with a range. */
  rangeVersion?: string;
  /** Highest prerelease taken for a request with a range. */
  rangePrerelease?: string;
}

/** Trust in one publisher for one name. */
export interface Pin extends VersionMarks {
  name: string;
  /** The publisher's Ed25519 public key, 32 bytes. */
  publicKey: Uint8Array;
  /** Time of the first use of this name from this publisher, Unix milliseconds. */
  firstSeenMs: number;
  /** Whether the user pinned the publisher with `trust add`; otherwise the first use did. */
  byHand?: boolean;
}

/** The table of pins, one row per name and key. */
export class PinsTable {
  readonly #sqlite: Sqlite;

  constructor(sqlite: Sqlite) {
    this.#sqlite = sqlite;
  }

  /**
   * Stores a pin, replacing the previous one of this name and key. A `byHand` that was set stays
   * set. `firstSeenMs` stays, unless the new time is earlier by more than the clock tolerance,
   * which means that the clock was ahead at the first use.
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

  /** The pins of a name, or all pins, sorted by name and then by first use. */
  list(name?: string): Pin[] {
    return this.#sqlite.rows(
      `SELECT * FROM pins WHERE ?1 IS NULL OR name = ?1
        ORDER BY name, first_seen_ms, public_key`,
      name ?? null,
    ).map(pinOf);
  }

  /**
   * Pins of all publishers but one, the latest first use first. Excluding our own publisher
   * matters, because it may have tens of thousands of pins.
   */
  others(publicKey: Uint8Array | undefined, limit: number): Pin[] {
    return this.#sqlite.rows(
      `SELECT * FROM pins WHERE ?1 IS NULL OR public_key <> ?1
        ORDER BY first_seen_ms DESC, name LIMIT ?2`,
      publicKey ?? null,
      limit,
    ).map(pinOf);
  }

  /** Deletes one pin of a name, or all pins of the name; returns the number of deleted pins. */
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
