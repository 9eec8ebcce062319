/**
 * A publisher's entry in the index of a name: the entry to sign, and whether readers accept the times of
 * a kept one. `name_index.ts` reads and writes the index.
 *
 * @module
 */

import semver from "semver";
import { type Clock, isOfFuture, toHex } from "../base/mod.ts";
import { formatPublicKey, type Signer } from "../identity/mod.ts";
import { type NameIndexEntry, signNameIndexEntry } from "../records/mod.ts";
import { NamesError } from "./errors.ts";

/** Earliest credible first-seen time (Unix ms): libreseed did not exist before 2026. */
const FIRST_POSSIBLE_MS = Date.UTC(2026, 0, 1);

/**
 * Whether readers accept an entry's times; they drop the entry otherwise.
 *
 * @param nowMs Unix time in milliseconds
 */
export function hasPossibleTimes(
  { timestampMs, firstSeenMs }: Pick<NameIndexEntry, "timestampMs" | "firstSeenMs">,
  nowMs: number,
): boolean {
  return !isOfFuture(timestampMs, nowMs) && firstSeenMs >= FIRST_POSSIBLE_MS;
}

/**
 * The publisher's newest entry if it is up to date, else a new signed one. The new entry keeps the
 * earliest credible first-seen time and the highest version. An entry with impossible times contributes
 * its version only.
 *
 * @param known the publisher's entries in the index and in this home
 * @param nowMs Unix time in milliseconds
 */
export function entryToSign(
  keys: Signer,
  name: string,
  version: string,
  known: readonly NameIndexEntry[],
  nowMs: number,
): NameIndexEntry {
  const believed = known.filter((entry) => hasPossibleTimes(entry, nowMs));
  const [before] = [...believed].sort((a, b) => b.timestampMs - a.timestampMs);
  const firstSeenMs = Math.min(nowMs, ...believed.map((entry) => entry.firstSeenMs));
  const versions = known.map((entry) => entry.version).filter((one) => semver.valid(one) !== null);
  const latest = versions.reduce((a, b) => semver.gt(b, a) ? b : a, version);
  if (before?.version === latest && before.firstSeenMs === firstSeenMs) return before;
  return signNameIndexEntry(keys, name, {
    version: latest,
    firstSeenMs,
    // Later than an entry that a clock slightly ahead of ours signed, so that this one replaces it.
    timestampMs: Math.max(nowMs, before ? before.timestampMs + 1 : 0),
  });
}

/** Checks the times of the entries that a home keeps. */
export class EntryTimes {
  readonly #clock: Clock;
  readonly #onWarning: (message: string) => void;
  readonly #warned = new Set<string>();

  constructor(clock: Clock, onWarning: (message: string) => void) {
    this.#clock = clock;
    this.#onWarning = onWarning;
  }

  /**
   * Warns once of each kept entry that readers drop because of its times. Only its publisher can sign
   * it anew.
   *
   * @throws {NamesError} `ENTRY_TIME_WRONG` if every entry has such times, so none can be written
   */
  check(name: string, entries: readonly NameIndexEntry[]): void {
    const nowMs = this.#clock.now();
    const wrong = entries.filter((entry) => !hasPossibleTimes(entry, nowMs));
    for (const entry of wrong) {
      const error = entryTimeWrong(name, entry, nowMs);
      if (wrong.length === entries.length) throw error;
      const id = `${name} ${toHex(entry.signature)}`;
      if (this.#warned.has(id)) continue;
      this.#warned.add(id);
      this.#onWarning(error.message);
    }
  }
}

function entryTimeWrong(name: string, entry: NameIndexEntry, nowMs: number): NamesError {
  const { publicKey, timestampMs, firstSeenMs } = entry;
  const [signed, since, now] = [timestampMs, firstSeenMs, nowMs].map((ms) =>
    new Date(ms).toISOString()
  );
  return new NamesError(
    "failed",
    "ENTRY_TIME_WRONG",
    `The entry of ${
      formatPublicKey(publicKey)
    } in the index of ${name} was signed by a wrong clock ` +
      `(signed ${signed}, first seen ${since}; it is ${now} here), and readers leave it out. If the ` +
      `clock is right now, its publisher has to run \`libreseed publish\` on a version of ${name} ` +
      `again; else set the clock`,
    { detail: { name, timestampMs, firstSeenMs, nowMs } },
  );
}
