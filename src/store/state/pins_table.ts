/**
 * Table of pins. A pin means that this machine trusts a publisher for a package name. `src/names`
 * decides what a pin permits.
 *
 * @module
 */

import { CLOCK_TOLERANCE_MS } from "../../base/mod.ts";
import type { Row, Sqlite } from "./sqlite.ts";

/**
 * The highest versions that were chosen from a publisher's list, to detect an attempt to serve an
 * old list. A version that the user requested exactly is not recorded, because the list may lack
 * it.
 */
export interface VersionMarks {
  /** Highest stable version chosen for a request without version or range. */
  lastVersion?: string;
  /**
   * Highest prerelease chosen for a request without version or range, when no stable version
   * existed.
   */
  lastPrerelease?: string;
  /** Highest stable version chosen for a request with a range. */
  rangeVersion?: string;
  /** Highest prerelease chosen for a request with a range. */
  rangePrerelease?: string;
}

/** A pin: trust in one publisher for one package name. */
export interface Pin extends VersionMarks {
  name: string;
  /** The publisher's Ed25519 public key, 32 bytes. */
  publicKey: Uint8Array;
  /** Time when this machine first used the name from this publisher, Unix milliseconds. */
  firstSeenMs: number;
  /** Whether the user created the pin with `trust add`; otherwise the first use created it. */
  byHand?: boolean;
}

/** The table of pins, one row per package name and public key. */
export class PinsTable {
  readonly #sqlite: Sqlite;

  constructor(sqlite: Sqlite) {
    this.#sqlite = sqlite;
  }

  /**
   * Stores a pin, replacing the previous one of the same name and key. Once set, `byHand` stays
   * set. The stored `firstSeenMs` stays too, unless the new time is earlier by more than the clock
   * tolerance: then the clock was ahead at the first use, and the new time is stored.
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

  /** Lists the pins of a package name, or all pins, sorted by name and time of first use. */
  list(name?: string): Pin[] {
    return this.#sqlite.rows(
      `SELECT * FROM pins WHERE ?1 IS NULL OR name = ?1
        ORDER BY name, first_seen_ms, public_key`,
      name ?? null,
    ).map(pinOf);
  }

  /**
   * Lists the pins of all publishers except one, those with the latest first use first. Callers
   * exclude the user's own key, which may have tens of thousands of pins.
   */
  others(publicKey: Uint8Array | undefined, limit: number): Pin[] {
    return this.#sqlite.rows(
      `SELECT * FROM pins WHERE ?1 IS NULL OR public_key <> ?1
        ORDER BY first_seen_ms DESC, name LIMIT ?2`,
      publicKey ?? null,
      limit,
    ).map(pinOf);
  }

  /** Deletes the high-water marks of a publisher's pins; the pins stay. */
  forgetMarks(publicKey: Uint8Array): void {
    this.#sqlite.change(
      `UPDATE pins SET last_version = NULL, last_prerelease = NULL, range_version = NULL,
          range_prerelease = NULL
        WHERE public_key = ?`,
      publicKey,
    );
  }

  /** Deletes one pin or all pins of a package name. Returns the number of deleted pins. */
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
