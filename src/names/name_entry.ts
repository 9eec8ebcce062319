/**
 * A publisher's entry in the index of a name. Decides whether readers accept the times of an entry, and
 * whether the publisher has to sign a new entry. `name_index.ts` and `write_name_index.ts` read and write
 * the index.
 *
 * @module
 */

import semver from "semver";
import { type Clock, equalBytes, isOfFuture, isoTime, toHex } from "../base/mod.ts";
import { formatPublicKey, type Signer } from "../identity/mod.ts";
import { type NameIndexEntry, signNameIndexEntry } from "../records/mod.ts";
import { NamesError } from "./errors.ts";

/**
 * Earliest credible time (Unix ms) at which a publisher was first seen: libreseed did not exist before
 * 2026.
 */
const FIRST_POSSIBLE_MS = Date.UTC(2026, 0, 1);

/**
 * Whether the times of an entry are possible. Readers drop entries with impossible times.
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
 * Returns the publisher's newest entry if it is up to date, otherwise signs a new entry. The new entry has
 * the earliest credible first-seen time and the highest version of all known entries that is still
 * offered. From entries with impossible times, only the version is used.
 *
 * @param known the publisher's entries in the index and in this home
 * @param nowMs Unix time in milliseconds
 * @param options `isOffered`: whether the publisher has not yanked a version. `afterMs`: time of the newest
 * entry that the new one has to displace, Unix milliseconds, such as one that a thief has signed;
 * `sinceMs`: earliest first-seen time of these entries, Unix milliseconds
 */
export async function entryToSign(
  keys: Signer,
  name: string,
  version: string,
  known: readonly NameIndexEntry[],
  nowMs: number,
  { isOffered = () => true, afterMs = 0, sinceMs = Infinity }: {
    isOffered?: (version: string) => boolean;
    afterMs?: number;
    sinceMs?: number;
  } = {},
): Promise<NameIndexEntry> {
  const believed = known.filter((entry) => hasPossibleTimes(entry, nowMs));
  const [before] = [...believed].sort((a, b) => b.timestampMs - a.timestampMs);
  const firstSeenMs = Math.min(nowMs, sinceMs, ...believed.map((entry) => entry.firstSeenMs));
  const versions = [version, ...known.map((entry) => entry.version)]
    .filter((one) => semver.valid(one) !== null && isOffered(one));
  const latest = versions.reduce((a, b) => semver.gt(b, a) ? b : a, versions[0] ?? version);
  // An entry of another key of the publisher stays as long as that key is in force, and no longer.
  const isOwn = before && equalBytes(before.certificate?.key ?? before.publicKey, keys.publicKey);
  if (isOwn && before.version === latest && before.firstSeenMs === firstSeenMs) return before;
  return await signNameIndexEntry(keys, name, {
    version: latest,
    firstSeenMs,
    // The new entry replaces the earlier one only if its time is later. This also holds if our clock is
    // slightly behind the clock of the machine that signed the earlier entry.
    timestampMs: Math.max(nowMs, afterMs, before ? before.timestampMs + 1 : 0),
  });
}

/**
 * Checks the times of the name index entries that a home keeps, and warns once of each entry with
 * impossible times.
 */
export class EntryTimes {
  readonly #clock: Clock;
  readonly #onWarning: (message: string) => void;
  readonly #warned = new Set<string>();

  constructor(clock: Clock, onWarning: (message: string) => void) {
    this.#clock = clock;
    this.#onWarning = onWarning;
  }

  /**
   * Warns of each kept entry whose times are impossible, once for each entry. Readers drop such an entry
   * until its publisher signs a new one.
   *
   * @throws {NamesError} `ENTRY_TIME_WRONG` if all given entries have impossible times, so none can be
   * written
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
  const [signed, since, now] = [timestampMs, firstSeenMs, nowMs].map(isoTime);
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
