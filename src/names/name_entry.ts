/**
 * A publisher's entry in the index of a name: which one to sign, and whether readers believe the times
 * of one that is kept. Reading and writing the index is in `name_index.ts`.
 *
 * @module
 */

import semver from "semver";
import { type Clock, isOfFuture, toHex } from "../base/mod.ts";
import { formatPublicKey, type Signer } from "../identity/mod.ts";
import { type NameIndexEntry, signNameIndexEntry } from "../records/mod.ts";
import { NamesError } from "./errors.ts";

/** Nobody has published with libreseed before 2026: a first-seen time before that is made up. */
const FIRST_POSSIBLE_MS = Date.UTC(2026, 0, 1);

/**
 * Whether readers believe an entry's times, so that they do not drop it.
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
 * The publisher's newest entry, or a new one if there is something new to say. Of an entry that a wrong
 * clock has dated, and that readers drop for it, only the version is carried on.
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
    // One that was signed a moment ahead of our clock must not outlive this one.
    timestampMs: Math.max(nowMs, before ? before.timestampMs + 1 : 0),
  });
}

/** The times of the entries that one home keeps. */
export class EntryTimes {
  readonly #clock: Clock;
  readonly #onWarning: (message: string) => void;
  readonly #warned = new Set<string>();

  constructor(clock: Clock, onWarning: (message: string) => void) {
    this.#clock = clock;
    this.#onWarning = onWarning;
  }

  /**
   * Warns once of each kept entry that readers would drop for its times; only its publisher can sign
   * another.
   *
   * @throws {NamesError} `ENTRY_TIME_WRONG` if there is no other to write
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
