/**
 * Reads the index of a name for a command, with retries, and formats the message for an index without
 * publishers. `name_index.ts` reads an index once, without retries.
 *
 * @module
 */

import { retryLookup } from "../fetching/mod.ts";
import type { NamesContext } from "./context.ts";
import { NamesError } from "./errors.ts";
import { indexReader, type ReadIndex, readNameIndex } from "./name_index.ts";

/**
 * Reads the index of a name, and retries while the index is empty. Invalid entries are dropped and
 * reported. An index that has only invalid entries is not retried, since the entries would stay invalid.
 *
 * @throws {NamesError} `DHT_UNREACHABLE` (kind `network`)
 */
export async function readIndex(
  { operations, finding, offers, onDetail }: NamesContext,
  name: string,
): Promise<ReadIndex> {
  const { clock, signal } = finding;
  const { outcome: index } = await retryLookup(
    () => readNameIndex(indexReader(operations, offers.trust), name, clock, signal),
    ({ entries, dropped }) => entries.length + dropped.length > 0,
    finding,
  );
  for (const dropped of index.dropped) onDetail?.(`left out of the index of ${name}: ${dropped}`);
  const { lookups, asked, responded } = index;
  onDetail?.(`index of ${name}: ${lookups} lookups, ${responded} of ${asked} nodes answered`);
  if (responded > 0) return index;
  const why = asked === 0
    ? "no DHT node is known. Name one with --bootstrap"
    : `DHT nodes answered none of ${asked} queries`;
  throw new NamesError(
    "network",
    "DHT_UNREACHABLE",
    `The index of ${name} could not be read: ${why}`,
  );
}

/**
 * Formats the message for an index without publishers. The message contains today's date, because a clock
 * that is days off makes this machine read the index of another day.
 *
 * @param nowMs Unix time in milliseconds
 */
export function noPublisherFound(
  name: string,
  { responded, ofFuture }: ReadIndex,
  nowMs: number,
): string {
  const now = new Date(nowMs).toISOString();
  const found = `No publisher of ${name} was found in ${responded} answers of DHT nodes`;
  const mend = "set the clock (`libreseed doctor` checks it)";
  if (ofFuture > 0) {
    const entries = ofFuture === 1 ? "1 entry was" : `${ofFuture} entries were`;
    return `${found}: ${entries} left out as dated in the future. By this machine's clock it is ${now}; ` +
      `if that is wrong, ${mend}; else the publisher's clock was ahead`;
  }
  return `${found}. Names are looked up by the date: by this machine's clock it is ${
    now.slice(0, 10)
  }; if that is wrong, ${mend}`;
}
