/**
 * Reads which publishers a name has: in the name's index and at the name's rendezvous, side by side. A vandal
 * can lock the index, or overwrite it, but cannot keep the publisher or a mirror from being met at the
 * rendezvous; the index works without a connection to a peer. `name_index.ts` reads an index alone.
 *
 * @module
 */

import type { Clock } from "../base/mod.ts";
import { Asking, type RendezvousCaller, retryLookup } from "../fetching/mod.ts";
import { NAME_INDEX_SLOTS, type NameIndexEntry, newestEntries } from "../records/mod.ts";
import type { NamesContext } from "./context.ts";
import { NamesError } from "./errors.ts";
import { type IndexReader, indexReader, type ReadIndex, readNameIndex } from "./name_index.ts";
import { entriesMet, without } from "./rendezvous_entries.ts";

/** The publishers of a name, by its index and its rendezvous. */
export interface ReadName extends ReadIndex {
  /** The question to the rendezvous, which has ended or was given up. */
  asking: Asking;
}

/** Options of {@linkcode readName}. */
export interface ReadNameOptions {
  clock: Clock;
  signal?: AbortSignal;
  /** Slots of the index to read; see {@linkcode readNameIndex}. */
  slots?: readonly number[];
  /**
   * Whether the entries of an index that nobody has spoilt suffice, so that the rendezvous is not waited for
   * longer than a moment. Default: any entry does.
   */
  suffices?: (entries: readonly NameIndexEntry[]) => boolean;
  /** The question of an earlier try, which is not repeated if it has found peers. */
  before?: Asking;
}

/**
 * Reads the index of a name, and asks at its rendezvous. The entries of both count alike, and of each
 * publisher the newest.
 *
 * The question to the rendezvous is waited for until its time limit, unless the index suffices. A vandal who
 * can put entries that readers believe into an index is chosen by their claims, whatever the rendezvous has,
 * so waiting would not help.
 */
export async function readName(
  reader: IndexReader,
  caller: RendezvousCaller,
  name: string,
  { clock, signal, slots, suffices = (entries) => entries.length > 0, before }: ReadNameOptions,
): Promise<ReadName> {
  const isAsked = before?.asked !== undefined && before.asked.found > 0;
  const asking = isAsked ? before : new Asking(caller, { name }, { clock, signal });
  let index: ReadIndex;
  try {
    index = await readNameIndex(reader, name, clock, signal, slots);
  } catch (error) {
    asking.stop();
    throw error;
  }
  const isEnough = index.spoilt === 0 && suffices(index.entries);
  const answers = await (isEnough ? asking.moment() : asking.end());
  const met = entriesMet(name, answers, clock.now(), reader.trust);
  const entries = newestEntries([...index.entries, ...met.entries]);
  return {
    ...index,
    asking,
    entries,
    byRevokedKey: without(newestEntries([...index.byRevokedKey, ...met.byRevokedKey]), entries),
    dropped: [...index.dropped, ...met.dropped],
    ofFuture: index.ofFuture + met.ofFuture,
  };
}

/**
 * Reads the publishers of a name for a command, and retries while there are none. Invalid entries are dropped
 * and reported. An index that has only invalid entries is not retried, since the entries would stay invalid.
 *
 * @param suffices see {@linkcode ReadNameOptions.suffices}
 * @throws {NamesError} `DHT_UNREACHABLE` (kind `network`)
 */
export async function readIndex(
  { operations, finding, offers, onDetail }: NamesContext,
  name: string,
  suffices?: ReadNameOptions["suffices"],
): Promise<ReadName> {
  const { clock, signal } = finding;
  const reader = indexReader(operations, offers.trust);
  let before: Asking | undefined;
  const { outcome: read } = await retryLookup(
    async () => {
      const read = await readName(reader, operations, name, { clock, signal, suffices, before });
      before = read.asking;
      return read;
    },
    ({ entries, dropped }) => entries.length + dropped.length > 0,
    finding,
  );
  for (const dropped of read.dropped) onDetail?.(`left out of the index of ${name}: ${dropped}`);
  const { lookups, asked, responded, asking } = read;
  onDetail?.(`index of ${name}: ${lookups} lookups, ${responded} of ${asked} nodes answered`);
  onDetail?.(`rendezvous of ${name}: ${describePeers(asking)}`);
  if (responded > 0 || read.entries.length > 0) return read;
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
 * Formats the message for a name without publishers. The message contains today's date, because a clock
 * that is days off makes this machine read the index of another day.
 *
 * @param nowMs Unix time in milliseconds
 */
export function noPublisherFound(
  name: string,
  { responded, ofFuture, spoilt, asking }: ReadName,
  nowMs: number,
): string {
  const now = new Date(nowMs).toISOString();
  const found =
    `No publisher of ${name} was found in ${responded} answers of DHT nodes, nor at its rendezvous ` +
    `(${describePeers(asking)})`;
  const mend = "set the clock (`libreseed doctor` checks it)";
  if (ofFuture > 0) {
    const entries = ofFuture === 1 ? "1 entry was" : `${ofFuture} entries were`;
    return `${found}: ${entries} left out as dated in the future. By this machine's clock it is ${now}; ` +
      `if that is wrong, ${mend}; else the publisher's clock was ahead`;
  }
  if (spoilt > 0) {
    return `${found}. ${spoilt} of the ${NAME_INDEX_SLOTS} slots of its index are locked, overwritten or ` +
      "full, so a publisher may be found at the rendezvous only, while its daemon or a mirror runs";
  }
  return `${found}. Names are looked up by the date: by this machine's clock it is ${
    now.slice(0, 10)
  }; if that is wrong, ${mend}`;
}

function describePeers({ asked, answers }: Asking): string {
  const answered = new Set(answers.map(({ from }) => from)).size;
  const peers = (count: number) => count === 1 ? "1 peer" : `${count} peers`;
  return asked
    ? `${peers(asked.found)} found, ${answered} answered`
    : `${peers(answered)} answered before the search was ended`;
}
