/**
 * Reads one record from the DHT, patiently: what is not there at once may be a moment later, and a
 * network that does not answer may yet do so.
 *
 * @module
 */

import { type Clock, delay, toHex } from "../base/mod.ts";
import type { ItemKey } from "../dht/mod.ts";
import { type MutableItem, verifyItem } from "../records/mod.ts";
import { DaemonError } from "./errors.ts";
import { type GetJson, itemFromJson, type Operations } from "./operations.ts";

/** Options of {@linkcode findItem}. */
export interface FindOptions {
  clock: Clock;
  /** How long to go on, milliseconds. */
  timeoutMs: number;
  signal?: AbortSignal;
  /** Hears each try that did not find it. */
  onMiss?: (outcome: GetJson) => void;
}

/** A record and how it was found. */
export interface FoundItem {
  item: MutableItem;
  outcome: GetJson;
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
 * @throws {DaemonError} `RECORD_NOT_FOUND` (kind `not-found`) or `DHT_UNREACHABLE` (kind `network`)
 */
export async function findItem(
  operations: Operations,
  key: ItemKey,
  what: string,
  options: FindOptions,
): Promise<FoundItem> {
  const { clock, timeoutMs, signal, onMiss } = options;
  const endMs = clock.now() + timeoutMs;
  const request = { publicKey: toHex(key.publicKey), salt: toHex(key.salt) };
  let misses = 0;
  for (let pauseMs = FIRST_PAUSE_MS;; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const outcome = await operations.lookUp(request, { signal });
    if (outcome.item) {
      const item = itemFromJson(outcome.item);
      // The process that answered is ours, but a signature costs little and settles it.
      if (verifyItem(item)) return { item, outcome };
      outcome.invalid++;
    }
    if (outcome.responded > 0) misses++;
    if (misses >= ENOUGH_MISSES || clock.now() + pauseMs > endMs) {
      throw notFound(what, outcome, misses);
    }
    onMiss?.(outcome);
    await delay(clock, pauseMs, signal);
  }
}

function notFound(what: string, outcome: GetJson, misses: number): DaemonError {
  const { asked, responded, invalid } = outcome;
  if (misses === 0) {
    return new DaemonError(
      "network",
      "DHT_UNREACHABLE",
      asked === 0
        ? `The record of ${what} could not be looked for: no DHT node is known. Name one with --bootstrap`
        : `The record of ${what} could not be looked for: none of ${asked} DHT nodes answered`,
      { detail: { asked, errors: outcome.errors } },
    );
  }
  const forged = invalid > 0 ? ` (${invalid} showed a record with a wrong signature)` : "";
  return new DaemonError(
    "not-found",
    "RECORD_NOT_FOUND",
    `The DHT has no record of ${what}: ${responded} nodes answered, none has it${forged}`,
    { detail: { asked, responded, invalid } },
  );
}
