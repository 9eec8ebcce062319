/**
 * Finds a record in the DHT by repeated lookups with exponential back-off. A repeated lookup can succeed
 * because the record has just been published, or because nodes answer again.
 *
 * @module
 */

import { type Clock, delay } from "../base/mod.ts";
import type { Operations } from "../control/mod.ts";
import type { ItemKey } from "../dht/mod.ts";
import type { MutableItem } from "../records/mod.ts";
import { FetchingError } from "./errors.ts";
import type { OnShown } from "./head_start.ts";
import { type LookupCounts, lookUpRecord } from "./record_lookup.ts";

/** Options of repeated lookups. */
export interface FindOptions {
  clock: Clock;
  /** Time limit (ms) after which no further lookup is started. */
  timeoutMs: number;
  signal?: AbortSignal;
  /** Called after each failed lookup that will be repeated. */
  onMiss?: (counts: AnswerCounts) => void;
}

/** Number of nodes that a lookup asked, and number of nodes that answered. */
export type AnswerCounts = Pick<LookupCounts, "asked" | "responded">;

/** A record, and the node counts of the lookup that found the record. */
export interface FoundRecord {
  item: MutableItem;
  counts: LookupCounts;
}

/** Pause between the first two lookups (ms). Each further pause is twice as long as the pause before. */
const FIRST_PAUSE_MS = 500;
/** Maximum pause between two lookups of a record (ms). */
const LONGEST_PAUSE_MS = 15_000;
/** Number of lookups that nodes answered without the record, after which the record counts as missing. */
const ENOUGH_MISSES = 3;

/**
 * Looks a record up until one lookup finds the record, nodes have answered three lookups without the
 * record, or the timeout has passed.
 *
 * @param label name of the record in error messages, such as "hello@1.0.0 of ed25519:…"
 * @param onShown called with each verified record that a node shows before a lookup has ended, if its
 * `seq` is the highest yet
 * @throws {FetchingError} `RECORD_NOT_FOUND` (kind `not-found`) or `DHT_UNREACHABLE` (kind `network`)
 */
export async function findRecord(
  operations: Pick<Operations, "lookUp">,
  key: ItemKey,
  label: string,
  options: FindOptions,
  onShown?: OnShown,
): Promise<FoundRecord> {
  const { outcome, misses } = await retryLookup(
    () => lookUpRecord(operations, key, options.signal, onShown),
    ({ kind }) => kind === "found",
    options,
  );
  if (outcome.kind !== "found") throw recordNotFound(label, outcome, misses);
  const { kind: _, item, others: __, ...counts } = outcome;
  return { item, counts };
}

/**
 * Repeats a lookup with exponential back-off.
 *
 * @returns the outcome of the last lookup, and the number of lookups that nodes answered without the
 * record
 */
export async function retryLookup<Outcome extends AnswerCounts>(
  lookUp: () => Promise<Outcome>,
  isFound: (outcome: Outcome) => boolean,
  { clock, timeoutMs, signal, onMiss }: FindOptions,
): Promise<{ outcome: Outcome; misses: number }> {
  const endMs = clock.now() + timeoutMs;
  let misses = 0;
  for (let pauseMs = FIRST_PAUSE_MS;; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const outcome = await lookUp();
    if (isFound(outcome)) return { outcome, misses };
    if (outcome.responded > 0) misses++;
    if (misses >= ENOUGH_MISSES || clock.now() + pauseMs > endMs) return { outcome, misses };
    onMiss?.(outcome);
    await delay(clock, pauseMs, signal);
  }
}

/**
 * Creates the error for a record that was not found: `RECORD_NOT_FOUND`, or `DHT_UNREACHABLE` if no node
 * answered any lookup.
 */
export function recordNotFound(
  label: string,
  { asked, responded, invalid, errors }: Pick<
    LookupCounts,
    "asked" | "responded" | "invalid" | "errors"
  >,
  misses: number,
): FetchingError {
  if (misses === 0) {
    return new FetchingError(
      "network",
      "DHT_UNREACHABLE",
      asked === 0
        ? `The record of ${label} could not be looked for: no DHT node is known. Name one with --bootstrap`
        : `The record of ${label} could not be looked for: none of ${asked} DHT nodes answered`,
      { detail: { asked, errors } },
    );
  }
  const forged = invalid > 0 ? ` (${invalid} showed a record with a wrong signature)` : "";
  return new FetchingError(
    "not-found",
    "RECORD_NOT_FOUND",
    `The DHT has no record of ${label}: ${responded} nodes answered, none has it${forged}`,
    { detail: { asked, responded, invalid } },
  );
}
