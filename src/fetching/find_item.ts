/**
 * Reads one record from the DHT, patiently: what is not there at once may be a moment later, and a
 * network that does not answer may yet do so.
 *
 * @module
 */

import { type Clock, delay } from "../base/mod.ts";
import type { Operations } from "../control/mod.ts";
import type { GetOutcome, ItemKey } from "../dht/mod.ts";
import { type MutableItem, verifyItem } from "../records/mod.ts";
import { FetchingError } from "./errors.ts";

/** Options of {@linkcode findItem}. */
export interface FindOptions {
  clock: Clock;
  /** How long to go on, milliseconds. */
  timeoutMs: number;
  signal?: AbortSignal;
  /** Hears each try that did not find it. */
  onMiss?: (outcome: Answers) => void;
}

/** How many nodes were asked, and how many of them answered. */
export interface Answers {
  asked: number;
  responded: number;
}

/** How a record was found, without the record. */
export type Lookup = Omit<GetOutcome, "item">;

/** A record and how it was found. */
export interface FoundItem {
  item: MutableItem;
  outcome: Lookup;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
/** So many answers in a row without the record, and it is not there. */
const ENOUGH_MISSES = 3;

/**
 * Looks for a record until it is found, the nodes have said often enough that it is not there, or
 * the time is up.
 *
 * @param what for the error: "hello@1.0.0 of ed25519:…"
 * @throws {FetchingError} `RECORD_NOT_FOUND` (kind `not-found`) or `DHT_UNREACHABLE` (kind `network`)
 */
export async function findItem(
  operations: Operations,
  key: ItemKey,
  what: string,
  options: FindOptions,
): Promise<FoundItem> {
  const { found, misses } = await lookPatiently(
    async () => {
      const outcome = await operations.lookUp(key, { signal: options.signal });
      // The process that answered is ours, but a signature costs little and settles it.
      const isForged = outcome.item !== undefined && !verifyItem(outcome.item);
      return isForged ? { ...outcome, item: undefined, invalid: 1 } : outcome;
    },
    ({ item }) => item !== undefined,
    options,
  );
  const { item, ...outcome } = found;
  if (item) return { item, outcome };
  throw notFound(what, outcome, misses);
}

/**
 * Looks again and again, with longer and longer pauses.
 *
 * @returns what was found, or the last that was not it; and how many times in a row nodes answered and
 * it was not there
 */
export async function lookPatiently<Outcome extends Answers>(
  look: () => Promise<Outcome>,
  isIt: (outcome: Outcome) => boolean,
  { clock, timeoutMs, signal, onMiss }: FindOptions,
): Promise<{ found: Outcome; misses: number }> {
  const endMs = clock.now() + timeoutMs;
  let misses = 0;
  for (let pauseMs = FIRST_PAUSE_MS;; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const found = await look();
    if (isIt(found)) return { found, misses };
    if (found.responded > 0) misses++;
    if (misses >= ENOUGH_MISSES || clock.now() + pauseMs > endMs) return { found, misses };
    onMiss?.(found);
    await delay(clock, pauseMs, signal);
  }
}

function notFound(what: string, outcome: Lookup, misses: number): FetchingError {
  const { asked, responded, invalid } = outcome;
  if (misses === 0) {
    return new FetchingError(
      "network",
      "DHT_UNREACHABLE",
      asked === 0
        ? `The record of ${what} could not be looked for: no DHT node is known. Name one with --bootstrap`
        : `The record of ${what} could not be looked for: none of ${asked} DHT nodes answered`,
      { detail: { asked, errors: outcome.errors } },
    );
  }
  const forged = invalid > 0 ? ` (${invalid} showed a record with a wrong signature)` : "";
  return new FetchingError(
    "not-found",
    "RECORD_NOT_FOUND",
    `The DHT has no record of ${what}: ${responded} nodes answered, none has it${forged}`,
    { detail: { asked, responded, invalid } },
  );
}
